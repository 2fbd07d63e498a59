// Everything that runs for the active organisation: device, session, catalogue, access. Made as a whole and stopped as a
// whole, so that nothing of one organisation can reach what runs for another.
import { AppError } from '../../shared/errors.ts';
import type { OwnCertificate } from '../../shared/model/certificate.ts';
import { isSignedIn, type Session } from '../../shared/model/session.ts';
import { closedByLevel, connectsByItself } from '../../shared/model/service.ts';
import { autoConnectChoicesOf, defaultSettings } from '../../shared/model/settings.ts';
import { createAccess } from './access/access.ts';
import { createKubeTokens, givesKubeTokens } from './access/kube-tokens.ts';
import { createVouchers } from './access/vouchers.ts';
import { createWebServices } from './access/web-services.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createPostureReports } from './device/posture/reporting.ts';
import { createDevice } from './device/registration.ts';
import type { Loaded, RegistrationStore } from './device/registration-store.ts';
import { createPrograms } from './integrations/programs.ts';
import { certificateFacts } from './adapters/certificate-facts.ts';
import { createLoginPlace } from './identity/login-place.ts';
import { createSession } from './identity/session.ts';
import type { Network } from './organisation/connection.ts';
import type { ClientPorts } from './ports.ts';
import type { Layout } from './settings/layout.ts';
import type { Settings } from './settings/settings.ts';
import { createState, type Tell } from './state.ts';

export interface RuntimeOptions {
  ports: ClientPorts;
  places: Layout;
  settings: Settings;
  store: RegistrationStore;
  network: Network;
  /** Of this app. */
  version: string;
  notRegistered: () => AppError;
}

export type Runtime = ReturnType<typeof createRuntime>;

