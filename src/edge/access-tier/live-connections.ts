// Connections that run now: judged again when something changes and as time passes, cut at the longest life, drained
// at the end. See docs/decisions/0007.
import type { Socket } from 'node:net';
import type { EventData } from '../../shared/protocol/events.ts';
import type { Audit } from '../audit/audit.ts';
import type { Changes } from '../changes.ts';
import type { EventStreams } from '../command-center/event-streams.ts';
import { type Log, reason } from '../log.ts';
import type { Denial } from '../policy/decide.ts';
import type { L7Request } from '../policy/l7-rules.ts';
import type { Admit, Caller } from './admit.ts';

export interface LiveConnection {
  caller: Caller;
  serviceId: string;
  socket: Socket;
  /** Of what runs on it: one, or one for each stream. Requests of a web service are added one by one. */
  correlationIds: Iterable<string>;
  /** Of a web service: by which rules for requests it is judged. */
  request?: L7Request;
}

export type Limit = EventData<'connection.ended'>['code'];

export interface LiveConnections {
  /** Every accepted socket, so that stopping reaches it. */
  track(socket: Socket): void;
  /** How this one is told that it shall end soon; without it, it just goes on until the drain is over. */
  drainBy(socket: Socket, drain: () => void): void;
  /** Accepted sockets that are open. */
  count(): number;
  /** An admitted one; returns what to call when it is over. */
  add(connection: LiveConnection): () => void;
  /** Tells its device which limit has ended it. */
  tellLimit(connection: LiveConnection, code: Limit): void;
  stop(drainMs: number): Promise<void>;
}

export interface LiveConnectionsOptions {
  admit: Admit;
  audit: Audit;
  changes: Changes;
  events: Pick<EventStreams, 'send'>;
  limits: { longestMs: number; judgedEveryMs: number };
  log: Log;
}

const LIMIT_REASONS = {
  session_cap: 'It had lasted as long as a connection may.',
  inactive: 'Nothing had passed on it for as long as a connection may be idle.',
} as const satisfies Record<Limit, string>;

export function createLiveConnections(options: LiveConnectionsOptions): LiveConnections {
  const { admit, audit, changes, events, limits, log } = options;
  const sockets = new Set<Socket>();
  const drains = new Map<Socket, () => void>();
  const connections = new Set<LiveConnection>();
  let stopping = false;

  const judgeAgain = async (connection: LiveConnection): Promise<void> => {
    const { caller, serviceId, socket, correlationIds, request } = connection;
    const admission = await admit.again(caller, serviceId, request);
    if (admission.allowed || socket.destroyed) return;
    // A cut looks like any reset. A browser is not the app: it is told by its next request.
    if (!request) tellDenial(connection, admission.denial);
    for (const correlation_id of correlationIds) {
      audit.write({
        correlation_id,
        event: 'connection-cut',
        allowed: false,
        code: admission.denial.code,
        service: serviceId,
        device: caller.deviceId,
        person: caller.person.email,
      });
    }
    socket.destroy();
  };
  const judge = (connection: LiveConnection): void => {
    judgeAgain(connection).catch((error: unknown) => {
      // Not knowing is no permission.
      log('error', 'a running connection could not be judged', { reason: reason(error) });
      connection.socket.destroy();
    });
  };
  const judgeAll = (): void => {
    for (const connection of connections) judge(connection);
  };
  const stopListening = changes.on(judgeAll);
  // Nobody announces that a session has run out or that the hours of a policy are over.
  const clock = setInterval(judgeAll, limits.judgedEveryMs);
  clock.unref();

  const tellDenial = (connection: LiveConnection, { code, reason }: Denial): void => {
    const { caller, serviceId: service, correlationIds } = connection;
    const [correlation_id] = correlationIds;
    if (correlation_id === undefined) return; // nothing ran on it
    events.send(caller.deviceId, 'connection.denied', { service, code, reason, correlation_id });
  };

  const tellLimit = (connection: LiveConnection, code: Limit): void => {
    const { caller, serviceId: service, correlationIds } = connection;
    const [correlation_id] = correlationIds;
    if (correlation_id === undefined) return; // nothing ran on it
    const reason = LIMIT_REASONS[code];
    events.send(caller.deviceId, 'connection.ended', { service, code, reason, correlation_id });
  };

  return {
    tellLimit,
    track(socket) {
      sockets.add(socket);
      const longest = setTimeout(() => {
        for (const each of connections) if (each.socket === socket) tellLimit(each, 'session_cap');
        socket.destroy();
      }, limits.longestMs);
      longest.unref();
      socket.on('close', () => {
        clearTimeout(longest);
        sockets.delete(socket);
        drains.delete(socket);
      });
    },
    drainBy(socket, drain) {
      drains.set(socket, drain);
      if (stopping) drain();
    },
    count: () => sockets.size,
    add(connection) {
      connections.add(connection);
      // Something may have changed between the decision and now.
      judge(connection);
      return () => connections.delete(connection);
    },
    async stop(drainMs) {
      stopping = true;
      stopListening();
      clearInterval(clock);
      for (const drain of drains.values()) drain();
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, drainMs);
      await Promise.all(
        [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
      );
      clearTimeout(deadline);
    },
  };
}
