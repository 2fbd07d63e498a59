// Front door of the headless client: everything the product does, with no window and no Electron.
import { AppError } from '../../shared/errors.ts';
import type { Handlers, SignalListener, Snapshot } from '../../shared/ipc/contract.ts';
import type { SecretStoreKind } from '../../shared/model/device.ts';
import { isSignedIn } from '../../shared/model/session.ts';
import { parseInvite } from '../../shared/protocol/invite.ts';
import { createAccess } from './access/access.ts';
import {
  type ChooseProxy,
  type UpstreamProxies,
  upstreamProxies,
} from './adapters/upstream-proxy.ts';
import { createCatalog } from './catalog/catalog.ts';
import { suggestedDeviceName } from './device/posture-facts.ts';
import { createPostureReports } from './device/posture/reporting.ts';
import { createDevice } from './device/registration.ts';
import { createLoginFiles } from './identity/login-files.ts';
import { createSession } from './identity/session.ts';
import type { ClientPorts } from './ports.ts';
import { privateFolder, sweepTemporaryFiles } from './settings/atomic-write.ts';
import { layout } from './settings/layout.ts';
import { createSettings } from './settings/settings.ts';
import { createState } from './state.ts';
import { watchSurroundings } from './surroundings.ts';

/** So long may running connections finish when the client stops. */
const DRAIN_MS = 1_000;

export interface ClientOptions {
  /** Per-user folder, see settings/layout.ts. */
  home: string;
  version: string;
  /** A `banyan://register` link the app was opened with. */
  pendingInvite?: string;
  suggestedSecretStore?: SecretStoreKind;
  /** What `app.quit` does besides stopping the client: close the window, end the process. */
  onQuit: () => void;
}

export interface Client {
  /** One function per call of the contract; transports reach them through `serve()`. */
  handlers: Handlers;
  snapshot(): Snapshot;
  subscribe(listener: SignalListener): () => void;
  /** A link that arrived while running (second start, deep link). Shown by the next snapshot, never acted upon. */
  openLink(link: string): void;
  /** Drains tunnels, then ends; safe to call twice. */
  stop(): Promise<void>;
  /** The system says that the computer has just woken up. */
  wokeUp(): void;
}

