// Registers this device with an organisation, by invite or by signing in. Uses nothing of any other organisation, and changes
// nothing of it.
import { AppError } from '../../../shared/errors.ts';
import type { AddressFacts, InputOf, InviteFacts } from '../../../shared/ipc/contract.ts';
import type { Deployment } from '../../../shared/model/device.ts';
import { fingerprintEnd } from '../../../shared/model/fingerprint.ts';
import { parseInvite } from '../../../shared/protocol/invite.ts';
import { systemRoots } from '../adapters/system-roots.ts';
import { type BrowserOptions, throughBrowser } from '../identity/through-browser.ts';
import { parseAddress, shortAddress } from '../organisation/address.ts';
import { organisationIdOfFingerprint } from '../organisation/certificates.ts';
import { createConnection, type Network } from '../organisation/connection.ts';
import { type FirstLook, lookAt } from '../organisation/first-look.ts';
import { type ProvedOrganisation, proveOrganisation } from '../organisation/first-trust.ts';
import type { ClientPorts } from '../ports.ts';
import { type Permit, requestDeviceCertificate } from './enrolment.ts';
import {
  newRegistration,
  type RegistrationStore,
  type StoredRegistration,
} from './registration-store.ts';

export interface RegistrarOptions {
  ports: Pick<ClientPorts, 'browser' | 'clock' | 'log' | 'publicRoots'>;
  network: Network;
  store: RegistrationStore;
  version: string;
}

/** What signing in needs besides what the person has said. */
export interface SignInSteps extends Pick<BrowserOptions, 'onLinger' | 'stopped' | 'signal'> {
  onPage: (page: { organisation: string; url: string }) => void;
  /** Throws where it is not allowed by now: the person may have taken minutes. */
  refuse: () => Promise<void>;
}

/** By a person, or as a managed deployment file says. */
export type ByInvite = InputOf<'device.register'> & { deployment?: Deployment | undefined };
type About = Pick<ByInvite, 'name' | 'ownership' | 'deployment' | 'secrets' | 'passphrase'>;

export function createRegistrar({ ports, network, store, version }: RegistrarOptions) {
  /**
   * The fingerprint is the organisation: no link and no address replaces a pin. A registration that cannot be used, its key
   * being lost, may be made anew.
   */
  async function refuseKnown(rootFingerprint: string): Promise<void> {
    const loaded = await store.load(organisationIdOfFingerprint(rootFingerprint));
    if (loaded.status !== 'stored') return;
    throw registeredAlready(loaded.stored);
  }

  /** Without an invite that names another root, whoever answers there now is not asked who it is. */
  async function refuseKnownAddress(host: string): Promise<void> {
    const known = (await store.list()).filter(({ organisation }) => organisation.host === host);
    for (const { organisation } of known) await refuseKnown(organisation.rootFingerprint);
  }

  async function look(text: string, fingerprint: string | undefined): Promise<FirstLook> {
    const address = parseAddress(text);
    const host = shortAddress(address);
    await refuseKnownAddress(host);
    const publicRoots = ports.publicRoots ?? systemRoots;
    const found = await lookAt(address, { network, version, publicRoots });
    const { rootFingerprint } = found.organisation;
    await refuseKnown(rootFingerprint);
    if (fingerprint !== undefined && fingerprint !== rootFingerprint) {
      throw new AppError(
        'device/fingerprint-mismatch',
        `${host} has another fingerprint than the one that was given.`,
        { details: { host } },
      );
    }
    return found;
  }

  async function signInAt(
    { root, document }: ProvedOrganisation,
    options: BrowserOptions,
  ): Promise<string> {
    const connection = createConnection({ root }, network);
    try {
      const { beginRegistration } = await import('../identity/oidc.ts');
      const clientId = document.registration?.client_id ?? '';
      return await throughBrowser(options, (redirectUri, state) =>
        beginRegistration({ document, connection }, clientId, redirectUri, state),
      );
    } finally {
      await connection.destroy();
    }
  }

  /** Registered and saved, and not yet in use. */
  async function keep(
    organisation: ProvedOrganisation,
    about: About,
    permit: Permit,
  ): Promise<StoredRegistration> {
    const { secretName, vaultKey } = await store.newKey(about.secrets, about.passphrase);
    const connection = createConnection({ root: organisation.root }, network);
    try {
      const { name, ownership, deployment } = about;
      const certificate = await requestDeviceCertificate(
        connection,
        organisation,
        permit,
        { name, ownership, deployment },
        network.clock.now(),
      );
      const stored = newRegistration(organisation, certificate, about, secretName, vaultKey);
      await store.save(stored);
      return stored;
    } catch (error) {
      await store.dropKey(about.secrets, secretName).catch(() => {}); // the first error is the one to tell
      throw error;
    } finally {
      await connection.destroy();
    }
  }

  return {
    async inspect({ invite: link }: InputOf<'device.inspectInvite'>): Promise<InviteFacts> {
      const invite = parseInvite(link);
      await refuseKnown(invite.rootFingerprint);
      const { host, rootFingerprint, document } = await proveOrganisation(invite, version, network);
      return { organisationName: document.name, host, rootFingerprint };
    },

    async inspectAddress({
      address,
      fingerprint,
    }: InputOf<'device.inspectAddress'>): Promise<AddressFacts> {
      const { organisation, isVouchedFor } = await look(address, fingerprint);
      const { host, rootFingerprint, document } = organisation;
      const facts = { organisationName: document.name, host };
      return isVouchedFor || fingerprint !== undefined
        ? { ...facts, rootFingerprint }
        : { ...facts, fingerprintEnd: fingerprintEnd(rootFingerprint) };
    },

    async register(input: ByInvite): Promise<StoredRegistration> {
      const invite = parseInvite(input.invite);
      await refuseKnown(invite.rootFingerprint);
      const organisation = await proveOrganisation(invite, version, network);
      return keep(organisation, input, { code: invite.code });
    },

    async registerBySignIn(
      input: InputOf<'device.registerBySignIn'>,
      { onPage, onLinger, stopped, refuse, signal }: SignInSteps,
    ): Promise<StoredRegistration> {
      // Asked once more: what registers is what was confirmed, whatever answers by now.
      const { organisation } = await look(input.address, input.fingerprint);
      signal.throwIfAborted();
      // A store that refuses costs no sign-in; and a kill while the person takes her time leaves nothing in it.
      const { secretName } = await store.newKey(input.secrets, input.passphrase);
      await store.dropKey(input.secrets, secretName);
      const token = await signInAt(organisation, {
        ports,
        opensBrowser: input.openBrowser,
        onPage: (url) => onPage({ organisation: organisation.document.name, url }),
        onLinger,
        stopped,
        signal,
      });
      await refuse();
      signal.throwIfAborted();
      return keep(organisation, input, { token });
    },
  };
}

export const registeredAlready = ({ registration }: StoredRegistration): AppError =>
  new AppError(
    'device/already-registered',
    `This device is registered with ${registration.organisation.name} already.`,
  );
