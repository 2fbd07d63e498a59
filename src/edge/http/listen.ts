// Starts and stops node servers: a preferred port, another when it is taken, and an end that comes.
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

export interface PortWish {
  /** 0: any free one. */
  port: number;
  /** Take any free one when it is in use; otherwise that is an error. */
  orFree?: boolean;
}

export async function listen(
  server: Server,
  host: string,
  { port, orFree = false }: PortWish,
): Promise<number> {
  try {
    await listenOnce(server, host, port);
  } catch (error) {
    if (!orFree || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await listenOnce(server, host, 0);
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

/** Requests under way get `drainMs`, then everything is cut. */
export async function closeHttp(server: HttpServer, drainMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearTimeout(timer);
}
