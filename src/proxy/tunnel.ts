// One service: a local listener in, mutual TLS to the Access Tier out. Knows no policy, stores nothing, reports facts.
import { setTimeout as delay } from 'node:timers/promises';
import type { AppError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import { type ConnectionParts, serveConnection } from './connection.ts';
import { certificateRefused, closedAtOnce, listenFailure } from './failures.ts';
import { type AcceptLoop, acceptLoop } from './net/accept-loop.ts';
import { isCertificateRefusal } from './net/dial.ts';
import { dialAccessTier } from './upstream/access-tier.ts';

const MAX_CONNECTIONS = 4_096;
/** A server turns a client down within its next answer; so long does Connect wait for that before it says "open". */
const REFUSAL_WINDOW_MS = 250;

export interface TunnelParts extends Omit<ConnectionParts, 'listening'> {
  /** Gives up opening; a tunnel that is open is closed instead. */
  signal: AbortSignal;
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
      serve: (socket) =>
        serveConnection(socket, { ...parts, listening: { host: loop.host, port: loop.port } }),
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
