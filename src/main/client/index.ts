// Front door of the headless client: everything the product does, with no window and no Electron.
import type { AppError } from '../../shared/errors.ts';
import type { AppFacts, Handlers, SignalListener, Snapshot } from '../../shared/ipc/contract.ts';
import type { SecretStoreKind } from '../../shared/model/device.ts';
import { isSignedIn } from '../../shared/model/session.ts';
import { parseInvite } from '../../shared/protocol/invite.ts';
import { parseServiceLink } from '../../shared/protocol/service-link.ts';
import { createRecentLog } from './activity/recent-log.ts';
import {
  type ChooseProxy,
  type UpstreamProxies,
  upstreamProxies,
} from './adapters/upstream-proxy.ts';
import { createDiagnostics } from './diagnostics/diagnostics.ts';
import { suggestedDeviceName } from './device/posture-facts.ts';
import { createRegistrar } from './device/register.ts';
import { createRegistrationStore } from './device/registration-store.ts';
import { createHandlers } from './handlers.ts';
import { deployedSettings } from './managed/deployed-settings.ts';
import { createManaged } from './managed/managed.ts';
import { notRegisteredYet } from './managed/not-registered.ts';
import type { ClientPorts } from './ports.ts';
import { createRuntime } from './runtime.ts';
import { privateFolder, sweepTemporaryFiles } from './settings/atomic-write.ts';
import { layout } from './settings/layout.ts';
import { chosenNotices } from './settings/chosen-notices.ts';
import { createSettings } from './settings/settings.ts';
import { createShown } from './shown.ts';
import { watchSurroundings } from './surroundings.ts';
import { startSwitchboard } from './switchboard.ts';
import { createUpdates } from './updates/updates.ts';

export interface ClientOptions {
  /** Per-user folder, see settings/layout.ts. */
  home: string;
  version: string;
  suggestedSecretStore?: SecretStoreKind;
  /** See `AppFacts`. */
  desktop?: AppFacts['desktop'];
  /** false: it lives as long as one command, and begins nothing by itself. Default: true. */
  stays?: boolean;
  /** What `app.quit` does besides stopping the client: close the window, end the process. */
  onQuit: () => void;
}

export interface Client {
  /** One function per call of the contract; transports reach them through `serve()`. */
  handlers: Handlers;
  snapshot(): Snapshot;
  subscribe(listener: SignalListener): () => void;
  /** A link that the app was started with or that arrived while it runs. Shown for a yes, never acted upon. */
  openLink(link: string): void;
  /** Drains tunnels, then ends; safe to call twice. */
  stop(): Promise<void>;
  /** The system says that the computer has just woken up. */
  wokeUp(): void;
}

