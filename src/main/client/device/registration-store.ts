// The registration on disk and in the secret store: what is read at start, written at registration, removed at its end.
// Files are only ever erased when they are certainly of no use to anyone.
import { AppError } from '../../../shared/errors.ts';
import type { InputOf } from '../../../shared/ipc/contract.ts';
import type { SecretStoreKind } from '../../../shared/model/device.ts';
import type { ProvedOrganisation } from '../organisation/first-trust.ts';
import type { Log, SecretStores } from '../ports.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { type RegistrationFile, registrationFile } from '../settings/files.ts';
import { jsonFile, readIfThere, setAside } from '../settings/json-file.ts';
import type { Layout } from '../settings/layout.ts';
import type { Settings } from '../settings/settings.ts';
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
  | { status: 'forgotten'; because: AppError; organisation: string }
  | { status: 'unusable'; because: AppError }
  | { status: 'stored'; stored: StoredRegistration };

export function createRegistrationStore(
  places: Layout,
  settings: Settings,
  secrets: SecretStores,
  log: Log,
) {
  const registrationOf = (organisation: string) =>
    jsonFile(places.organisation(organisation).registration, registrationFile, log);

  /** Does away with everything of a registration that cannot be used any more. */
  async function forget(registration: RegistrationFile): Promise<void> {
    await settings.setActive(null);
    await removeFile(places.organisation(registration.organisation.id).folder);
    await secrets[registration.secrets].delete(registration.secretName).catch((error: unknown) => {
      log.warn('the key of a removed registration stays in the secret store', { error });
    });
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
      return { status: 'forgotten', because, organisation: organisation.id };
    }
    if (!vaultKey) {
      const because = new AppError(
        'device/not-registered',
        `The ${registration.secrets === 'file' ? 'file of secrets' : 'keychain'} no longer holds the key of the registration with ${organisation.name}.`,
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
    async load(): Promise<Loaded> {
      try {
        const active = (await settings.read())?.activeOrganisation;
        const registration = active ? await registrationOf(active).read() : null;
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

    /** Settings last: until they name the organisation, nothing is registered. */
    async save(stored: StoredRegistration): Promise<void> {
      const { id } = stored.registration.organisation;
      const files = places.organisation(id);
      for (const file of [files.registration, files.vault]) {
        // An earlier registration, e.g. under a keychain that is locked now.
        if (await readIfThere(file)) await setAside(file, log, 'replaced');
      }
      await writeAtomically(files.vault, seal(stored.vaultKey, id, stored.content));
      await registrationOf(id).write(stored.registration);
      await settings.setActive(id);
    },

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
  { name, ownership, secrets }: InputOf<'device.register'>,
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
