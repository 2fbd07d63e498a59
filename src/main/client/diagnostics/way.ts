// The way to a server, each part of it tried by itself and under a deadline. What fails is an AppError.
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { dialThroughProxy, loopbackLookup, type UpstreamProxy } from '../../../proxy/index.ts';
import { formatHostPort, type HostAndPort } from '../../../shared/protocol/host-port.ts';
import { translateNetworkFailure } from '../organisation/failures.ts';

const DEADLINE_MS = 5_000;

export async function lookUp(target: HostAndPort): Promise<string[]> {
  if (isIP(target.host)) return [target.host];
  const find = promisify<string, object, { address: string }[]>(loopbackLookup as never);
  try {
    const found = await find(target.host, { all: true });
    return found.map(({ address }) => address);
  } catch (error) {
    throw translateNetworkFailure(error, formatHostPort(target));
  }
}

/** Straight, or through the proxy. The caller destroys it. */
export async function reach(target: HostAndPort, proxy: UpstreamProxy | null): Promise<Socket> {
  if (proxy) return dialThroughProxy(proxy, target, { deadlineMs: DEADLINE_MS });
  const socket = connectTcp({ ...target, lookup: loopbackLookup });
  return ready(socket, 'connect', target);
}

/** Inside a connection that was reached. */
export function shakeHands(
  over: Socket,
  target: HostAndPort,
  options: ConnectionOptions,
): Promise<TLSSocket> {
  return ready(connectTls({ ...options, socket: over }), 'secureConnect', target);
}

async function ready<Kind extends Socket>(
  socket: Kind,
  event: string,
  target: HostAndPort,
): Promise<Kind> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(DEADLINE_MS) });
    socket.on('error', () => {}); // whoever reads sees the end
    return socket;
  } catch (error) {
    socket.on('error', () => {}); // a late second error says nothing new
    socket.destroy();
    throw translateNetworkFailure(isTimeout(error) ? timedOut() : error, formatHostPort(target));
  }
}

const isTimeout = (error: unknown): boolean =>
  error instanceof Error && error.name === 'AbortError';
const timedOut = (): Error => Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' });

/** All that is said until it closes, or null where it stays open for so long and says nothing. */
export function heard(socket: Socket, withinMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), withinMs);
    const done = (said: string): void => {
      clearTimeout(timer);
      resolve(said);
    };
    socket.once('data', (bytes: Buffer) => done(bytes.toString('latin1')));
    socket.once('close', () => done(''));
  });
}
