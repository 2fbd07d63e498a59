// The Access Tier: one TLS port in front of all services. Name → certificate → decision → target → bytes; over HTTP/2
// all but the name once per stream.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { relay, type RelayEnd } from '../../proxy/net/relay.ts';
import { PROBE_PROTOCOL } from '../../shared/protocol/probe.ts';
import type { RefusalCode } from '../../shared/protocol/refusals.ts';
import type { Audit, AuditEntry } from '../audit/audit.ts';
import type { ServerCertificates } from '../authority/server-certificates.ts';
import type { Changes } from '../changes.ts';
import type { EventStreams } from '../command-center/event-streams.ts';
import type { ServiceDocument } from '../command-center/documents.ts';
import type { PublishedService, Rulebook } from '../command-center/rulebook.ts';
import type { PortWish } from '../http/listen.ts';
import { type Log, reason } from '../log.ts';
import type { Denial } from '../policy/decide.ts';
import type { TokenCheck } from '../trust-provider/token-check.ts';
import { isWeb } from '../trust-provider/web-clients.ts';
import type { Admission, Admit, Caller } from './admit.ts';
import { ACME_PROTOCOL } from './alpn.ts';
import { CAPACITY, createCapacity } from './capacity.ts';
import { readConnect, refuseConnect } from './connect.ts';
import { createFrontends, type Frontends } from './frontends.ts';
import { serveStreams, type StreamAnswer, type StreamRequest } from './http2-connect.ts';
import { type Listeners, type ListenersOptions, openListeners } from './listeners.ts';
import { createLiveConnections, type LiveConnection } from './live-connections.ts';
import { createReach } from './reach.ts';
import {
  createServiceCertificates,
  type IssuedCertificates,
  type ServiceCertificates,
} from './service-certificates.ts';
import { fixedTarget } from './targets.ts';
import type { RelyingParty } from './web/relying-party.ts';
import { createSites, type Sites } from './web/sites.ts';
import { createWebServices, type WebServices } from './web/web-services.ts';

export interface AccessTierOptions {
  host: string;
  port: PortWish;
  /** How it is seen from elsewhere, where that is not as it listens; without a host, under the domain of each service. */
  outer: { host?: string | undefined; port?: number | undefined };
  /** What services select it by (`host_tag_selector`). */
  hostTags: Readonly<Record<string, string>>;
  /** PEM of the intermediate whose certificates are asked for. */
  trustIntermediate: string;
  serverCertificates: ServerCertificates;
  /** Certificates of an ACME directory; null: the configuration names none. */
  acme: (IssuedCertificates & NonNullable<ListenersOptions['challenges']>) | null;
  tierCertificate(): Promise<{ key: string; cert: string }>;
  rulebook: Rulebook;
  admit: Admit;
  events: EventStreams;
  audit: Audit;
  changes: Changes;
  tokens: TokenCheck;
  relyingParty: RelyingParty;
  /** Of web services on plain http, this computer only; null: there is none. */
  plainWebPort: number | null;
  limits: {
    handshakeMs: number;
    requestMs: number;
    dialMs: number;
    idleMs: number;
    longestMs: number;
    judgedEveryMs: number;
  };
  log: Log;
}

export interface AccessTier {
  readonly port: number;
  readonly web: WebServices;
  readonly frontends: Frontends;
  readonly sites: Sites;
  /** Connections and streams, and how many found no place since the start. */
  connections(): { open: number; turnedAway: number };
  /** Of services, that something else has. */
  closedPorts(): number[];
  /** Why a service cannot be served here as it is defined. Opens the ports that it needs. */
  problemsOf(document: ServiceDocument): Promise<DocumentProblem[]>;
  /** No new connections; running ones get `drainMs`, then are cut. */
  stop(drainMs: number): Promise<void>;
}

export interface DocumentProblem {
  path: (string | number)[];
  reason: string;
}

/** Refusals a CONNECT can be answered with; before that, and in TCP mode, the connection is closed (protocol 8). */
const ANSWERABLE = new Set<RefusalCode>([
  'role',
  'device',
  'trust_level',
  'time',
  'no_policy',
  'session_ended',
  'device_revoked',
]);

