// Starts and stops node servers: a preferred port, another when it is taken, and an end that comes.
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface PortWish {
  /** 0: any free one. */
  port: number;
  /** Take any free one when it is in use; otherwise that is an error. */
  orFree?: boolean;
  /** Where another one than the edge's own is meant. */
  address?: string;
}

export async function listen(
  server: Server,
  host: string,
  { port, orFree = false, address = host }: PortWish,
): Promise<number> {
  try {
    await listenOnce(server, address, port);
  } catch (error) {
    if (!orFree || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await listenOnce(server, address, 0);
  }
  return (server.address() as AddressInfo).port;
}

const listenOnce = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

/**
 * How to end a server that is about to listen: requests under way get `drainMs`, then everything is cut. From the first packet
 * on: node:http knows a TLS connection only once it has shaken hands, and one that does so while its server closes would be
 * held until the other side goes.
 */
export function closerOf(server: HttpServer): (drainMs: number) => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return async (drainMs) => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, drainMs);
    await closed;
    clearTimeout(timer);
  };
}
