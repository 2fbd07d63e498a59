// The Access Tier: one TLS port in front of all services. Name → certificate → decision → target → bytes.
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { callbackify } from 'node:util';
import { DialError, dialTcp } from '../../proxy/net/dial.ts';
import { relay } from '../../proxy/net/relay.ts';
import type { RefusalCode } from '../../shared/protocol/refusals.ts';
import type { Audit, AuditEntry } from '../audit/audit.ts';
import type { ServerCertificates } from '../authority/server-certificates.ts';
import type { Changes } from '../changes.ts';
import type { EventStreams } from '../command-center/event-streams.ts';
import type { PublishedService, Rulebook } from '../command-center/rulebook.ts';
import { listen, type PortWish } from '../http/listen.ts';
import { type Log, reason } from '../log.ts';
import type { Denial } from '../policy/decide.ts';
import type { Admit, Caller } from './admit.ts';
import { readConnect, refuseConnect } from './connect.ts';
import { createLiveConnections } from './live-connections.ts';
import { findTarget, fixedTarget, type Target } from './targets.ts';

export interface AccessTierOptions {
  host: string;
  port: PortWish;
  /** PEM of the intermediate whose certificates are asked for. */
  trustIntermediate: string;
  serverCertificates: ServerCertificates;
  rulebook: Rulebook;
  admit: Admit;
  events: EventStreams;
  audit: Audit;
  changes: Changes;
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

  const serve = async (socket: TLSSocket): Promise<void> => {
    const serverName = socket.servername || '';
    const service = rulebook.serviceByDomain(serverName);
    if (!service) return; // the name went away during the handshake
    const entry = {
      correlation_id: randomUUID(),
      event: 'connection',
      service: service.id,
      from: socket.remoteAddress ?? '',
    } as const;
    const admission = await admit.connection(socket, service);
    if (!admission.allowed) {
      const { caller, denial } = admission;
      audit.write({ ...entry, ...facts(caller), allowed: false, code: denial.code });
      const answerable = service.document.spec.backend.http_connect && ANSWERABLE.has(denial.code);
      if (answerable && (await readConnect(socket, limits.requestMs))) {
        return refuseConnect(socket, 403, denial, entry.correlation_id);
      }
      return refuseByClosing(socket, service, caller, denial, entry.correlation_id);
    }
    const { caller, wouldDeny } = admission;
    const passed = { ...entry, ...facts(caller), ...(wouldDeny && { code: wouldDeny.code }) };
    // Before dialling: what ends a session while we dial must find this connection.
    const done = live.add({
      caller,
      serviceId: service.id,
      socket,
      correlationId: entry.correlation_id,
    });
    try {
      await (service.document.spec.backend.http_connect
        ? serveConnect(socket, service, passed)
        : serveTcp(socket, service, caller, serverName, passed));
    } finally {
      done();
    }
  };

  type Passed = Omit<AuditEntry, 'allowed'>;

  const serveConnect = async (socket: TLSSocket, service: PublishedService, entry: Passed) => {
    const wanted = await readConnect(socket, limits.requestMs);
    if (wanted === null) return; // nothing was asked for: a probe, or somebody who went away
    if (wanted === 'malformed') {
      audit.write({ ...entry, allowed: false, code: 'malformed_request' });
      const denial = {
        code: 'malformed_request',
        reason: 'One CONNECT host:port HTTP/1.1 is expected.',
      } as const;
      return refuseConnect(socket, 400, denial, entry.correlation_id);
    }
    const audited = { ...entry, target: `${wanted.host}:${wanted.port}` };
    const target = await findTarget(service.document.spec.backend, { ...wanted, fixed: false });
    if (!target.ok) {
      audit.write({ ...audited, allowed: false, code: target.code });
      const status = target.code === 'target_not_allowed' ? 403 : 502;
      return refuseConnect(socket, status, target, entry.correlation_id);
    }
    const backend = await dial(target);
    if ('code' in backend) {
      audit.write({ ...audited, allowed: false, code: backend.code });
      const status = backend.code === 'target_timeout' ? 504 : 502;
      return refuseConnect(socket, status, backend, entry.correlation_id);
    }
    audit.write({ ...audited, allowed: true });
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    await relay(socket, backend, { idleMs: limits.idleMs });
  };

  const serveTcp = async (
    socket: TLSSocket,
    service: PublishedService,
    caller: Caller,
    serverName: string,
    entry: Passed,
  ) => {
    const refuse = (denial: Denial) => {
      audit.write({ ...entry, allowed: false, code: denial.code });
      return refuseByClosing(socket, service, caller, denial, entry.correlation_id);
    };
    const request = fixedTarget(service.document.spec.backend, serverName);
    if (!request) return refuse({ code: 'target_unresolvable', reason: 'It has no target.' });
    const target = await findTarget(service.document.spec.backend, request);
    if (!target.ok) return refuse(target);
    const backend = await dial(target);
    if ('code' in backend) return refuse(backend);
    audit.write({ ...entry, allowed: true });
    await relay(socket, backend, { idleMs: limits.idleMs });
  };

  const dial = async (target: Extract<Target, { ok: true }>): Promise<Socket | Denial> => {
    try {
      const { address: host, port } = target;
      return await dialTcp({ host, port, deadlineMs: limits.dialMs });
    } catch (error) {
      return error instanceof DialError && error.failure === 'timed-out'
        ? { code: 'target_timeout', reason: 'The target did not answer in time.' }
        : { code: 'target_unreachable', reason: 'The target cannot be reached.' };
    }
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
        callbackify(() => serverCertificates.contextFor(name.toLowerCase()))(done);
      },
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

/** A clean end; who does not close in turn is cut. */
function endThenDestroy(socket: TLSSocket): void {
  if (socket.destroyed) return;
  socket.end();
  socket.resume();
  const deadline = setTimeout(() => socket.destroy(), 1_000);
  socket.once('close', () => clearTimeout(deadline));
}
