// A listener that knows its connections: bounded, and stopped by draining first and cutting at a deadline.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface AcceptLoopOptions {
  /** IP literal; never a name, which could resolve to something that is not loopback. */
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Beyond this, connections are refused at once rather than left waiting. */
  maxConnections: number;
  /** Serves one connection; the slot is free again when the promise settles. Must not reject. */
  serve: (socket: Socket) => Promise<void>;
  /** The listener failed after it had been listening. */
  onFailure: (error: Error) => void;
}

export interface AcceptLoop {
  readonly host: string;
  readonly port: number;
  /** Stops accepting at once, waits for running connections at most `drainMs`, then cuts them. Safe to call twice. */
  close(drainMs: number): Promise<void>;
}

/** Rejects with the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL) when the address cannot be had. */
export async function acceptLoop(options: AcceptLoopOptions): Promise<AcceptLoop> {
  const sockets = new Set<Socket>();
  const running = new Set<Promise<void>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Until somebody serves it a reset must not end the process.
    socket.on('error', () => socket.destroy());
    const serving = options.serve(socket).finally(() => {
      socket.destroy();
      running.delete(serving);
    });
    running.add(serving);
  });
  server.maxConnections = options.maxConnections;
  await listen(server, options);
  server.on('error', options.onFailure);
  const { address, port } = server.address() as AddressInfo;

  let closing: Promise<void> | undefined;
  const stop = async (drainMs: number) => {
    server.close();
    const deadline = setTimeout(() => {
      // A reset: an end would look like a finished answer, and a half-open client would never close.
      for (const socket of sockets) socket.resetAndDestroy();
    }, drainMs);
    await Promise.all(running);
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
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
