// A local program and one of our routes, joined by a pair of streams instead of a socket.
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import type { TunnelSpec } from '../../src/proxy/messages.ts';
import type { Route, RouteParts } from '../../src/proxy/listeners/route.ts';
import type { HostAndPort } from '../../src/shared/protocol/host-port.ts';

export const aTunnelSpec = (changes: Partial<TunnelSpec> = {}): TunnelSpec => ({
  id: 'svc',
  mode: 'CHAIN',
  listen: { host: '127.0.0.1', port: 0 },
  accessTier: { host: '127.0.0.1', port: 1 },
  serverName: 'svc.test',
  ca: 'organisation',
  includeDomains: [],
  upstreamProxy: null,
  localUsers: 'own',
  ...changes,
});

/** Two streams, each of which reads what the other writes. */
export function streamPair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const end = (readable: PassThrough, writable: PassThrough) => {
    const duplex = new Duplex({
      allowHalfOpen: true,
      read: () => readable.resume(),
      write: (chunk, _encoding, done) => void writable.write(chunk, done),
      final: (done) => void writable.end(done),
      // As with sockets: when one end is gone, the other sees its stream end.
      destroy: (error, done) => {
        writable.end();
        done(error);
      },
    });
    readable.on('data', (chunk: Buffer) => duplex.push(chunk)).pause();
    readable.on('end', () => duplex.push(null));
    return duplex;
  };
  return [end(there, back), end(back, there)];
}

export interface Asked {
  target: HostAndPort | null;
  early: string;
}

export interface Outcome {
  /** What the route asked to be opened. */
  asked: Asked[];
  routed: Awaited<ReturnType<Route>>;
  error: unknown;
  /** What the program got. */
  received: string;
  /** What is still to be read from the program: nothing of it may be lost. */
  left: string;
  /** The server's end of what was opened. */
  server: Duplex;
}

export interface Options {
  spec?: Partial<TunnelSpec>;
  listening?: RouteParts['listening'];
  /** Thrown instead of opening. */
  failure?: unknown;
}

/** Lets a program send its pieces and end, and tells what came of it. */
export async function runRoute(
  route: Route,
  pieces: readonly (string | Buffer)[],
  { spec = {}, listening = { host: '127.0.0.1', port: 8080 }, failure }: Options = {},
): Promise<Outcome> {
  const [server, far] = streamPair();
  const outcome: Outcome = { asked: [], routed: null, error: null, received: '', left: '', server };
  const near = new Duplex({
    allowHalfOpen: true,
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      outcome.received += chunk.toString('latin1');
      done();
    },
  });
  near.on('error', () => {});
  const routing = route(near, {
    spec: aTunnelSpec(spec),
    listening,
    open: (target, early) => {
      outcome.asked.push({ target, early: early?.toString('latin1') ?? '' });
      return failure === undefined ? Promise.resolve(far) : Promise.reject(failure);
    },
  }).then(
    (routed) => (outcome.routed = routed),
    (error: unknown) => (outcome.error = error),
  );
  for (const piece of pieces) {
    near.push(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    await new Promise(setImmediate);
  }
  near.push(null);
  await routing;
  if (outcome.routed) {
    near.on('data', (chunk: Buffer) => (outcome.left += chunk.toString('latin1'))).resume();
    if (!near.readableEnded) await once(near, 'end');
  }
  return outcome;
}
