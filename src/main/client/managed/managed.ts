// Follows the managed deployment file: registers this device where the file says so, tries again by itself while that can
// help, and says what a person may not change. The file is read anew each time: an administrator's tool replaces it.
import { AppError, type ErrorCode, toWireError } from '../../../shared/errors.ts';
import type { SecretStoreKind } from '../../../shared/model/device.ts';
import {
  isDue,
  isHeldByFile,
  type Managed,
  type ManagedRegistration,
  type ManagedRegistrationEvent,
  type ManagedSettings,
  nextManagedRegistration,
  notManaged,
} from '../../../shared/model/managed.ts';
import { suggestedDeviceName } from '../device/posture-facts.ts';
import type { ByInvite } from '../device/register.ts';
import type { RegistrationStore } from '../device/registration-store.ts';
import { organisationIdOfFingerprint } from '../organisation/certificates.ts';
import type { ClientPorts } from '../ports.ts';
import type { Shown } from '../shown.ts';
import { decodeManagedFile, ignored, type ManagedFile } from './managed-file.ts';

/** Doubled each time, and spread: a thousand computers that were started at once must not come back at once. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 10 * 60_000;
const JITTER_SHARE = 0.2;
const STOP_WITHIN_MS = 2_000;
/** A keychain that forgets with every start must not use up the invite of all the others. */
const MOST_LOST_A_DAY = 3;
const DAY_MS = 24 * 60 * 60_000;

/**
 * What may be over in a while. Anything else would use up the invite again each time (a full disk), or is an answer. The
 * keychain is asked before the invite is used.
 */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'organisation/unreachable',
  'organisation/invalid-answer',
  'tunnel/upstream-proxy-failed',
  'client/switching',
  'device/secret-store-locked',
  'device/secret-store-unavailable',
  'device/passphrase-needed',
  'identity/clock-skew',
]);

const registrationOf = (managed: Managed): ManagedRegistration | null =>
  managed.status === 'in-force' ? managed.registration : null;

/** Somebody was in between, a hotel's sign-in page for one. Another network may lead to the organisation itself. */
const isElsewhere = (registration: ManagedRegistration | null): boolean =>
  registration?.status === 'refused' && registration.because.code === 'device/root-mismatch';

export interface ManagedOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier' | 'managedFile'>;
  shown: Shown;
  store: RegistrationStore;
  secrets: SecretStoreKind;
  /** false: this client is gone in a moment, and leaves it to one that stays. */
  stays: boolean;
  /** Registered and, where none was active, made the active one. */
  register(input: ByInvite): Promise<unknown>;
  /** It is registered with this one, by an earlier run that was cut off, and none is active. */
  takeUp(organisation: string): Promise<void>;
  onRegistered(): void;
}

