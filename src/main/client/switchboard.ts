// Which organisation is active, and how another one becomes it: one is stopped whole, its login files go, the settings name
// the other one, and only then does that one start. A crash in between leaves one of the two, never something of both.
import { AppError, toWireError } from '../../shared/errors.ts';
import { exhaustive } from '../../shared/exhaustive.ts';
import type { InputOf } from '../../shared/ipc/contract.ts';
import type { Device } from '../../shared/model/device.ts';
import { parseInvite } from '../../shared/protocol/invite.ts';
import { type ByInvite, type createRegistrar, registeredAlready } from './device/register.ts';
import type { Loaded, RegistrationStore, StoredRegistration } from './device/registration-store.ts';
import { parseAddress } from './organisation/address.ts';
import type { RegistrationFile } from './settings/files.ts';
import { organisationIdOfFingerprint } from './organisation/certificates.ts';
import { createLoginPlace } from './identity/login-place.ts';
import type { ClientPorts } from './ports.ts';
import type { Runtime } from './runtime.ts';
import type { Layout } from './settings/layout.ts';
import type { Settings } from './settings/settings.ts';
import type { Shown } from './shown.ts';
import type { Tell } from './state.ts';

/** So long may running connections finish when an organisation is left, or the client stops. */
const DRAIN_MS = 1_000;

export interface SwitchboardOptions {
  ports: Pick<ClientPorts, 'clock' | 'log'>;
  places: Layout;
  settings: Settings;
  store: RegistrationStore;
  registrar: ReturnType<typeof createRegistrar>;
  shown: Shown;
  createRuntime: (loaded: Loaded, tell: Tell) => Runtime;
}

/**
 * Of the active organisation: one at a time. Preparing may be a keychain that asks its person, and the active one works
 * meanwhile; once it is left nobody asks about it any more, and a stop waits for what comes of it.
 */
type Change = { status: 'none' } | { status: 'preparing' | 'leaving'; done: Promise<unknown> };