/** Bind the control socket first: two clients must never share a home. */
export async function createClient(given: ClientPorts, options: ClientOptions): Promise<Client> {
  const { home, version, stays = true, desktop = null } = options;
  const { suggestedSecretStore = 'keychain' } = options;
  const recent = createRecentLog(given.log, given.clock);
  const { log } = recent;
  const places = layout(home);
  await privateFolder(home);
  await sweepTemporaryFiles(places);

  const settings = createSettings({
    path: places.settings,
    ports: { ...given, log },
    deployed: () => deployedSettings(shown.slices.managed),
  });
  const notifier = chosenNotices(given.notifier, settings);
  const ports: ClientPorts = { ...given, log, ...(notifier && { notifier }) };
  let proxies: UpstreamProxies | null = null;
  /** First asked for after the settings were read: nothing is connected to before. */
  const chooseProxy: ChooseProxy = (target) => currentProxies().choose(target);
  const network = { clock: ports.clock, chooseProxy };
  const store = createRegistrationStore(places, ports.secrets, log);
  const registrar = createRegistrar({ ports, network, store, version });
  const shown = createShown(log);
  shown.subscribe((name) => {
    const { session } = shown.slices;
    if (name === 'managed.changed') inBackground('follow the file', followDeployed());
    if (name !== 'session.changed') return;
    if (isSignedIn(session) && !session.ending) notifier?.over('session');
    if (session.status === 'signed-out') notifier?.over('trouble');
  });
  const notRegistered = (): AppError => notRegisteredYet(shown.slices.managed);
  const switchboard = await startSwitchboard({
    ports,
    places,
    settings,
    store,
    registrar,
    shown,
    createRuntime: (loaded, tell) =>
      createRuntime(
        { ports, places, settings, store, network, version, notRegistered },
        loaded,
        tell,
      ),
  });
  let followUpdates = (): void => {};
  currentProxies(); // says what is wrong with the setting
  await settingsChanged();

  const managed = createManaged({
    ports,
    shown,
    store,
    secrets: suggestedSecretStore,
    stays,
    register: (input) => switchboard.register(input, 'beside'),
    async takeUp(organisation) {
      if (settings.current().activeOrganisation !== null) return;
      await switchboard.switchTo(organisation);
      signInByItself();
    },
    onRegistered: signInByItself,
  });
  const surroundings =
    ports.machine &&
    watchSurroundings({
      clock: ports.clock,
      machine: ports.machine,
      log,
      onChanged() {
        switchboard.surroundingsChanged();
        managed.surroundingsChanged();
      },
    });

  await managed.look();
  const updates = createUpdates({
    ports,
    network,
    path: places.updates,
    shown,
    wishes: () => settings.updates(),
    look: () => managed.look(),
  });
  followUpdates = updates.follow;
  await followDeployed(); // before anybody asks whether to show a window
  managed.follow();
  if (stays) updates.start();

  let stopped: Promise<void> | null = null;

  function currentProxies(): UpstreamProxies {
    if (proxies) return proxies;
    proxies = upstreamProxies(ports.environment ?? {}, settings.current().proxy);
    const { problem } = proxies;
    if (!problem) notifier?.over('trouble');
    if (problem) {
      log.error(problem.message);
      const title = 'The proxy setting cannot be used';
      ports.notifier?.show({ kind: 'trouble', title, body: problem.message });
    }
    return proxies;
  }

  async function followDeployed(): Promise<void> {
    await settings.followDeployed();
    await settingsChanged();
  }

  async function settingsChanged(): Promise<void> {
    if (settings.current().unsafeAnyLocalUser) {
      log.warn('the settings let every user of this computer use the local ports');
    }
    shown.settings(await settings.shown());
    followUpdates();
  }

  /** Where the organisation has set it so. Whatever comes of it is in the session's state. */
  function signInByItself(): void {
    const { device } = shown.slices;
    if (!stays || device.status !== 'registered') return;
    if (!managed.wantsSignIn(device.organisation.id)) return;
    inBackground('sign in by itself', handlers['session.signIn']({ openBrowser: true }));
  }

  function inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error(`could not ${what}`, { error }));
  }

  const diagnostics = createDiagnostics({
    ports,
    network,
    folder: places.diagnostics,
    runtime: () => switchboard.current(),
    snapshot: () => snapshot(),
    recent,
  });

  const snapshot = (): Snapshot => ({
    app: {
      version,
      platform: process.platform,
      certificatesFolder: home,
      suggestedSecretStore,
      desktop,
      hostName: suggestedDeviceName(),
    },
    slices: { ...shown.slices },
    revisions: { ...shown.revisions },
  });

  function stop(): Promise<void> {
    surroundings?.stop();
    stopped ??= Promise.all([updates.stop(), managed.stop()]).then(() => switchboard.stop());
    return stopped;
  }

  const handlers = createHandlers({
    ports,
    places,
    settings,
    shown,
    registrar,
    switchboard,
    managed,
    updates,
    diagnostics,
    recent,
    snapshot,
    settingsChanged,
    proxyChanged() {
      proxies = null;
      currentProxies();
    },
    // After the answer has gone out.
    quit: () => void setImmediate(() => inBackground('stop', stop().finally(options.onQuit))),
  });

  signInByItself();
  return {
    handlers,
    snapshot,
    subscribe: (listener) => shown.subscribe(listener),
    openLink(link) {
      const asked = parseServiceLink(link);
      if (asked !== null) {
        // A question that is shown is not replaced under the pointer.
        if (shown.slices.links.service === null) shown.links({ service: asked });
        return;
      }
      try {
        parseInvite(link);
        shown.links({ invite: link.trim() });
      } catch (error) {
        log.warn('a link that is neither an invite nor asks for a service was ignored', { error });
      }
    },
    stop,
    wokeUp: () => surroundings?.changed('the system says that it woke up'),
  };
}
