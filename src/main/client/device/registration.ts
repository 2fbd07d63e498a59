// Runs the device's states in one organisation: taken up, renewed, revoked, left.
import { X509Certificate } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import { createConnection, type Network } from '../organisation/connection.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import { renewDeviceCertificate } from './enrolment.ts';
import type { Membership } from './membership.ts';
import { createMinimumVersion } from './minimum-version.ts';
import {
  type RegistrationStore,
  type StoredRegistration,
  withCertificate,
} from './registration-store.ts';
import { type CertificateLife, followRenewal, type Renewal } from './renewal.ts';
import type { StoredSession, VaultContent } from './vault.ts';

const LEAVE_WITHIN_MS = 5_000;

export interface DeviceOptions {
  ports: Pick<ClientPorts, 'log' | 'notifier'>;
  network: Network;
  store: RegistrationStore;
  state: State;
  /** Of this app. */
  version: string;
  /** Why not, where nothing else is wrong. */
  notRegistered: () => AppError;
}

export type DeviceRunner = ReturnType<typeof createDevice>;

export function createDevice(options: DeviceOptions) {
  const { ports, network, store, state, version } = options;
  const { log } = ports;
  const { clock } = network;
  let stored: StoredRegistration | null = null;
  let membership: Membership | null = null;
  let renewal: Renewal | null = null;
  let writes: Promise<void> = Promise.resolve();

  const minimum = createMinimumVersion({
    ports: { ...ports, clock },
    state,
    version,
    membership: () => membership,
    keep: keepNews,
  });

  function adopt(next: StoredRegistration): void {
    stored = next;
    const { registration, content } = next;
    void membership?.connection.retire();
    membership = {
      organisation: registration.organisation,
      document: registration.document,
      root: registration.root,
      deviceId: registration.device.id,
      connection: createConnection({ root: registration.root, identity: content.device }, network),
    };
    const { organisation, device, secrets } = registration;
    renewal?.stop();
    renewal = renewalOf(next);
    state.device({ type: 'registered', organisation, device, secrets });
    minimum.judge();
    minimum.follow();
  }

  async function drop(): Promise<void> {
    renewal?.stop();
    renewal = null;
    const connection = membership?.connection;
    stored = null;
    membership = null;
    await connection?.destroy();
  }

  /** One write after the other, each with what is true when its turn comes. */
  function save(change: (current: StoredRegistration) => StoredRegistration): Promise<void> {
    const done = writes.then(async () => {
      if (!stored) return;
      const changed = change(stored);
      await store.update(changed);
      stored = changed;
    });
    writes = done.catch(() => {}); // told to this caller; the next write is not to blame
    return done;
  }

  /** Of the document, what an organisation may change under a device: it tells it anew to this very device. */
  async function keepNews({ minimum_app_version, ssh }: OrganisationDocument): Promise<void> {
    if (!membership) return;
    const { minimum_app_version: needed, ssh: known, ...others } = membership.document;
    if (needed === minimum_app_version && known?.ca === ssh?.ca) return;
    const document = {
      ...others,
      ...(minimum_app_version !== undefined && { minimum_app_version }),
      ...(ssh && { ssh }),
    };
    membership = { ...membership, document };
    await save((current) => ({
      ...current,
      registration: { ...current.registration, document },
    }));
  }

  const renewalOf = ({ registration, content }: StoredRegistration): Renewal =>
    followRenewal({
      ports: { ...ports, clock },
      state,
      organisation: registration.organisation.name,
      life: lifeOf(content.device),
      async renew() {
        if (!membership) return;
        const renewed = await renewDeviceCertificate(membership, clock.now());
        // It may have left this organisation meanwhile.
        if (stored?.registration.device.id !== renewed.deviceId) return;
        await save((current) => withCertificate(current, renewed));
        if (stored) adopt(stored);
        log.info('the certificate of this device was renewed', { expiresAt: renewed.expiresAt });
      },
    });

  return {
    adopt,

    membership: (): Membership | null => membership,

    requireMembership(): Membership {
      if (membership && state.slices.device.status === 'registered') {
        const { renewalFailed } = state.slices.device;
        // The organisation has said so; every request of this device would only hear it again.
        if (renewalFailed?.code !== 'device/certificate-expired') return membership;
        throw new AppError(renewalFailed.code, renewalFailed.message);
      }
      if (state.slices.device.status === 'revoked') {
        throw new AppError(state.slices.device.because.code, state.slices.device.because.message);
      }
      const why = state.slices.device.status === 'unregistered' && state.slices.device.because;
      throw why ? new AppError(why.code, why.message) : options.notRegistered();
    },

    session: (): StoredSession | null => stored?.content.session ?? null,

    saveSession(session: StoredSession | null): Promise<void> {
      const change = (current: StoredRegistration): StoredRegistration => ({
        ...current,
        content: { ...current.content, session },
      });
      // An ended session is forgotten whatever the disk says; the next write that succeeds leaves it out there too.
      if (session === null && stored) stored = change(stored);
      return save(change);
    },

    revoked(error: AppError): void {
      state.device({ type: 'revoked', error: error.toWire() });
      renewal?.stop();
    },

    /** Which version of the app the organisation needs; asked by itself too, now and then. */
    checkVersion: (): Promise<void> => minimum.check(),

    requireNewEnough: (): Promise<void> => minimum.require(),

    /** The computer was asleep, or its clock has jumped. */
    checkRenewal(): void {
      if (state.slices.device.status === 'registered') renewal?.check();
    },

    /** There is something to unregister; a revoked device counts too. */
    requireStored: (): StoredRegistration => stored ?? refuseUnregistered(),

    /** Tells the organisation, as far as it can be told. */
    async leave(): Promise<void> {
      if (!membership) return refuseUnregistered();
      const { connection, document } = membership;
      try {
        const signal = AbortSignal.timeout(LEAVE_WITHIN_MS);
        await connection.ask({
          method: 'DELETE',
          url: `${document.command_center}/device`,
          signal,
        });
      } catch (error) {
        log.warn('the organisation was not told that this device leaves', { error });
      }
    },

    /** Resolves with what it was last. Nothing of it is written afterwards: its folder may be removed. */
    async stop(): Promise<StoredRegistration | null> {
      minimum.stop();
      await writes;
      const last = stored;
      await drop();
      await writes;
      return last;
    },
  };
}

/** Issued: an edge dates certificates back, so their own words make a young one look old. */
function lifeOf({ certificate, issuedAt }: VaultContent['device']): CertificateLife {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return { issuedAt: issuedAt ?? Date.parse(validFrom), expiresAt: Date.parse(validTo) };
}

function refuseUnregistered(): never {
  throw new AppError('device/not-registered', 'This device is not registered.');
}