export async function startAccessTier(options: AccessTierOptions): Promise<AccessTier> {
  const { rulebook, admit, events, audit, limits, log, trustIntermediate } = options;
  const live = createLiveConnections(options);
  const reach = createReach(options);
  const capacity = createCapacity(CAPACITY);
  let port = 0;
  const frontends = createFrontends({ ...options, ownPort: () => port });
  const sites = createSites(frontends, options.plainWebPort);
  const certificates = createServiceCertificates({
    serverCertificates: options.serverCertificates,
    acme: options.acme,
    clientAuthority: trustIntermediate,
    log,
  });
  const web = createWebServices({ ...options, live, reach, frontends, sites });

  const serve = async (socket: TLSSocket): Promise<void> => {
    if (socket.alpnProtocol === ACME_PROTOCOL) return; // all that it is for was the handshake
    const serverName = socket.servername || '';
    const service = frontends.of(socket);
    if (!service) return; // it is met at another address, or went away during the handshake
    const isProbe = socket.alpnProtocol === PROBE_PROTOCOL;
    if (isWeb(service) && !isProbe) return web.serve(socket);
    const entry = {
      correlation_id: randomUUID(),
      event: isProbe ? 'probe' : 'connection',
      service: service.id,
      from: socket.remoteAddress ?? '',
    } as const;
    const admission = await admit.connection(socket, service);
    if (socket.destroyed) return;
    const byConnect = service.document.spec.backend.http_connect && !isProbe;
    const answerable = byConnect && (admission.allowed || ANSWERABLE.has(admission.denial.code));
    if (answerable && socket.alpnProtocol === 'h2') {
      // Asked again for every stream: what holds now may not hold then.
      return serveHttp2(socket, service, admission.allowed);
    }
    if (!admission.allowed) {
      const { caller, denial } = admission;
      audit.write({ ...entry, ...facts(caller), allowed: false, code: denial.code });
      if (answerable && (await readConnect(socket, limits.requestMs))) {
        return refuseConnect(socket, { status: 403, denial }, entry.correlation_id);
      }
      return refuseByClosing(socket, service, caller, denial, entry.correlation_id);
    }
    const { caller } = admission;
    const passed = { ...entry, ...passedFacts(admission) };
    if (isProbe) {
      audit.write({ ...passed, allowed: true });
      socket.write('ok\n');
      return;
    }
    // Before dialling: what ends a session while we dial must find this connection.
    const connection: LiveConnection = {
      caller,
      serviceId: service.id,
      socket,
      correlationIds: [entry.correlation_id],
    };
    const done = live.add(connection);
    try {
      const ended = await (byConnect
        ? serveConnect(socket, service, passed)
        : serveTcp(socket, service, caller, serverName, passed));
      if (ended === 'idle') live.tellLimit(connection, 'inactive');
    } finally {
      done();
    }
  };

  type Passed = Omit<AuditEntry, 'allowed'>;

  const serveConnect = async (
    socket: TLSSocket,
    service: PublishedService,
    entry: Passed,
  ): Promise<RelayEnd | void> => {
    const wanted = await readConnect(socket, limits.requestMs);
    if (wanted === null) return; // nothing was asked for: somebody who went away
    const reached = await reach({ service, wanted, entry });
    if (reached.refused) return refuseConnect(socket, reached, entry.correlation_id);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    return (await relay(socket, reached.backend, { idleMs: limits.idleMs })).ended;
  };

  const serveHttp2 = async (socket: TLSSocket, { id }: PublishedService, isAdmitted: boolean) => {
    const running = new Set<string>();
    let done: (() => void) | undefined;
    const open = async ({ wanted, signal }: StreamRequest): Promise<StreamAnswer> => {
      const correlationId = randomUUID();
      const entry = {
        correlation_id: correlationId,
        event: 'connection',
        service: id,
        from: socket.remoteAddress ?? '',
      } as const;
      const refuse = (denial: Denial, caller: Caller | null): StreamAnswer => {
        audit.write({ ...entry, ...facts(caller), allowed: false, code: denial.code });
        return { refused: true, status: 403, denial, correlationId };
      };
      // Definitions change while the connection stays: this is the one that holds now.
      const service = rulebook.service(id);
      if (!service?.document.spec.backend.http_connect) {
        return refuse({ code: 'service_unknown', reason: 'There is no such collection.' }, null);
      }
      const admission = await admit.connection(socket, service);
      if (!admission.allowed) return refuse(admission.denial, admission.caller);
      // All streams are one caller's: what denies one, cuts the whole connection.
      const { caller } = admission;
      done ??= live.add({ caller, serviceId: id, socket, correlationIds: running });
      const inactive = (): void =>
        live.tellLimit(
          { caller, serviceId: id, socket, correlationIds: [correlationId] },
          'inactive',
        );
      running.add(correlationId);
      signal.addEventListener('abort', () => running.delete(correlationId));
      if (signal.aborted) running.delete(correlationId);
      const passed = { ...entry, ...passedFacts(admission) };
      const reached = await reach({ service, wanted, entry: passed, signal });
      return reached.refused
        ? { ...reached, correlationId }
        : { ...reached, correlationId, inactive };
    };
    const streams = serveStreams(socket, {
      open: (request) =>
        open(request).catch((error: unknown) => {
          log('error', 'stream failed', { reason: reason(error) });
          socket.destroy(); // not knowing is no permission
          throw error;
        }),
      // Capacity counts streams like connections.
      takePlace: () => capacity.enterProven(socket.remoteAddress ?? '')?.leave ?? null,
      idleMs: isAdmitted ? limits.idleMs : limits.requestMs,
      // Each stream gets half of the longest life at least.
      retireMs: limits.longestMs / 2,
    });
    live.drainBy(socket, () => streams.drain());
    await streams.over;
    done?.();
  };

  const serveTcp = async (
    socket: TLSSocket,
    service: PublishedService,
    caller: Caller,
    serverName: string,
    entry: Passed,
  ): Promise<RelayEnd | void> => {
    const wanted = fixedTarget(service.document.spec.backend, serverName);
    if (!wanted) {
      const denial = { code: 'target_unresolvable', reason: 'It has no target.' } as const;
      audit.write({ ...entry, allowed: false, code: denial.code });
      return refuseByClosing(socket, service, caller, denial, entry.correlation_id);
    }
    const reached = await reach({ service, wanted, entry });
    if (reached.refused) {
      return refuseByClosing(socket, service, caller, reached.denial, entry.correlation_id);
    }
    return (await relay(socket, reached.backend, { idleMs: limits.idleMs })).ended;
  };

  const refuseByClosing = (
    socket: TLSSocket,
    service: PublishedService,
    caller: Caller | null,
    denial: Denial,
    correlationId: string,
  ): void => {
    if (caller) {
      events.send(caller.deviceId, 'connection.denied', {
        service: service.id,
        code: denial.code,
        reason: denial.reason,
        correlation_id: correlationId,
      });
    }
    endThenDestroy(socket);
  };

  const listeners = await openListeners(
    {
      ...options,
      frontends,
      certificates,
      challenges: options.acme,
      capacity,
      unencrypted: web.healthChecks,
      serve(socket) {
        live.track(socket);
        serve(socket)
          .catch((error: unknown) => {
            log('error', 'connection failed', { reason: reason(error) });
            socket.destroy();
          })
          .finally(() => endThenDestroy(socket));
      },
    },
    (own) => (port = own),
  );
  await listeners.sync();
  const stopListening = options.changes.on(({ type }) => {
    if (type === 'rules-changed') void listeners.sync();
  });
  return {
    port,
    web,
    frontends,
    sites,
    connections: () => ({ open: capacity.count(), turnedAway: capacity.turnedAway() }),
    closedPorts: () => listeners.closed(),
    problemsOf: (document) => problemsOf(document, { frontends, listeners, certificates }),
    async stop(drainMs) {
      stopListening();
      await listeners.stop(() => live.stop(drainMs));
    },
  };
}