/** Bind the control socket first: two clients must never share a home. */
export async function createClient(ports: ClientPorts, options: ClientOptions): Promise<Client> {
  const { home, version } = options;
  const { log } = ports;
  const places = layout(home);
  await privateFolder(home);
  await sweepTemporaryFiles(places);

  const state = createState(log);
  const settings = createSettings(places.settings, log);
  let proxies: UpstreamProxies | null = null;
  /** First asked for after the settings were read: nothing is connected to before. */
  const chooseProxy: ChooseProxy = (target) => currentProxies().choose(target);
  const loginFiles = createLoginFiles(places);
  const onForgotten = (): Promise<void> => loginFiles.remove();
  const device = createDevice({
    ports,
    places,
    settings,
    state,
    version,
    chooseProxy,
    onForgotten,
    onMembership(organisation) {
      posture.follow();
      return access.useOrganisation(organisation ? places.organisation(organisation).ports : null);
    },
  });
  const posture = createPostureReports({
    ports,
    state,
    membership: () => device.membership(),
    onDeviceRevoked: (reason) => inBackground('take back the device', deviceRevoked(reason)),
  });
  const access = createAccess({
    ports,
    state,
    rulesFor: (accessTier) => ({
      upstreamProxy: chooseProxy(accessTier),
      localUsers: settings.current().unsafeAnyLocalUser ? 'anyone' : 'own',
    }),
    onCertificateNeeded: () => session.certificateNeeded(),
    onCredentialsRefused: (error) => session.credentialsRefused(error),
  });
  const session = createSession({
    ports,
    state,
    device,
    loginFiles,
    onCredentials(credentials) {
      const membership = device.membership();
      if (!credentials || !membership) {
        access.setCredentials(null);
        catalog.stop();
        return;
      }
      const { key, certificate } = credentials;
      access.setCredentials({ key, certificate, ca: membership.root });
      catalog.start();
    },
    onLapsed() {
      access.lapse();
      catalog.stop();
    },
    onWaitInVain: (because) => access.refuseHeld(because),
    async closeTunnels() {
      await access.closeAll();
      catalog.clear();
    },
  });
  const catalog = createCatalog({
    ports,
    state,
    access() {
      const membership = device.membership();
      const trustToken = device.session()?.trustToken;
      return membership && trustToken ? { membership, trustToken } : null;
    },
    onListed: (services) => access.publishPorts(services),
    onServices: (services) => access.onServices(services),
    onDenied: (event) => access.onDenied(event),
    onSessionEnded: (reason) => inBackground('end the session', session.ended(reason)),
    onDeviceRevoked: (reason) => inBackground('take back the device', deviceRevoked(reason)),
    onRefused: () => inBackground('renew the refused session', session.refused()),
  });

  const surroundings =
    ports.machine &&
    watchSurroundings({
      clock: ports.clock,
      machine: ports.machine,
      log,
      onChanged() {
        device.membership()?.connection.freshen();
        access.checkWays();
        catalog.again();
        device.checkRenewal();
        inBackground('look after the session', session.check());
        inBackground('look after the posture', posture.check());
      },
    });

  let pendingInvite = options.pendingInvite ?? null;
  let stopped: Promise<void> | null = null;

  function currentProxies(): UpstreamProxies {
    if (proxies) return proxies;
    proxies = upstreamProxies(ports.environment ?? {}, settings.current().proxy);
    const { problem } = proxies;
    if (settings.current().unsafeAnyLocalUser) {
      log.warn('the settings let every user of this computer use the local ports');
    }
    if (problem) {
      log.error(problem.message);
      ports.notifier?.show({ title: 'The proxy setting cannot be used', body: problem.message });
    }
    return proxies;
  }

  function inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error(`could not ${what}`, { error }));
  }

  async function signOut(because?: AppError): Promise<void> {
    try {
      await session.signOut(because);
    } finally {
      catalog.clear(); // a list that was on its way
    }
  }

  async function deviceRevoked(reason: string): Promise<void> {
    const why = reason || 'Your organisation no longer accepts this device.';
    const error = new AppError('device/certificate-refused', why);
    device.revoked(error);
    await signOut(error);
  }

  const snapshot = (): Snapshot => ({
    app: {
      version,
      platform: process.platform,
      certificatesFolder: home,
      pendingInvite,
      suggestedSecretStore: options.suggestedSecretStore ?? 'keychain',
      hostName: suggestedDeviceName(),
    },
    slices: { ...state.slices },
    revisions: { ...state.revisions },
  });

  function stop(): Promise<void> {
    stopped ??= (async () => {
      surroundings?.stop();
      posture.stop();
      await session.stop();
      catalog.stop();
      await access.stop(DRAIN_MS);
      const registered = state.slices.device.status === 'registered' && state.slices.device;
      // What lives in memory must not outlive it as files.
      if (registered && registered.secrets === 'memory') await loginFiles.remove();
      await device.stop();
    })();
    return stopped;
  }

  const handlers: Handlers = {
    'app.snapshot': () => Promise.resolve(snapshot()),
    'app.quit'() {
      // After the answer has gone out.
      setImmediate(() => inBackground('stop', stop().finally(options.onQuit)));
      return Promise.resolve();
    },
    'device.inspectInvite': (input) => device.inspectInvite(input),
    async 'device.register'(input) {
      const registered = await device.register(input);
      pendingInvite = null;
      return registered;
    },
    async 'device.unlock'({ passphrase }) {
      if (await device.unlock(passphrase)) await session.restore();
      return state.slices.device;
    },
    async 'device.checkPosture'() {
      device.requireMembership();
      await posture.check();
    },
    async 'device.unregister'() {
      device.requireStored();
      await signOut();
      await device.unregister();
    },
    async 'session.signIn'({ openBrowser }) {
      if (await device.restoreIfItMayComeBack()) await session.restore();
      return session.signIn(openBrowser);
    },
    'session.cancelSignIn'() {
      session.cancelSignIn();
      return Promise.resolve();
    },
    'session.signOut': () => signOut(),
    async 'catalog.refresh'() {
      device.requireMembership();
      if (!isSignedIn(state.slices.session)) throw signInNeeded(state.slices.session);
      return catalog.refresh();
    },
    'tunnel.open': ({ service }) => access.open(service),
    'tunnel.close': ({ service }) => access.close(service),
    'tunnel.override': ({ service, port }) => access.override(service, port),
  };

  await device.restore();
  currentProxies();
  await session.restore();
  // Killed between the vault and the files: what nobody is signed in with must not stay usable.
  const left = device.session() === null ? loginFiles.remove() : loginFiles.sweep();
  await left.catch((error: unknown) => log.error('could not clear away login files', { error }));

  return {
    handlers,
    snapshot,
    subscribe: (listener) => state.subscribe(listener),
    openLink(link) {
      try {
        parseInvite(link);
        pendingInvite = link.trim();
      } catch (error) {
        log.warn('a link that is no invite was ignored', { error });
      }
    },
    stop,
    wokeUp: () => surroundings?.changed('the system says that it woke up'),
  };
}

function signInNeeded(session: Snapshot['slices']['session']): AppError {
  const why = 'because' in session ? session.because : undefined;
  return why
    ? new AppError(why.code, why.message)
    : new AppError('identity/sign-in-required', 'You are not signed in.');
}