/** Without a registration it runs too: somebody has to say why there is none. */
export function createRuntime(options: RuntimeOptions, loaded: Loaded, tell: Tell) {
  const { ports, places, settings, store, network, version, notRegistered } = options;
  const { log } = ports;
  const state = createState(log, (slice, value) => {
    tell(slice, value);
    if (slice === 'tunnels') portsMayHaveChanged();
  });
  let portsBefore = state.slices.tunnels.ports;
  const loginFiles = createLoginPlace(places);
  let closedBefore: string | null = null;
  let isStopping = false;
  let signingOut: Promise<unknown> = Promise.resolve();

  const device = createDevice({ ports, network, store, state, version, notRegistered });
  const posture = createPostureReports({
    ports,
    state,
    membership: () => device.membership(),
    onDeviceRevoked: (reason) => inBackground('take back the device', deviceRevoked(reason)),
  });
  const programs = createPrograms({
    ports,
    places,
    state,
    givesKubeTokens() {
      const membership = device.membership();
      return membership === null || givesKubeTokens(membership.document);
    },
  });
  const access = createAccess({
    ports,
    state,
    rulesFor: (accessTier) => ({
      upstreamProxy: network.chooseProxy(accessTier),
      localUsers: settings.current().unsafeAnyLocalUser ? 'anyone' : 'own',
    }),
    connectsByItself(service) {
      const { autoConnect = true, ownAutoConnect } = settings.current();
      const own = autoConnectChoicesOf(state.slices.device, ownAutoConnect);
      return autoConnect && connectsByItself(service, own);
    },
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
      if (isStopping || !credentials || !membership) return withdraw();
      const { key, certificate } = credentials;
      access.setCredentials({ key, certificate, ca: membership.root });
      catalog.start();
    },
    onLapsed() {
      access.lapse();
      catalog.stop();
    },
    onWaitInVain: (because) => access.refuseHeld(because),
    onEnded: (because) => access.suspend(because),
    warnBeforeMs() {
      const own = settings.current().warnBeforeExpiryMinutes;
      return (own ?? defaultSettings.warnBeforeExpiryMinutes) * 60_000;
    },
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
    onServices(services) {
      access.onServices(services);
      programs.renew(services);
      const closed = closedByLevel(services);
      if (closedBefore !== null && closed !== closedBefore) {
        // Only the answer to a report says what the level is now, and why.
        inBackground('ask for the level of this device', posture.check());
      }
      closedBefore = closed;
    },
    onDenied: (event) => access.onDenied(event),
    onEnded: (event) => access.onEnded(event),
    onSessionEnded: (reason) => inBackground('end the session', session.ended(reason)),
    onDeviceRevoked: (reason) => inBackground('take back the device', deviceRevoked(reason)),
    onRefused: () => inBackground('renew the refused session', session.refused()),
  });

  const vouchers = createVouchers({
    state,
    access() {
      const membership = device.requireMembership();
      const trustToken = device.session()?.trustToken;
      if (!isSignedIn(state.slices.session) || !trustToken) {
        throw signInNeeded(state.slices.session);
      }
      return { membership, trustToken };
    },
    onRefused: () => inBackground('renew the refused session', session.refused()),
    onDeviceRevoked: (reason) => inBackground('take back the device', deviceRevoked(reason)),
  });
  const webServices = createWebServices({ ports, vouchers });
  const kubeTokens = createKubeTokens(vouchers);

  /** Traffic changes that slice too, many times a minute. */
  function portsMayHaveChanged(): void {
    const { ports } = state.slices.tunnels;
    if (ports === portsBefore) return;
    portsBefore = ports;
    programs.renew(state.slices.catalog.services);
  }

  function withdraw(): void {
    access.setCredentials(null);
    catalog.stop();
  }

  function inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error(`could not ${what}`, { error }));
  }

  /** Killed between the vault and the files: what nobody is signed in with must not stay usable. */
  async function clearAway(): Promise<void> {
    const left = device.session() === null ? loginFiles.remove() : loginFiles.sweep();
    await left.catch((error: unknown) => log.error('could not clear away login files', { error }));
  }

  function signOut(because?: AppError): Promise<void> {
    const done = session.signOut(because).finally(() => catalog.clear()); // a list that was on its way
    signingOut = done.catch(() => {}); // told to whoever asked for it
    return done;
  }

  async function deviceRevoked(reason: string): Promise<void> {
    const why = reason || 'Your organisation no longer accepts this device.';
    const error = new AppError('device/certificate-refused', why);
    device.revoked(error);
    await signOut(error);
  }

  return {
    state,
    device,
    session,
    catalog,
    access,
    webServices,
    kubeTokens,
    posture,
    programs,
    signOut,

    certificates(): OwnCertificate[] {
      const { root } = device.requireMembership();
      const { certificate } = device.requireStored().content.device;
      const login = isSignedIn(state.slices.session) ? device.session() : null;
      return [
        ...(login ? [{ use: 'login' as const, ...certificateFacts(login.certificate) }] : []),
        { use: 'device', ...certificateFacts(certificate) },
        { use: 'authority', ...certificateFacts(root) },
      ];
    },

    /** Does not wait for the network. */
    async start(): Promise<void> {
      if (loaded.status === 'stored') {
        const { stored } = loaded;
        device.adopt(stored);
        const { id } = stored.registration.organisation;
        await access.useOrganisation(places.organisation(id).ports);
        await programs.start(id);
        posture.follow();
        await session.restore();
      } else {
        await programs.start(null);
      }
      if ('because' in loaded) {
        log.warn('the stored registration is not usable', { error: loaded.because });
        state.device({ type: 'unregistered', because: loaded.because.toWire() });
      }
      await clearAway();
    },

    surroundingsChanged(): void {
      device.membership()?.connection.freshen();
      access.checkWays();
      catalog.again();
      device.checkRenewal();
      void device.checkVersion(); // what fails is logged there
      inBackground('look after the session', session.check());
      inBackground('look after the posture', posture.check());
    },

    /**
     * Nobody connects any more; what runs gets `drainMs` to finish. With the engine go its tickets and warm connections.
     * What is stored stays, the login files too: they are not touched from here any more. Resolves with what to start again.
     */
    async stop(drainMs: number): Promise<Loaded> {
      isStopping = true;
      posture.stop();
      if (device.membership()) withdraw();
      await signingOut; // it gives the refresh token back
      await session.stop();
      catalog.stop();
      await access.stop(drainMs);
      await programs.settled();
      const stored = await device.stop();
      await loginFiles.close();
      return stored ? { status: 'stored', stored } : loaded;
    },
  };
}

export function signInNeeded(session: Session): AppError {
  const why = 'because' in session ? session.because : undefined;
  return why
    ? new AppError(why.code, why.message)
    : new AppError('identity/sign-in-required', 'You are not signed in.');
}
