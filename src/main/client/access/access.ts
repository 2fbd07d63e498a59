// Opens and closes the way to each service, when a person, the catalogue or the session says so.
import {
  AppError,
  fromWireError,
  isAboutListening,
  toWireError,
  type WireError,
} from '../../../shared/errors.ts';
import { isLoopbackAddress, USUAL_HOST } from '../../../shared/model/listen-address.ts';
import { canOverride, type PortChoice, type Service } from '../../../shared/model/service.ts';
import { canClose, type LocalAddress, type Tunnel } from '../../../shared/model/tunnel.ts';
import type { HostAndPort } from '../../../shared/protocol/host-port.ts';
import type { EventData } from '../../../shared/protocol/events.ts';
import type { Credentials } from '../../../proxy/index.ts';
import { lookAtPort } from '../adapters/port-holder.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import { type LocalRules, refuseToOpen, specFor } from './admission.ts';
import { createAutorun } from './autorun.ts';
import { createFacts, isBare } from './facts.ts';
import { choosePort } from './port-choice.ts';
import { addressMissing, portInUse, portNotAllowed, refuseAddress } from './port-trouble.ts';
import { createSavedPorts } from './saved-ports.ts';

const STRICT: LocalRules = { upstreamProxy: null, localUsers: 'own' };

export interface AccessOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier' | 'createEngine'>;
  state: State;
  /** Which proxy leads there, and who may use the port. */
  rulesFor?: (accessTier: HostAndPort) => LocalRules;
  /** Whether it does so after a sign-in; without, what the administrator says. */
  connectsByItself?: (service: Service) => boolean;
  /** The certificate has expired and connections wait for another one. */
  onCertificateNeeded?: () => void;
  /** The engine keeps the credentials that it had. */
  onCredentialsRefused?: (error: AppError) => void;
}