export function createManaged(options: ManagedOptions) {
  const { ports, shown, store } = options;
  const { clock, log } = ports;
  let file: ManagedFile | null = null;
  let running: Promise<void> | null = null;
  let cancelRetry = (): void => {};
  let failures = 0;
  let isStopped = false;
  const told = new Set<string>();
  /** The organisation whose key is gone from the secret store: this device is registered with it anew. */
  let lost: string | null = null;

  const current = (): Managed => shown.slices.managed;
  const settings = (): ManagedSettings => file?.settings ?? {};

  /** What the file says now. */
  async function look(): Promise<void> {
    try {
      file = await readFile();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      file = null;
      tellOnce(error);
      return show({ status: 'ignored', because: error.toWire() });
    }
    if (!file) return show(notManaged);
    tellUnknown(file);
    const organisation = file.invite?.organisation ?? null;
    const known = await store.list();
    if (organisation) await findLost(organisation.id);
    const isRegistered =
      lost !== organisation?.id &&
      known.some(({ organisation: { id } }) => id === organisation?.id);
    const before = current();
    const registration = nextManagedRegistration(
      before.status === 'in-force' ? before.registration : { status: 'not-set' },
      { type: 'found', organisation, isRegistered },
    );
    show({ status: 'in-force', settings: file.settings, registration });
  }

  /** Asked only where the start has found no key: a secret store that is asked may ask its person. A locked one says so. */
  async function findLost(id: string): Promise<void> {
    const { device } = shown.slices;
    if (device.status === 'registered' && device.organisation.id === id) lost = null;
    if (device.status !== 'unregistered' || device.because?.code !== 'device/secret-lost') return;
    const loaded = await store.load(id);
    if (loaded.status !== 'unusable' || loaded.because.code !== 'device/secret-lost') return;
    if (lost === id) return;
    if ((await store.replacedSince(id, clock.now() - DAY_MS)) >= MOST_LOST_A_DAY) {
      return log.warn('the key of this device is gone again; it is not registered anew today', {
        id,
      });
    }
    log.warn('the key of this device is gone; it is registered anew', { id });
    lost = id;
  }

  /** It is read often, and is nearly always the same: front ends are told what has changed. */
  function show(next: Managed): void {
    if (JSON.stringify(next) !== JSON.stringify(current())) shown.managed(next);
  }

  async function readFile(): Promise<ManagedFile | null> {
    const read = await ports.managedFile?.();
    if (!read || read.status === 'absent') return null;
    if (read.status === 'refused') throw ignored(read.why);
    return decodeManagedFile(read.text);
  }

  function tellOnce(error: AppError): void {
    if (told.has(error.message)) return;
    told.add(error.message);
    log.error(error.message);
    ports.notifier?.show({
      kind: 'trouble',
      title: 'The settings of your organisation were not applied',
      body: error.message,
    });
  }

  function tellUnknown({ unknown }: ManagedFile): void {
    const names = unknown.join(', ').slice(0, 500);
    if (names === '' || told.has(names)) return;
    told.add(names);
    log.warn('the managed deployment file has names that mean nothing here', { names });
  }

  function change(event: ManagedRegistrationEvent): void {
    const before = current();
    if (before.status !== 'in-force') return;
    const registration = nextManagedRegistration(before.registration, event);
    if (registration === before.registration) return;
    log.info('managed registration', { event: event.type, status: registration.status });
    shown.managed({ ...before, registration });
  }

  async function follow(secrets: SecretStoreKind): Promise<void> {
    cancelRetry();
    await look();
    const managed = current();
    const invite = file?.invite;
    if (isStopped || !invite || managed.status !== 'in-force') return;
    if (managed.registration.status === 'registered') {
      return options.takeUp(invite.organisation.id);
    }
    if (!isDue(managed.registration)) return;
    change({ type: 'started' });
    try {
      await options.register({
        invite: invite.link,
        name: suggestedDeviceName(),
        ownership: settings().ownership ?? 'Corporate Dedicated',
        deployment: settings().deployment,
        secrets,
      });
      failures = 0;
      lost = null;
      change({ type: 'registered' });
      options.onRegistered();
    } catch (error) {
      failed(error);
    }
  }

  function failed(error: unknown): void {
    const wire = toWireError(error);
    // The person was faster.
    if (wire.code === 'device/already-registered') return change({ type: 'registered' });
    log.warn('this device was not registered as its organisation has set it up', { error });
    if (!PASSING.has(wire.code)) return change({ type: 'failed', error: wire, retryAt: null });
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    failures += 1;
    const spreadMs = delayMs * (1 + (Math.random() - 0.5) * 2 * JITTER_SHARE);
    change({ type: 'failed', error: wire, retryAt: clock.now() + spreadMs });
    if (!isStopped) cancelRetry = clock.after(spreadMs, () => void inBackground());
  }

  const once = (secrets = options.secrets): Promise<void> =>
    (running ??= follow(secrets).finally(() => {
      running = null;
    }));

  async function inBackground(): Promise<void> {
    await once().catch((error: unknown) => log.error('could not follow the file', { error }));
  }

  return {
    /** Of the organisation that the file names; of any where it names none. */
    wantsSignIn: (organisation: string): boolean =>
      settings().autoLogin === true &&
      organisation === (file?.invite?.organisation.id ?? organisation),

    /** For the start: what front ends see first is what the file says. */
    look,

    /** Registers where the file asks for it. Nobody waits for it: the slice tells. */
    follow(): void {
      if (options.stays) void inBackground();
    },

    /** A person does not want to wait for the next try. */
    tryNow: once,

    /** Another network, or awake again. */
    surroundingsChanged(): void {
      const registration = registrationOf(current());
      if (registration?.status !== 'waiting' && !isElsewhere(registration)) return;
      failures = 0;
      void inBackground();
    },

    /** Throws `managed/not-allowed` where the file keeps this device to one organisation, and this is another. */
    async refuseOther(rootFingerprint: string): Promise<void> {
      await look();
      if (settings().multiOrganisation !== false) return;
      const [first] = await store.list();
      const only = file?.invite?.organisation ?? first?.organisation;
      if (!only || only.id === organisationIdOfFingerprint(rootFingerprint)) return;
      throw new AppError(
        'managed/not-allowed',
        `This computer is set up for one organisation only, the one at ${only.host}.`,
      );
    },

    /** Throws `managed/not-allowed`. */
    async refuseToLeave(): Promise<void> {
      await look();
      const { device } = shown.slices;
      if (!isHeldByFile(current(), device)) return;
      throw new AppError(
        'managed/not-allowed',
        'Your organisation has set up this computer: its registration is kept while the managed deployment file is there.',
      );
    },

    /** What is on its way may be a long way from its end; the next start finds what came of it. */
    async stop(): Promise<void> {
      isStopped = true;
      cancelRetry();
      const ended = running?.catch(() => {}); // told in the log
      await Promise.race([
        ended,
        new Promise((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref()),
      ]);
    },
  };
}
