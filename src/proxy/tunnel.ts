// One service: a local listener in, mutual TLS to the Access Tier out. Knows no policy, stores nothing, reports facts.
import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContext, TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { AppError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import { formatHostPort } from '../shared/protocol/host-port.ts';
import { certificateRefused, dialFailure, listenFailure, noCredentials } from './failures.ts';
import { routeHttpConnect } from './listeners/http-connect.ts';
import { TargetError } from './listeners/route.ts';
import { routeTcp } from './listeners/tcp.ts';
import type { TunnelSpec } from './messages.ts';
import { type AcceptLoop, acceptLoop } from './net/accept-loop.ts';
import type { TlsContexts } from './net/credentials.ts';
import { dialTls, isCertificateRefusal } from './net/dial.ts';
import { relay } from './net/relay.ts';
import type { TunnelSink } from './tunnel-events.ts';

const MAX_CONNECTIONS = 4_096;
const DIAL_DEADLINE_MS = 20_000;
const IDLE_MS = 60 * 60_000;
/** A server turns a client down within its next answer; so long does Connect wait for that before it says "open". */
const REFUSAL_WINDOW_MS = 250;

/** On a line of any length a refusal is on its way by then. */
const REFUSED_WITHIN_MS = 2_000;

export interface TunnelParts {
  spec: TunnelSpec;
  /** Asked for every connection, so that a renewal reaches the next one. */
  contexts: () => TlsContexts | null;
  nextConnection: () => number;
  sink: TunnelSink;
  /** Gives up opening; a tunnel that is open is closed instead. */
  signal?: AbortSignal;
}

export interface RunningTunnel {
  address: LocalAddress;
  close(drainMs: number): Promise<void>;
}

/** Listens, proves the way once, resolves. On any failure nothing is left listening. */
export async function openTunnel(parts: TunnelParts): Promise<RunningTunnel> {
  const { spec, sink } = parts;
  let loop: AcceptLoop;
  try {
    loop = await acceptLoop({
      ...spec.listen,
      maxConnections: MAX_CONNECTIONS,
      serve: (socket) => serveConnection(socket, parts),
      onFailure: (error) =>
        sink({ type: 'failed', tunnel: spec.id, error: listenFailure(spec, error).toWire() }),
    });
  } catch (error) {
    throw listenFailure(spec, error);
  }
  try {
    await proveTheWay(parts);
  } catch (error) {
    await loop.close(0);
    throw error;
  }
  return { address: { host: loop.host, port: loop.port }, close: (drainMs) => loop.close(drainMs) };
}

/** Relays stdin and stdout, or any other pair of streams, instead of a local port. Resolves when it is over. */
export async function serveConnection(near: Duplex, parts: TunnelParts): Promise<void> {
  const { spec, sink } = parts;
  const refuse = (target: string, error: AppError) =>
    sink({ type: 'connection-refused', tunnel: spec.id, target, error: error.toWire() });
  const gone = new AbortController();
  const onClose = () => gone.abort();
  near.once('close', onClose);
  try {
    const route = spec.mode === 'CHAIN' ? routeHttpConnect : routeTcp;
    const dial = () => dialAccessTier(parts, gone.signal);
    const routed = await route(near, { spec, dial, gone: gone.signal });
    if (!routed) return;
    const { far, target } = routed;
    let alert: Error | undefined;
    far.on('error', (error) => {
      if (isCertificateRefusal(error)) alert = error;
    });
    const connection = parts.nextConnection();
    const startedAt = performance.now();
    sink({ type: 'connection-opened', tunnel: spec.id, connection, target });
    // An Access Tier that refuses in TCP mode just closes: before a byte, and before the program has said all it had.
    let closedFirst = false;
    far.once('end', () => {
      closedFirst = !near.readableEnded && performance.now() - startedAt < REFUSED_WITHIN_MS;
    });
    const { bytesNearToFar, bytesFarToNear } = await relay(near, far, { idleMs: IDLE_MS });
    sink({
      type: 'connection-closed',
      tunnel: spec.id,
      connection,
      bytesSent: bytesNearToFar,
      bytesReceived: bytesFarToNear,
      durationMs: performance.now() - startedAt,
    });
    if (alert) refuse(target, certificateRefused(alert));
    else if (closedFirst && bytesFarToNear === 0) refuse(target, closedAtOnce(spec));
  } catch (error) {
    near.destroy();
    const cause = error instanceof TargetError ? error.cause : error;
    const target = error instanceof TargetError ? error.target : formatHostPort(spec.accessTier);
    const failure = dialFailure(spec, cause);
    // The local program went away, or the tunnel is being closed: nobody was refused.
    if (failure.code !== 'tunnel/cancelled') refuse(target, failure);
  }
}

async function dialAccessTier(
  { spec, contexts }: TunnelParts,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  const current = contexts();
  if (!current) throw noCredentials();
  const secureContext: SecureContext = current[spec.ca];
  try {
    const socket = await dialTls({
      ...spec.accessTier,
      serverName: spec.serverName,
      secureContext,
      deadlineMs: DIAL_DEADLINE_MS,
      signal,
    });
    // From here on somebody must always listen: an unheard 'error' ends the process.
    socket.on('error', () => {});
    return socket;
  } catch (error) {
    throw dialFailure(spec, error);
  }
}

/** Name, TCP, TLS, the server's name, and that our certificate is not turned down at once. */
async function proveTheWay(parts: TunnelParts): Promise<void> {
  const socket = await dialAccessTier(parts, parts.signal);
  const window = new AbortController();
  try {
    const refused = new Promise<AppError>((resolve) => {
      socket.on('error', (error) =>
        resolve(isCertificateRefusal(error) ? certificateRefused(error) : closedAtOnce(parts.spec)),
      );
      socket.on('end', () => resolve(closedAtOnce(parts.spec)));
      socket.resume();
    });
    const refusal = await Promise.race([
      refused,
      delay(REFUSAL_WINDOW_MS, null, { signal: window.signal }),
    ]);
    if (refusal) throw refusal;
  } finally {
    window.abort();
    socket.destroy();
  }
}

const closedAtOnce = ({ serverName }: TunnelSpec): AppError =>
  new AppError('tunnel/denied', `The Access Tier closed the connection to ${serverName} at once.`);
