// The proxy of a network: CONNECT and nothing else, on loopback, with names that only it can resolve.
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface CorporateProxy {
  port: number;
  /** `host:port` of every CONNECT so far. */
  asked: string[];
  stop(): Promise<void>;
}

export interface CorporateProxyOptions {
  /** Value of `Proxy-Authorization` that it wants; others get 407. */
  authorization?: string;
  /** What it answers instead of connecting. */
  refuse?: number;
}

export async function startCorporateProxy(
  options: CorporateProxyOptions = {},
): Promise<CorporateProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, answer) => answer.writeHead(405).end());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', ({ url = '', headers }, near: Socket) => {
    asked.push(url);
    near.on('error', () => near.destroy());
    if (options.authorization && headers['proxy-authorization'] !== options.authorization) {
      return near.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    }
    if (options.refuse)
      return near.end(`HTTP/1.1 ${options.refuse} No\r\ncontent-length: 0\r\n\r\n`);
    const far = connect(Number(url.split(':').at(-1)), '127.0.0.1');
    sockets.add(far);
    far.on('error', () => near.destroy());
    far.once('connect', () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      near.pipe(far).pipe(near);
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