export async function startSwitchboard(options: SwitchboardOptions) {
  const { places, settings, store, registrar, shown, createRuntime } = options;
  const { clock, log } = options.ports;
  const loginFiles = createLoginPlace(places);
  let runtime: Runtime;
  let change: Change = { status: 'none' };
  /** One at a time; aborted when nobody wants it any more, which ends one that waits for its person in the browser. */
  let registering: AbortController | null = null;
  let lingering: Promise<void> = Promise.resolve();
  const stopped = new AbortController();

  /** The organisation that runs; null while the active one cannot be had, e.g. with a locked keychain. */
  const active = (): string | null => runtime.device.membership()?.organisation.id ?? null;

  async function showOrganisations(): Promise<void> {
    const known = await store.list();
    shown.organisations(
      known.map(({ organisation }) => ({
        ...organisation,
        isActive: organisation.id === active(),
      })),
    );
  }

  async function run(loaded: Loaded): Promise<void> {
    const place = shown.place();
    runtime = createRuntime(loaded, place.tell);
    try {
      await runtime.start();
    } catch (error) {
      log.error('the stored session was not taken up', { error }); // its state says so too
    }
    place.show(runtime.state);
    await showOrganisations();
  }

  /** Puts another one, or none, in the place of what runs; what goes wrong before the settings name it undoes it. */
  async function replace(next: Loaded): Promise<void> {
    if (stopped.signal.aborted && change.status !== 'leaving') throw stopping();
    leave();
    log.info('another organisation', { from: active(), to: organisationOf(next) });
    const before = await runtime.stop(DRAIN_MS);
    try {
      await loginFiles.remove();
      await settings.setActive(organisationOf(next));
    } catch (error) {
      await run(before);
      throw error;
    }
    await run(next);
  }

  /** The organisation knows by now that this device is gone, so there is no way back: what cannot be removed is not used. */
  async function forget(registration: RegistrationFile, next: Loaded): Promise<void> {
    const before = await runtime.stop(DRAIN_MS);
    try {
      await loginFiles.remove();
      await store.forget(registration);
    } catch (cause) {
      await run(before);
      const { name } = registration.organisation;
      const why = `This device is no longer registered with ${name}, but not all of it could be removed here. Unregister again when that can be written to.`;
      const error = new AppError('client/storage-failed', why, { cause });
      runtime.device.revoked(error);
      throw error;
    }
    // A full disk keeps the name of what is gone: the next start finds nothing under it.
    await settings.setActive(organisationOf(next)).catch((error: unknown) => {
      log.error('the settings still name the organisation that was left', { error });
    });
    await run(next);
  }

  async function exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    if (stopped.signal.aborted) throw stopping();
    if (change.status !== 'none') throw busy();
    // Its place is taken before it begins: it may leave at once.
    const done = Promise.resolve()
      .then(work)
      .finally(() => (change = { status: 'none' }));
    change = { status: 'preparing', done };
    return done;
  }

  const isBusy = (): boolean => change.status !== 'none' || registering !== null;

  function leave(): void {
    if (change.status === 'preparing') change = { ...change, status: 'leaving' };
  }

  async function quiet(): Promise<void> {
    if (change.status === 'none') return;
    await change.done.catch(() => {}); // told to whoever asked for it
    await quiet();
  }

  /** Whoever asks then asks about an organisation that is being left. */
  function current(): Runtime {
    if (change.status === 'leaving') throw busy();
    return runtime;
  }

  async function find(organisation: string): Promise<StoredRegistration> {
    const loaded = await store.load(organisation);
    switch (loaded.status) {
      case 'stored':
        return loaded.stored;
      case 'forgotten':
        await showOrganisations();
        throw loaded.because;
      case 'unusable':
        throw loaded.because;
      case 'none':
        throw new AppError(
          'organisation/unknown',
          `This device is not registered with the organisation ${organisation}.`,
        );
      default:
        return exhaustive(loaded);
    }
  }

  /** Nobody has asked for one by name: the first that can be used. */
  async function anotherThan(id: string): Promise<Loaded> {
    for (const { organisation } of await store.list()) {
      const loaded: Loaded =
        organisation.id === id ? { status: 'none' } : await store.load(organisation.id);
      if (loaded.status === 'stored') return loaded;
    }
    return { status: 'none' };
  }

  async function restore(): Promise<Loaded> {
    try {
      const id = (await settings.read())?.activeOrganisation;
      if (!id) return { status: 'none' };
      const loaded = await store.load(id);
      if (loaded.status === 'forgotten') await settings.setActive(null);
      return loaded;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { status: 'unusable', because: error };
    }
  }

  /** Registrations in memory ended with the process that made them. */
  async function forgetEnded(): Promise<void> {
    for (const { organisation, secrets } of await store.list()) {
      if (secrets === 'memory') await store.load(organisation.id);
    }
  }

  async function keepOnlyOwnFiles(): Promise<void> {
    const id = settings.current().activeOrganisation;
    const own = (await store.list()).find(({ organisation }) => organisation.id === id);
    await loginFiles.keepOnlyOf(own?.root ?? null);
  }

  async function register(
    host: string,
    rootFingerprint: string,
    enrol: (wanted: AbortSignal) => Promise<StoredRegistration>,
    how: 'active' | 'beside' = 'active',
  ): Promise<Device> {
    const { state } = current();
    // What runs counts, not what a keychain that is locked by now would say of it.
    if (active() === organisationIdOfFingerprint(rootFingerprint)) {
      throw registeredAlready(runtime.device.requireStored());
    }
    if (registering) {
      throw new AppError('client/switching', 'A registration is already running.');
    }
    registering = new AbortController();
    try {
      // Means nothing where the device is registered already: it stays so whatever comes of this.
      state.device({ type: 'registration-started', organisation: host, at: clock.now() });
      const stored = await enrol(registering.signal);
      await quiet();
      return await exclusively(async () => {
        if (how === 'beside' && active() !== null) await showOrganisations();
        else await replace({ status: 'stored', stored });
        return runtime.state.slices.device;
      });
    } catch (error) {
      state.device({ type: 'registration-failed', error: toWireError(error) });
      throw error;
    } finally {
      registering = null;
    }
  }

  const restored = await restore();
  await forgetEnded();
  await keepOnlyOwnFiles();
  await run(restored);

  return {
    current,

    /** A keychain that was locked at the start may be open now. */
    async restoreIfItMayComeBack(): Promise<void> {
      const id = settings.current().activeOrganisation;
      if (isBusy() || active() !== null || id === null) return;
      const loaded = await store.load(id);
      // A keychain may have asked its person for minutes: what she did meanwhile counts.
      const isWanted = active() === null && settings.current().activeOrganisation === id;
      if (loaded.status !== 'stored' || isBusy() || !isWanted) return;
      await exclusively(() => replace(loaded));
    },

    async switchTo(organisation: string): Promise<Device> {
      return exclusively(async () => {
        if (active() !== organisation) {
          await replace({ status: 'stored', stored: await find(organisation) });
        }
        return runtime.state.slices.device;
      });
    },

    /** `beside`: where another one is active it stays so, with all that is connected. */
    register(input: ByInvite, how: 'active' | 'beside' = 'active'): Promise<Device> {
      const { organisation, rootFingerprint } = parseInvite(input.invite);
      return register(organisation.host, rootFingerprint, () => registrar.register(input), how);
    },

    async registerBySignIn(
      input: InputOf<'device.registerBySignIn'>,
      refuse: () => Promise<void>,
    ): Promise<Device> {
      const { host } = parseAddress(input.address);
      return register(host, input.fingerprint, (wanted) =>
        registrar.registerBySignIn(input, {
          signal: wanted,
          stopped: stopped.signal,
          refuse,
          onPage: (page) => shown.registration({ status: 'waiting', ...page }),
          onLinger: (closed) => {
            lingering = closed;
            // The person has answered, or nobody will any more.
            shown.registration({ status: 'none' });
          },
        }),
      );
    },

    cancelRegistration(): void {
      registering?.abort(
        new AppError('identity/sign-in-cancelled', 'The registration was cancelled.'),
      );
    },

    /** `refuse` may throw: whether it may leave is asked when its turn has come, and a stop waits for it from then on. */
    unregister: (refuse: () => Promise<void>): Promise<string[]> =>
      exclusively(async () => {
        const { registration } = runtime.device.requireStored();
        leave();
        await refuse();
        // What could not be written of it is removed in a moment, as a whole.
        await runtime.signOut().catch((error: unknown) => log.warn('not signed out', { error }));
        await runtime.device.leave();
        const left = await runtime.programs.leave();
        const next = await anotherThan(registration.organisation.id);
        await forget(registration, next);
        return left;
      }),

    surroundingsChanged(): void {
      if (change.status !== 'leaving') runtime.surroundingsChanged();
    },

    async stop(): Promise<void> {
      stopped.abort();
      registering?.abort(stopping());
      await lingering;
      if (change.status === 'leaving') await change.done.catch(() => {}); // told to whoever asked for it
      const { device } = runtime.state.slices;
      await runtime.stop(DRAIN_MS);
      // What lives in memory must not outlive it as files.
      if (!('secrets' in device) || device.secrets !== 'memory') return;
      await loginFiles.remove();
      await runtime.programs.leave();
    },
  };
}

const organisationOf = (loaded: Loaded): string | null =>
  loaded.status === 'stored' ? loaded.stored.registration.organisation.id : null;

const busy = (): AppError =>
  new AppError('client/switching', 'The organisation is just being left.');

const stopping = (): AppError => new AppError('client/not-running', 'Banyan is stopping.');
