// Registers this device with an organisation, by invite. Uses nothing of any other organisation, and changes nothing of it.
import { AppError } from '../../../shared/errors.ts';
import type { InputOf, InviteFacts } from '../../../shared/ipc/contract.ts';
import { type Invite, parseInvite } from '../../../shared/protocol/invite.ts';
import { organisationIdOfFingerprint } from '../organisation/certificates.ts';
import { createConnection, type Network } from '../organisation/connection.ts';
import { type ProvedOrganisation, proveOrganisation } from '../organisation/first-trust.ts';
import { type DeviceCertificate, requestDeviceCertificate } from './enrolment.ts';
import {
  newRegistration,
  type RegistrationStore,
  type StoredRegistration,
} from './registration-store.ts';

export interface RegistrarOptions {
  network: Network;
  store: RegistrationStore;
  version: string;
}

export function createRegistrar({ network, store, version }: RegistrarOptions) {
  /**
   * The invite names the root, which is the organisation: nobody has to be asked, and no link replaces a pin. A
   * registration that cannot be used, its key being lost, may be made anew.
   */
  async function refuseKnown({ rootFingerprint }: Invite): Promise<void> {
    const loaded = await store.load(organisationIdOfFingerprint(rootFingerprint));
    if (loaded.status !== 'stored') return;
    const { name } = loaded.stored.registration.organisation;
    throw new AppError(
      'device/already-registered',
      `This device is registered with ${name} already.`,
    );
  }

  async function enrolWith(
    organisation: ProvedOrganisation,
    code: string,
    { name, ownership }: InputOf<'device.register'>,
  ): Promise<DeviceCertificate> {
    const connection = createConnection({ root: organisation.root }, network);
    try {
      const facts = { name, ownership };
      const now = network.clock.now();
      return await requestDeviceCertificate(connection, organisation, code, facts, now);
    } finally {
      await connection.destroy();
    }
  }

  return {
    async inspect({ invite: link }: InputOf<'device.inspectInvite'>): Promise<InviteFacts> {
      const invite = parseInvite(link);
      await refuseKnown(invite);
      const { host, rootFingerprint, document } = await proveOrganisation(invite, version, network);
      return { organisationName: document.name, host, rootFingerprint };
    },

    /** Registered and saved, and not yet in use. */
    async register(input: InputOf<'device.register'>): Promise<StoredRegistration> {
      const invite = parseInvite(input.invite);
      await refuseKnown(invite);
      const organisation = await proveOrganisation(invite, version, network);
      const { secretName, vaultKey } = await store.newKey(input.secrets, input.passphrase);
      try {
        const certificate = await enrolWith(organisation, invite.code, input);
        const stored = newRegistration(organisation, certificate, input, secretName, vaultKey);
        await store.save(stored);
        return stored;
      } catch (error) {
        await store.dropKey(input.secrets, secretName).catch(() => {}); // the first error is the one to tell
        throw error;
      }
    },
  };
}
