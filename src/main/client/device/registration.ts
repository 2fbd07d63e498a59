// Runs the device's states: restore at start, register, renew, revoke, unregister.
import { X509Certificate } from 'node:crypto';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { exhaustive } from '../../../shared/exhaustive.ts';
import type { InputOf, InviteFacts } from '../../../shared/ipc/contract.ts';
import { canRegister, type Device } from '../../../shared/model/device.ts';
import { parseInvite } from '../../../shared/protocol/invite.ts';
import type { ChooseProxy } from '../adapters/upstream-proxy.ts';
import { createConnection } from '../organisation/connection.ts';
import { type ProvedOrganisation, proveOrganisation } from '../organisation/first-trust.ts';
import type { ClientPorts } from '../ports.ts';
import type { Layout } from '../settings/layout.ts';
import type { Settings } from '../settings/settings.ts';
import type { State } from '../state.ts';
import {
  type DeviceCertificate,
  renewDeviceCertificate,
  requestDeviceCertificate,
} from './enrolment.ts';
import type { Membership } from './membership.ts';
import {
  createRegistrationStore,
  newRegistration,
  type StoredRegistration,
  withCertificate,
} from './registration-store.ts';
import { type CertificateLife, followRenewal, type Renewal } from './renewal.ts';
import type { StoredSession, VaultContent } from './vault.ts';

const LEAVE_WITHIN_MS = 5_000;

export interface DeviceOptions {
  ports: Pick<ClientPorts, 'secrets' | 'clock' | 'log' | 'notifier'>;
  places: Layout;
  settings: Settings;
  state: State;
  version: string;
  chooseProxy: ChooseProxy;
  /** A registration that lived in memory is over: whatever else it left behind goes too. */
  onForgotten: () => Promise<void>;
  /** The device belongs to this organisation now, or (null) to none. */
  onMembership: (organisation: string | null) => Promise<void>;
}

export type DeviceRunner = ReturnType<typeof createDevice>;

export function createDevice(options: DeviceOptions) {
  const { ports, places, settings, state, version, onForgotten, onMembership } = options;
  const { clock, log } = ports;
  const network = { clock, chooseProxy: options.chooseProxy };
  const store = createRegistrationStore(places, settings, ports.secrets, log);
  let stored: StoredRegistration | null = null;
  let membership: Membership | null = null;
  /** Something is on disk that a keychain, once unlocked, gives back. */
  let mayComeBack = false;
  let renewal: Renewal | null = null;
  let writes: Promise<void> = Promise.resolve();

  async function adopt(next: StoredRegistration): Promise<Device> {
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
    const registered = state.device({ type: 'registered', organisation, device, secrets });
    await onMembership(organisation.id);
    return registered;
  }

  async function drop(): Promise<void> {
    renewal?.stop();
    renewal = null;
    const connection = membership?.connection;
    stored = null;
    membership = null;
    await connection?.destroy();
    await onMembership(null);
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

  async function restore(): Promise<void> {
    const loaded = await store.load();
    mayComeBack = loaded.status === 'unusable';
    switch (loaded.status) {
      case 'none':
        return;
      case 'stored':
        await adopt(loaded.stored);
        return;
      case 'forgotten':
        await onForgotten();
        break;
      case 'unusable':
        break;
      default:
        exhaustive(loaded);
    }
    log.warn('the stored registration is not usable', { error: loaded.because });
    state.device({ type: 'unregistered', because: toWireError(loaded.because) });
  }

  /** A keychain that was locked at the start may be open now. */
  const restoreIfItMayComeBack = async (): Promise<boolean> => {
    if (!mayComeBack || !canRegister(state.slices.device)) return false;
    await restore();
    return membership !== null;
  };

  const renewalOf = ({ registration, content }: StoredRegistration): Renewal =>
    followRenewal({
      ports,
      state,
      organisation: registration.organisation.name,
      life: lifeOf(content.device),
      async renew() {
        if (!membership) return;
        const renewed = await renewDeviceCertificate(membership, clock.now());
        // It may have left this organisation meanwhile.
        if (stored?.registration.device.id !== renewed.deviceId) return;
        await save((current) => withCertificate(current, renewed));
        if (stored) await adopt(stored);
        log.info('the certificate of this device was renewed', { expiresAt: renewed.expiresAt });
      },
    });

  async function register(input: InputOf<'device.register'>): Promise<Device> {
    await restoreIfItMayComeBack();
    if (!canRegister(state.slices.device)) throw alreadyRegistered(state.slices.device);
    const invite = parseInvite(input.invite);
    const { host } = invite.organisation;
    state.device({ type: 'registration-started', organisation: host, at: clock.now() });
    try {
      const organisation = await proveOrganisation(invite, version, network);
      const { secretName, vaultKey } = await store.newKey(input.secrets, input.passphrase);
      try {
        const certificate = await enrolWith(organisation, invite.code, input);
        const next = newRegistration(organisation, certificate, input, secretName, vaultKey);
        await store.save(next);
        mayComeBack = false;
        return await adopt(next);
      } catch (error) {
        await store.dropKey(input.secrets, secretName).catch(() => {}); // the first error is the one to tell
        throw error;
      }
    } catch (error) {
      state.device({ type: 'registration-failed', error: toWireError(error) });
      throw error;
    }
  }

  async function enrolWith(
    organisation: ProvedOrganisation,
    code: string,
    { name, ownership }: InputOf<'device.register'>,
  ): Promise<DeviceCertificate> {
    const connection = createConnection({ root: organisation.root }, network);
    try {
      const facts = { name, ownership };
      return await requestDeviceCertificate(connection, organisation, code, facts, clock.now());
    } finally {
      await connection.destroy();
    }
  }

  return {
    restore,
    restoreIfItMayComeBack,
    register,

    /** Throws `device/passphrase-wrong`, and then nothing has changed. */
    async unlock(passphrase: string): Promise<boolean> {
      await ports.secrets.file.unlock(passphrase);
      return restoreIfItMayComeBack();
    },

    async inspectInvite({ invite: link }: InputOf<'device.inspectInvite'>): Promise<InviteFacts> {
      const invite = parseInvite(link);
      const { host, rootFingerprint, document } = await proveOrganisation(invite, version, network);
      return { organisationName: document.name, host, rootFingerprint };
    },

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
      throw why
        ? new AppError(why.code, why.message)
        : new AppError('device/not-registered', 'This device is not registered.');
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

    /** The computer was asleep, or its clock has jumped. */
    checkRenewal(): void {
      if (state.slices.device.status === 'registered') renewal?.check();
    },

    /** There is something to unregister; a revoked device counts too. */
    requireStored: (): StoredRegistration => stored ?? refuseUnregistered(),

    async unregister(): Promise<void> {
      if (!stored || !membership) return refuseUnregistered();
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
      await writes;
      await store.forget(stored.registration);
      await drop();
      state.device({ type: 'unregistered' });
    },

    async stop(): Promise<void> {
      await writes;
      await drop();
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

const alreadyRegistered = (device: Device): AppError =>
  new AppError(
    'device/already-registered',
    device.status === 'registering'
      ? 'A registration is already running.'
      : `This device is registered with ${'organisation' in device && typeof device.organisation === 'object' ? device.organisation.name : 'an organisation'}.`,
  );
