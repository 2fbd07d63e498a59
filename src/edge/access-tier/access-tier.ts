// The Access Tier: one TLS port in front of all services. Name → certificate → decision → target → bytes; over HTTP/2
// all but the name once per stream.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { callbackify } from 'node:util';
import { relay } from '../../proxy/net/relay.ts';
import { PROBE_PROTOCOL } from '../../shared/protocol/probe.ts';
import type { RefusalCode } from '../../shared/protocol/refusals.ts';
import type { Audit, AuditEntry } from '../audit/audit.ts';
import type { ServerCertificates } from '../authority/server-certificates.ts';
import type { Changes } from '../changes.ts';
import type { EventStreams } from '../command-center/event-streams.ts';
import type { PublishedService, Rulebook } from '../command-center/rulebook.ts';
import { listen, type PortWish } from '../http/listen.ts';
import { type Log, reason } from '../log.ts';
import type { Denial } from '../policy/decide.ts';
import type { TokenCheck } from '../trust-provider/token-check.ts';
import { isWeb } from '../trust-provider/web-clients.ts';
import type { Admission, Admit, Caller } from './admit.ts';
import { chooseProtocol } from './alpn.ts';
import { readConnect, refuseConnect } from './connect.ts';
import { serveStreams, type StreamAnswer, type StreamRequest } from './http2-connect.ts';
import { createLiveConnections } from './live-connections.ts';
import { createReach } from './reach.ts';
import { fixedTarget } from './targets.ts';
import type { RelyingParty } from './web/relying-party.ts';
import { createWebServices, type WebServices } from './web/web-services.ts';

export interface AccessTierOptions {
  host: string;
  port: PortWish;
  /** Where browsers reach it, if that is not the port that it listens at. */
  outerPort: number | undefined;
  /** PEM of the intermediate whose certificates are asked for. */
  trustIntermediate: string;
  serverCertificates: ServerCertificates;
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
  /** Where browsers find a web service; the plain address, where there is one, comes first. */
  webOrigins(service: PublishedService): [string, ...string[]];
  /** No new connections; running ones get `drainMs`, then are cut. */
  stop(drainMs: number): Promise<void>;
}

const MAX_CONNECTIONS = 8_192;

/** Refusals a CONNECT can be answered with; before that, and in TCP mode, the connection is closed (protocol 8). */
const ANSWERABLE = new Set<RefusalCode>([
  'role',
  'trust_level',
  'time',
  'no_policy',
  'session_ended',
  'device_revoked',
]);

export async function startAccessTier(options: AccessTierOptions): Promise<AccessTier> {
  const { rulebook, admit, events, audit, limits, log } = options;
  const live = createLiveConnections(options);
  const reach = createReach(options);
  const secureOrigin = ({ document }: PublishedService): string =>
    new URL(`https://${document.metadata.tags.domain}:${options.outerPort ?? port}`).origin;
  const plainOrigin = ({ document }: PublishedService): string | null =>
    options.plainWebPort === null
      ? null
      : new URL(`http://${document.metadata.tags.domain}:${options.plainWebPort}`).origin;
  const web = createWebServices({ ...options, live, reach, secureOrigin, plainOrigin });

  const serve = async (socket: TLSSocket): Promise<void> => {
    const serverName = socket.servername || '';
    const service = rulebook.serviceByDomain(serverName);
    if (!service) return; // the name went away during the handshake
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
    const done = live.add({
      caller,
      serviceId: service.id,
      socket,
      correlationIds: [entry.correlation_id],
    });
    try {
      await (byConnect
        ? serveConnect(socket, service, passed)
        : serveTcp(socket, service, caller, serverName, passed));
    } finally {
      done();
    }
  };

  type Passed = Omit<AuditEntry, 'allowed'>;

  const serveConnect = async (socket: TLSSocket, service: PublishedService, entry: Passed) => {
    const wanted = await readConnect(socket, limits.requestMs);
    if (wanted === null) return; // nothing was asked for: somebody who went away
    const reached = await reach({ service, wanted, entry });
    if (reached.refused) return refuseConnect(socket, reached, entry.correlation_id);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    await relay(socket, reached.backend, { idleMs: limits.idleMs });
  };

  let places = 0;
  /** Capacity counts streams like connections. */
  const takePlace = () => {
    if (live.count() + places >= MAX_CONNECTIONS) return null;
    server.maxConnections = MAX_CONNECTIONS - ++places;
    return () => {
      server.maxConnections = MAX_CONNECTIONS - --places;
    };
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
      running.add(correlationId);
      signal.addEventListener('abort', () => running.delete(correlationId));
      if (signal.aborted) running.delete(correlationId);
      const passed = { ...entry, ...passedFacts(admission) };
      return { ...(await reach({ service, wanted, entry: passed, signal })), correlationId };
    };
    const streams = serveStreams(socket, {
      open: (request) =>
        open(request).catch((error: unknown) => {
          log('error', 'stream failed', { reason: reason(error) });
          socket.destroy(); // not knowing is no permission
          throw error;
        }),
      takePlace,
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
  ) => {
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
    await relay(socket, reached.backend, { idleMs: limits.idleMs });
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

  const server = createTlsServer(options, (socket) => {
    live.track(socket);
    serve(socket)
      .catch((error: unknown) => {
        log('error', 'connection failed', { reason: reason(error) });
        socket.destroy();
      })
      .finally(() => endThenDestroy(socket));
  });
  // Node does not tell when a connection ends before its handshake: those are forgotten by time.
  const unproven = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    unproven.add(socket);
    const forget = setTimeout(() => unproven.delete(socket), limits.handshakeMs + 1_000);
    forget.unref();
  });
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, options.host, options.port);
  return {
    port,
    web,
    webOrigins(service) {
      const plain = plainOrigin(service);
      return plain === null ? [secureOrigin(service)] : [plain, secureOrigin(service)];
    },
    async stop(drainMs) {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await live.stop(drainMs);
      // What never got through its handshake has nothing to drain.
      for (const socket of unproven) socket.destroy();
      await closed;
    },
  };
}

function createTlsServer(options: AccessTierOptions, serve: (socket: TLSSocket) => void): Server {
  const { rulebook, serverCertificates, limits } = options;
  const server = createServer(
    {
      // Certificates come by name only: no name, an unknown name or no TLS at all ends the connection.
      SNICallback: (name, done) => {
        if (!rulebook.serviceByDomain(name)) {
          done(new Error('unknown server name'));
          return;
        }
        callbackify(() =>
          serverCertificates.contextFor(name.toLowerCase(), options.trustIntermediate),
        )(done);
      },
      ALPNCallback: ({ servername, protocols }) =>
        chooseProtocol(
          protocols,
          rulebook.serviceByDomain(servername)?.document.spec.backend.http_connect === true,
        ),
      requestCert: true,
      // What was presented is judged by `admit`, which is stricter, tells why, and also sees resumed sessions.
      rejectUnauthorized: false,
      ca: options.trustIntermediate,
      // Not 1.2: there Node does not tell the server name of a resumed session, and certificates travel in the clear.
      minVersion: 'TLSv1.3',
      handshakeTimeout: limits.handshakeMs,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    } as Parameters<typeof createServer>[0],
    (socket) => {
      socket.on('error', () => socket.destroy()); // resets are ordinary
      serve(socket);
    },
  );
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
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