async function problemsOf(
  document: ServiceDocument,
  tier: {
    frontends: Frontends;
    listeners: Pick<Listeners, 'problemOf'>;
    certificates: ServiceCertificates;
  },
): Promise<DocumentProblem[]> {
  const problems: DocumentProblem[] = [];
  const add = (path: string[], reason: string) =>
    problems.push({ path: ['spec', ...path], reason });
  if (!tier.frontends.isServedHere(document)) {
    add(['attributes', 'host_tag_selector'], 'no Access Tier of this organisation has these tags');
  }
  const closed = await tier.listeners.problemOf(document);
  if (closed) {
    const reason = `port ${closed.port} cannot be opened: ${closed.reason}`;
    add(['attributes', 'frontend_addresses'], reason);
  }
  const unusable = await tier.certificates.problemOf(document);
  if (unusable !== null) add(['cert_settings', unusable.setting], unusable.reason);
  return problems;
}

const facts = (caller: Caller | null) =>
  caller ? { device: caller.deviceId, person: caller.person.email } : {};
const passedFacts = ({ caller, wouldDeny }: Extract<Admission, { allowed: true }>) => ({
  ...facts(caller),
  ...(wouldDeny && { code: wouldDeny.code }),
});

/** A clean end; who does not close in turn is cut. */
function endThenDestroy(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  socket.resume();
  const deadline = setTimeout(() => socket.destroy(), 1_000);
  socket.once('close', () => clearTimeout(deadline));
}