export function createAccess(options: AccessOptions) {
  const { ports, state, onCertificateNeeded = () => {}, onCredentialsRefused = () => {} } = options;
  const { rulesFor = () => STRICT, connectsByItself = (service) => service.autorun } = options;
  const { clock, log } = ports;
  const facts = createFacts({ ports, state, onCertificateNeeded });
  const engine = ports.createEngine((fact) => facts.take(fact));
  const saved = createSavedPorts(log);
  const opening = new Map<string, Promise<Tunnel>>();
  const closing = new Map<string, Promise<void>>();
  /** What an open tunnel was opened with: a changed definition reopens it. */
  const definitions = new Map<string, string>();
  /** Without, nothing opens: taken away before the tunnels are closed, so that none is missed. */
  let hasCredentials = false;
  /** Open, and refusing until somebody signs in. */
  const suspended = new Set<string>();

  /** Front ends may name anything; only what was put there counts. */
  const tunnel = (id: string): Tunnel | undefined => {
    const { states } = state.slices.tunnels;
    return Object.hasOwn(states, id) ? states[id] : undefined;
  };
  const isRunning = (id: string): boolean => {
    const current = tunnel(id);
    return current !== undefined && canClose(current);
  };

  function find(id: string): Service {
    const service = state.slices.catalog.services.find((candidate) => candidate.id === id);
    if (service) return service;
    throw new AppError('catalog/service-not-found', `There is no service "${id}" for you.`);
  }

  function publishPorts(services = state.slices.catalog.services): void {
    const choices = services.map(
      (service) => [service.id, choosePort(service, saved.current())] as const,
    );
    state.ports(Object.fromEntries(choices));
  }

  function mayOpen(id: string): Service {
    if (!hasCredentials) {
      throw new AppError('identity/sign-in-required', 'You are not signed in.');
    }
    const service = find(id);
    const refusal = refuseToOpen(service);
    if (refusal) throw refusal;
    return service;
  }

  async function open(id: string): Promise<Tunnel> {
    mayOpen(id);
    while (closing.has(id)) await closing.get(id);
    const service = mayOpen(id); // meanwhile somebody may have signed out
    const running = opening.get(id);
    if (running) return running;
    const current = tunnel(id);
    if (current?.status === 'open') return current;
    const isWanted = (): boolean => opening.get(id) === opened;
    const opened = openNow(service, isWanted).finally(() => isWanted() && opening.delete(id));
    opening.set(id, opened);
    return opened;
  }

  /** @param isWanted false: closed since then, and perhaps opened anew: what becomes of this one is nobody's state any more */
  async function openNow(service: Service, isWanted: () => boolean): Promise<Tunnel> {
    const { id } = service;
    const startedAt = clock.now();
    state.tunnel(id, { type: 'open-requested', at: startedAt });
    const choice = choosePort(service, saved.current());
    const { port, source } = choice;
    try {
      const address = await listenAndProve(service, choice);
      if (source === 'chosen' && address.port !== port) {
        await saved.keepChosen(id, address.port);
        publishPorts();
      }
      if (!isWanted()) throw closedMeanwhile(service);
      definitions.set(id, definitionOf(service));
      facts.well(id);
      return state.tunnel(id, { type: 'opened', address, at: clock.now() });
    } catch (error) {
      const told = await explainFailure(error, service, choice, startedAt);
      if (isWanted()) await engine.close(id);
      if (isWanted()) state.tunnel(id, { type: 'failed', error: toWireError(told) });
      throw told;
    }
  }

  async function listenAndProve(service: Service, choice: PortChoice): Promise<LocalAddress> {
    const { port, source } = choice;
    try {
      return await engine.open(specFor(service, choice, rulesFor(service.accessTier)));
    } catch (error) {
      const isOurs = source === 'chosen' && port !== null;
      const isTaken = error instanceof AppError && error.code === 'tunnel/port-in-use';
      if (!isOurs || !isTaken || tunnel(service.id)?.status !== 'opening') throw error;
      // Nobody assigned it, and where nobody may override it there would be no way out.
      log.info('the port chosen earlier is in use now; another one is chosen', { port });
      const other = { ...choice, port: null };
      return engine.open(specFor(service, other, rulesFor(service.accessTier)));
    }
  }

  async function explainFailure(
    error: unknown,
    service: Service,
    { host, port }: PortChoice,
    since: number,
  ): Promise<unknown> {
    if (!(error instanceof AppError)) return error;
    if (isBare(error)) {
      return facts.wordsFor(service.id, since, error);
    }
    if (error.code === 'tunnel/port-in-use' && port !== null) {
      return portInUse(state.slices, service, { host, port }, error);
    }
    if (error.code !== 'tunnel/listen-failed') return error;
    const { code, message, details } = error;
    const mayChoose = canOverride(service);
    return new AppError(code, message, { cause: error, details: { ...details, mayChoose } });
  }

  async function close(id: string): Promise<void> {
    const running = closing.get(id);
    if (running) return running; // the same end for everybody: a second one would report it too early
    if (!tunnel(id)) return void find(id);
    if (state.tunnel(id, { type: 'close-requested' }).status !== 'closing') return;
    opening.delete(id); // cancelled by this: who opens it afterwards does not want to hear that
    const done = engine.close(id).finally(() => {
      closing.delete(id);
      state.tunnel(id, { type: 'closed' });
    });
    closing.set(id, done);
    await done;
  }

  /** Not the person's wish, so it stays visible with its reason. */
  async function fail(id: string, error: AppError): Promise<void> {
    state.tunnel(id, { type: 'failed', error: error.toWire() });
    facts.tell(id, error.toWire());
    await engine.close(id);
  }

  /** What failed was the port that it had; it has another one now. */
  function forgetPortTrouble(id: string): void {
    const current = tunnel(id);
    if (current?.status !== 'failed') return;
    const { code } = current.error;
    if (isAboutListening(code)) {
      state.tunnel(id, { type: 'close-requested' });
    }
  }

  async function requireFree(service: Service, listen: LocalAddress): Promise<void> {
    if (!isLoopbackAddress(listen.host)) throw refuseAddress(listen.host);
    const look = await lookAtPort(listen);
    if (look === 'taken') throw await portInUse(state.slices, service, listen);
    if (look === 'no-address') throw addressMissing(listen.host);
    if (look === 'not-allowed') throw portNotAllowed(listen.port);
  }

  async function reopen(id: string): Promise<void> {
    await close(id);
    await open(id);
  }

  const notFollowed =
    (id: string) =>
    (error: unknown): void => {
      log.warn('a tunnel did not follow the catalogue', { tunnel: id, error });
      facts.tell(id, toWireError(error));
    };

  const autorun = createAutorun({
    open: (id) => open(id).catch(notFollowed(id)),
    isRunning,
    mayOpen: () => hasCredentials,
  });

  return {
    open,
    close,
    publishPorts,
    recentConnections: (known: number) => facts.recentConnections(known),
    /** The words for a refusal that only closed: they come another way. */
    whyRefused: (id: string, since: number, bare: AppError) => facts.wordsFor(id, since, bare),

    /** Throws why it cannot be connected, whoever is signed in. */
    requireConnectable(id: string): void {
      const refusal = refuseToOpen(find(id));
      if (refusal) throw refusal;
    },

    leaveUntilSignIn: (id: string): void => autorun.leave(id),

    /** Asked before anything changes: what cannot be had leaves tunnel and choice as they are, and is not kept. */
    async override(id: string, port: number | null, wished?: string): Promise<PortChoice> {
      const service = find(id);
      if (!canOverride(service)) {
        throw new AppError(
          'tunnel/override-not-allowed',
          `The port of ${service.friendlyName} is set by your administrator.`,
        );
      }
      const before = choosePort(service, saved.current());
      const listen = port === null ? null : { host: wished ?? before.host, port };
      const current = tunnel(id);
      const held = current?.status === 'open' ? current.address : null;
      if (listen && !(held && isSame(listen, held))) await requireFree(service, listen);
      await saved.setOverride(id, listen);
      publishPorts();
      forgetPortTrouble(id);
      const choice = choosePort(service, saved.current());
      // With an expired certificate it could only be closed: it moves when it is connected again.
      const moves = held === null || !isSame(choice, held);
      if (isRunning(id) && moves && hasCredentials) await reopen(id);
      return choosePort(service, saved.current());
    },

    onDenied: (event: EventData<'connection.denied'>): void => facts.denied(event),

    onEnded: (event: EventData<'connection.ended'>): void => facts.ended(event),

    /** The catalogue was read: close what is gone, move what has changed, start what starts by itself. */
    onServices(services: readonly Service[]): void {
      for (const id of Object.keys(state.slices.tunnels.states).filter(isRunning)) {
        const service = services.find((candidate) => candidate.id === id);
        const refusal = service
          ? refuseToOpen(service)
          : new AppError('tunnel/denied', `${id} is no longer published for you.`);
        if (refusal) fail(id, refusal).catch(notFollowed(id));
        // With an expired certificate it could only be closed: what is open stays, and moves after the next sign-in.
        else if (service && hasCredentials && hasChanged(service))
          reopen(id).catch(notFollowed(id));
      }
      const bySelf = services.filter((each) => connectsByItself(each) && !refuseToOpen(each));
      autorun.start(bySelf.map(({ id }) => id));
    },

    useOrganisation: (portsFile: string | null): Promise<void> => saved.use(portsFile),

    setCredentials(credentials: Credentials | null): void {
      if (credentials && !hasCredentials) autorun.signedIn();
      hasCredentials = credentials !== null;
      if (hasCredentials) {
        for (const id of suspended) state.tunnel(id, { type: 'way-restored' });
        suspended.clear();
      }
      engine.setCredentials(credentials).then(facts.endWait, (error: unknown) => {
        log.error('the certificate was not taken; the one before stays', { error });
        onCredentialsRefused(fromWireError(toWireError(error)));
      });
    },

    /** The certificate has expired: the engine keeps it, so that connections wait; nothing is opened anew. */
    lapse(): void {
      hasCredentials = false;
    },

    /** The organisation has ended the session: ports stay, so that programs and people are told why nothing goes. */
    suspend(because: WireError): void {
      const { states } = state.slices.tunnels;
      for (const id of Object.keys(states).filter((each) => states[each]?.status === 'open')) {
        suspended.add(id);
        state.tunnel(id, { type: 'way-lost', error: because });
      }
    },

    /** Warm connections may be dead, and what was lost may be back. */
    checkWays: (): void => engine.checkWays(),

    /** Nobody signs in: what waits is closed with the reason. */
    refuseHeld(error: WireError): void {
      engine.refuseHeld(error);
      facts.endWait();
    },

    /** Signed out, so without credentials: every way is closed, and the next person starts afresh. */
    async closeAll(): Promise<void> {
      autorun.forget();
      facts.forget();
      const ids = Object.keys(state.slices.tunnels.states);
      await Promise.all(ids.map((id) => close(id)));
      state.forgetTunnels();
    },

    stop(drainMs: number): Promise<void> {
      facts.stop();
      return engine.stop(drainMs);
    },
  };

  function hasChanged(service: Service): boolean {
    const before = definitions.get(service.id);
    return tunnel(service.id)?.status === 'open' && before !== definitionOf(service);
  }
}

const closedMeanwhile = ({ friendlyName }: Service): AppError =>
  new AppError('tunnel/cancelled', `${friendlyName} was closed while it opened.`);

const isSame = (one: Pick<PortChoice, 'host' | 'port'>, other: LocalAddress): boolean =>
  one.host === other.host && one.port === other.port;

/** Everything that a listening tunnel was told, the person's own port aside. */
const definitionOf = (service: Service): string =>
  JSON.stringify({
    ...specFor(service, { host: USUAL_HOST, port: service.assignedPort }, STRICT),
    allowUserOverride: service.allowUserOverride,
  });
