// What each call of the contract does: one function per call, over the parts that the front door has put together.
import { AppError, toWireError } from '../../shared/errors.ts';
import type { Handlers, Snapshot } from '../../shared/ipc/contract.ts';
import { mayQuit } from '../../shared/model/managed.ts';
import type { ServiceLink } from '../../shared/model/service-link.ts';
import { isSignedIn } from '../../shared/model/session.ts';
import { countOpen } from '../../shared/model/tunnel.ts';
import { parseInvite } from '../../shared/protocol/invite.ts';
import type { createRecentLog } from './activity/recent-log.ts';
import type { createDiagnostics } from './diagnostics/diagnostics.ts';
import type { createRegistrar } from './device/register.ts';
import { quitNotAllowed } from './managed/deployed-settings.ts';
import type { createManaged } from './managed/managed.ts';
import type { ClientPorts } from './ports.ts';
import { signInNeeded } from './runtime.ts';
import { readIfThere } from './settings/json-file.ts';
import type { layout } from './settings/layout.ts';
import type { createSettings } from './settings/settings.ts';
import type { createShown } from './shown.ts';
import type { startSwitchboard } from './switchboard.ts';
import type { createUpdates } from './updates/updates.ts';

export interface HandlersOptions {
  ports: Pick<ClientPorts, 'secrets' | 'notifier'>;
  places: ReturnType<typeof layout>;
  settings: ReturnType<typeof createSettings>;
  shown: ReturnType<typeof createShown>;
  registrar: ReturnType<typeof createRegistrar>;
  switchboard: Awaited<ReturnType<typeof startSwitchboard>>;
  managed: ReturnType<typeof createManaged>;
  updates: ReturnType<typeof createUpdates>;
  diagnostics: ReturnType<typeof createDiagnostics>;
  recent: ReturnType<typeof createRecentLog>;
  snapshot(): Snapshot;
  /** Shows and follows what is chosen now. */
  settingsChanged(): Promise<void>;
  /** What is connected to from now on goes another way. */
  proxyChanged(): void;
  /** Begins to end the client, once this call is answered. */
  quit(): void;
}

