// A listener that knows its connections: bounded, and stopped by draining first and cutting at a deadline.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** One connection being served. */
export interface Serving {
  /** Settles when the connection is over. Never rejects. */
  done: Promise<void>;
  /** Ends it now, by a reset: an end would look like a finished answer, and a half-open client would never close. */
  cut: () => void;
}

export interface AcceptLoopOptions {
  /** IP literal; never a name, which could resolve to something that is not loopback. */
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** So many are served at once. */
  maxConnections: number;
  /** So many more wait until another ends; beyond that they are reset at once. */
  maxWaiting: number;
  serve: (socket: Socket) => Serving;
  /** A connection was reset because too many are open. */
  onTurnedAway: () => void;
  /** The listener failed after it had been listening. */
  onFailure: (error: Error) => void;
}

export interface AcceptLoop {
  readonly host: string;
  readonly port: number;
  /** Stops accepting at once, waits for running connections at most `drainMs`, then cuts them. Safe to call twice. */
  close: (drainMs: number) => Promise<void>;
}

/**
 * Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL) when the address cannot be had.
 * Node accepts by itself, so capacity is counted right behind it: what waits here costs a descriptor and Node's first
 * read, which also shows when it has gone. Without descriptors left, libuv accepts and closes (UV_EMFILE), so that the
 * loop does not spin.
 */
export async function acceptLoop(options: AcceptLoopOptions): Promise<AcceptLoop> {
  const { maxConnections, maxWaiting, serve, onTurnedAway, onFailure } = options;
  const running = new Set<Serving>();
  const waiting = new Set<Socket>();
  let closing: Promise<void> | undefined;

  const start = (socket: Socket): void => {
    const serving = serve(socket);
    running.add(serving);
    void serving.done.then(() => {
      running.delete(serving);
      const [queued] = waiting;
      if (!queued || closing) return;
      waiting.delete(queued);
      start(queued);
    });
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // Whatever happens to it later, a reset must not end the process.
    socket.on('error', () => socket.destroy());
    if (closing) {
      socket.resetAndDestroy();
    } else if (running.size < maxConnections) {
      start(socket);
    } else if (waiting.size < maxWaiting) {
      waiting.add(socket);
      socket.once('close', () => waiting.delete(socket));
    } else {
      socket.resetAndDestroy();
      onTurnedAway();
    }
  });
  await listen(server, options);
  server.on('error', onFailure);
  const { address, port } = server.address() as AddressInfo;

  const stop = async (drainMs: number): Promise<void> => {
    server.close();
    for (const socket of waiting) socket.resetAndDestroy();
    waiting.clear();
    const deadline = setTimeout(() => {
      for (const serving of running) serving.cut();
    }, drainMs);
    await Promise.all([...running].map(({ done }) => done));
    clearTimeout(deadline);
  };
  return {
    host: address,
    port,
    close: (drainMs) => (closing ??= stop(drainMs)),
  };
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true, backlog: 1_024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
