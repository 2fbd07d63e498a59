// The registrations on disk and in the secret store, one of each organisation: listed, read when an organisation becomes the
// active one, written at registration, removed at its end. Which one is active is not decided here.
// Files are only ever erased when they are certainly of no use to anyone.
import { readdir } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';
import type { InputOf } from '../../../shared/ipc/contract.ts';
import type { SecretStoreKind } from '../../../shared/model/device.ts';
import type { ProvedOrganisation } from '../organisation/first-trust.ts';
import type { Log, SecretStores } from '../ports.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { organisationId, type RegistrationFile, registrationFile } from '../settings/files.ts';
import { jsonFile, readIfThere, setAside, setAsideSince } from '../settings/json-file.ts';
import type { Layout } from '../settings/layout.ts';
import type { DeviceCertificate } from './enrolment.ts';
import { newVaultKey, seal, unseal, type VaultContent } from './vault.ts';

export interface StoredRegistration {
  registration: RegistrationFile;
  content: VaultContent;
  vaultKey: Buffer;
}

/** `unusable`: something is stored, but not to be had now; it is kept. */
export type Loaded =
  | { status: 'none' }
  | { status: 'forgotten'; because: AppError }
  | { status: 'unusable'; because: AppError }
  | { status: 'stored'; stored: StoredRegistration };

export type RegistrationStore = ReturnType<typeof createRegistrationStore>;

export function createRegistrationStore(places: Layout, secrets: SecretStores, log: Log) {
  const registrationOf = (organisation: string) =>
    jsonFile(places.organisation(organisation).registration, registrationFile, log);

  /** The key first: whatever a crash leaves of the rest, nobody can read. */
  async function forget(registration: RegistrationFile): Promise<void> {
    await secrets[registration.secrets].delete(registration.secretName).catch((error: unknown) => {
      log.warn('the key of a removed registration stays in the secret store', { error });
    });
    await removeFile(places.organisation(registration.organisation.id).folder);
  }

  async function unlock(registration: RegistrationFile): Promise<Loaded> {
    const { organisation, secretName } = registration;
    const vaultKey = await secrets[registration.secrets].get(secretName);
    if (!vaultKey && registration.secrets === 'memory') {
      await forget(registration);
      const because = new AppError(
        'device/not-registered',
        `The registration with ${organisation.name} was kept in memory only and ended when Banyan stopped.`,
      );
      return { status: 'forgotten', because };
    }
    if (!vaultKey) {
      const because = new AppError(
        'device/secret-lost',
        `The ${registration.secrets === 'file' ? 'file of secrets' : 'keychain'} has no key of the registration with ${organisation.name}: it is locked, or the entry is lost.`,
      );
      return { status: 'unusable', because };
    }
    const { vault } = places.organisation(organisation.id);
    const file = await readIfThere(vault);
    if (!file) {
      const because = new AppError('client/storage-corrupt', `${vault} is missing.`);
      return { status: 'unusable', because };
    }
    try {
      const content = unseal(vaultKey, organisation.id, file);
      return { status: 'stored', stored: { registration, content, vaultKey } };
    } catch (error) {
      log.error('the vault cannot be opened', { error });
      return { status: 'unusable', because: await setAside(vault, log) };
    }
  }

  return {
    /** By name. What cannot be read is set aside and told in the log, where the others are still to be had. */
    async list(): Promise<RegistrationFile[]> {
      const names = await readdir(places.organisations).catch(() => []); // no registration yet
      const ids = names.filter((name) => organisationId.safeParse(name).success);
      const read = async (id: string): Promise<RegistrationFile[]> => {
        try {
          const registration = await registrationOf(id).read();
          return registration?.organisation.id === id ? [registration] : [];
        } catch (error) {
          log.error('a registration cannot be read', { id, error });
          return [];
        }
      };
      const found = (await Promise.all(ids.map(read))).flat();
      const byName = (one: RegistrationFile, other: RegistrationFile): number =>
        one.organisation.name.localeCompare(other.organisation.name);
      return found.toSorted(byName);
    },

    async load(organisation: string): Promise<Loaded> {
      try {
        const registration = await registrationOf(organisation).read();
        return registration ? await unlock(registration) : { status: 'none' };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { status: 'unusable', because: error };
      }
    },

    /** A key in the secret store, before an invite is used up: a store that refuses costs nothing. */
    async newKey(
      kind: SecretStoreKind,
      passphrase: string | undefined,
    ): Promise<{ secretName: string; vaultKey: Buffer }> {
      if (kind === 'file' && passphrase !== undefined) await secrets.file.unlock(passphrase);
      const vaultKey = newVaultKey();
      const secretName = `device-${newVaultKey().toString('hex').slice(0, 16)}`;
      await secrets[kind].set(secretName, vaultKey);
      return { secretName, vaultKey };
    },

    async dropKey(kind: SecretStoreKind, secretName: string): Promise<void> {
      await secrets[kind].delete(secretName);
    },

    /** The list of organisations shows it from now on, whether or not it becomes the active one. */
    async save(stored: StoredRegistration): Promise<void> {
      const { id } = stored.registration.organisation;
      const files = places.organisation(id);
      for (const file of [files.registration, files.vault]) {
        // An earlier registration, e.g. under a keychain that is locked now.
        if (await readIfThere(file)) await setAside(file, log, 'replaced');
      }
      await writeAtomically(files.vault, seal(stored.vaultKey, id, stored.content));
      await registrationOf(id).write(stored.registration);
    },

    /** How often a registration with it that had lost its key was replaced since then. */
    replacedSince: (organisation: string, since: number): Promise<number> =>
      setAsideSince(places.organisation(organisation).vault, 'replaced', since),

    async update({ registration, content, vaultKey }: StoredRegistration): Promise<void> {
      const { id } = registration.organisation;
      await writeAtomically(places.organisation(id).vault, seal(vaultKey, id, content));
      await registrationOf(id).write(registration);
    },

    forget,
  };
}

export function newRegistration(
  { id, host, rootFingerprint, root, document }: ProvedOrganisation,
  { key, certificate, deviceId, issuedAt, expiresAt }: DeviceCertificate,
  { name, ownership, secrets }: Pick<InputOf<'device.register'>, 'name' | 'ownership' | 'secrets'>,
  secretName: string,
  vaultKey: Buffer,
): StoredRegistration {
  return {
    registration: {
      version: 1,
      organisation: { id, name: document.name, host, rootFingerprint },
      device: { id: deviceId, name, ownership, certificateExpiresAt: expiresAt },
      secrets,
      secretName,
      document,
      root,
    },
    content: { version: 1, device: { key, certificate, issuedAt }, session: null },
    vaultKey,
  };
}

export const withCertificate = (
  { registration, content, vaultKey }: StoredRegistration,
  { key, certificate, issuedAt, expiresAt }: DeviceCertificate,
): StoredRegistration => ({
  registration: {
    ...registration,
    device: { ...registration.device, certificateExpiresAt: expiresAt },
  },
  content: { ...content, device: { key, certificate, issuedAt } },
  vaultKey,
});