export function createHandlers(parts: HandlersOptions): Handlers {
  const { ports, places, settings, shown, registrar, switchboard, managed } = parts;
  const { updates, diagnostics, recent } = parts;

  /** It has been done, by a yes to the link or otherwise. */
  const answered = (wants: ServiceLink['wants'], service: string): void => {
    const asked = shown.slices.links.service;
    if (asked?.wants === wants && asked.service === service) shown.links({ service: null });
  };

  return {
    'app.snapshot': () => Promise.resolve(parts.snapshot()),
    'app.quit'() {
      if (!mayQuit(shown.slices.managed)) return Promise.reject(quitNotAllowed());
      parts.quit();
      return Promise.resolve();
    },
    async 'device.inspectInvite'(input) {
      await managed.refuseOther(parseInvite(input.invite).rootFingerprint);
      return registrar.inspect(input);
    },
    'device.inspectAddress': (input) => registrar.inspectAddress(input),
    async 'device.register'(input) {
      await managed.refuseOther(parseInvite(input.invite).rootFingerprint);
      const registered = await switchboard.register(input);
      shown.links({ invite: null });
      managed.follow();
      return registered;
    },
    async 'device.registerBySignIn'(input) {
      const refuse = (): Promise<void> => managed.refuseOther(input.fingerprint);
      await refuse();
      const registered = await switchboard.registerBySignIn(input, refuse);
      managed.follow();
      return registered;
    },
    'device.cancelRegistration': () => {
      switchboard.cancelRegistration();
      return Promise.resolve();
    },
    'device.registerAsManaged': ({ secrets }) => managed.tryNow(secrets),
    async 'device.unlock'({ passphrase }) {
      if ((await readIfThere(places.secrets)) === null) {
        throw new AppError('usage/invalid-input', 'Nothing here is under a passphrase.');
      }
      await ports.secrets.file.unlock(passphrase);
      await switchboard.restoreIfItMayComeBack();
      return switchboard.current().state.slices.device;
    },
    'device.certificates': async () => switchboard.current().certificates(),
    async 'device.checkPosture'() {
      const { device, posture } = switchboard.current();
      device.requireMembership();
      await posture.check();
    },
    async 'device.unregister'() {
      const { organisation } = switchboard.current().device.requireStored().registration;
      const left = await switchboard.unregister(() => managed.refuseToLeave());
      await settings.forgetServices(organisation.id);
      if (shown.slices.organisations.length === 0) {
        await settings
          .startNoMore()
          .catch((error: unknown) => void left.push(toWireError(error).message));
      }
      await parts.settingsChanged();
      managed.follow();
      if (left.length > 0) {
        const title = 'Something of Banyan is left on this computer';
        ports.notifier?.show({ kind: 'trouble', title, body: left.join(' ') });
      }
      return { left };
    },
    'organisation.switch': ({ organisation }) => switchboard.switchTo(organisation),
    async 'session.signIn'({ openBrowser }) {
      await switchboard.restoreIfItMayComeBack();
      await switchboard.current().device.requireNewEnough();
      return switchboard.current().session.signIn(openBrowser);
    },
    async 'session.signInWithCode'() {
      await switchboard.restoreIfItMayComeBack();
      await switchboard.current().device.requireNewEnough();
      return switchboard.current().session.signInWithCode();
    },
    async 'session.cancelSignIn'() {
      switchboard.current().session.cancelSignIn();
    },
    'session.signOut': async () => switchboard.current().signOut(),
    async 'settings.change'(change) {
      await settings.change(change);
      await parts.settingsChanged();
      if (change.proxy) {
        parts.proxyChanged();
      }
      // Whatever is connected keeps its way; what is asked from now on takes the new one, and so do timers.
      if (change.proxy || change.warnBeforeExpiryMinutes !== undefined) {
        switchboard.surroundingsChanged();
      }
      return shown.slices.settings;
    },
    'updates.check': () => updates.checkNow(),
    'updates.install': () => updates.install(countOpen(shown.slices.tunnels.states)),
    'activity.log': ({ after }) => Promise.resolve(recent.after(after)),
    'activity.connections': async ({ known }) =>
      switchboard.current().access.recentConnections(known),
    'diagnostics.run': async ({ service }) => diagnostics.run(service),
    'diagnostics.save': () => diagnostics.save(),
    async 'catalog.refresh'() {
      const { device, catalog, state } = switchboard.current();
      device.requireMembership();
      if (!isSignedIn(state.slices.session)) throw signInNeeded(state.slices.session);
      return catalog.refresh();
    },
    async 'service.open'({ service }) {
      await switchboard.current().webServices.open(service);
      answered('open', service);
    },
    'service.page': async ({ service }) => ({
      url: await switchboard.current().webServices.page(service),
    }),
    async 'service.star'({ service, isFavourite }) {
      const { organisation } = switchboard.current().device.requireStored().registration;
      await settings.setFavourite(organisation.id, service, isFavourite);
      await parts.settingsChanged();
    },
    async 'service.autoConnect'({ service, isOn }) {
      const { device, access } = switchboard.current();
      const { organisation } = device.requireStored().registration;
      if (isOn) access.requireConnectable(service);
      await settings.setAutoConnect(organisation.id, service, isOn);
      access.leaveUntilSignIn(service);
      await parts.settingsChanged();
    },
    'link.dismiss'({ asksFor }) {
      shown.links({ [asksFor]: null });
      return Promise.resolve();
    },
    'program.look': async () => switchboard.current().programs.look(),
    'program.setSsh': async ({ service, isOn }) =>
      switchboard.current().programs.setSsh(service, isOn),
    'program.kubeToken': async ({ service }) => switchboard.current().kubeTokens.issue(service),
    'program.saveRdp': async ({ service }) => ({
      file: await switchboard.current().programs.saveRdp(service),
    }),
    'program.openRdp': async ({ service }) => switchboard.current().programs.openRdp(service),
    'program.launch': async (input) => switchboard.current().programs.launch(input),
    'program.setKubernetes': async (input) => switchboard.current().programs.setKubernetes(input),
    async 'tunnel.open'({ service }) {
      const tunnel = await switchboard.current().access.open(service);
      answered('connect', service);
      return tunnel;
    },
    'tunnel.close': async ({ service }) => switchboard.current().access.close(service),
    async 'tunnel.override'({ service, port, host }) {
      const { access, programs } = switchboard.current();
      const choice = await access.override(service, port, host);
      await programs.settled(); // whoever starts a program now finds the new port in its configuration
      return choice;
    },
  };
}
