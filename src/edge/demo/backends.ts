// What the demo organisation protects: small servers on loopback that show which bytes arrived.
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { send, sendJson } from '../http/exchange.ts';
import { closerOf, listen } from '../http/listen.ts';

export interface DemoBackends {
  ports: Record<'api' | 'echo' | 'alpha' | 'beta' | 'reports' | 'wiki', number>;
  stop(): Promise<void>;
}

const FREE = { port: 0 };

export async function startDemoBackends(): Promise<DemoBackends> {
  const closers: ReturnType<typeof closerOf>[] = [];
  const http = async (name: string): Promise<number> => {
    const server = createHttpServer((request, response) => {
      sendJson(response, 200, {
        message: `Hello from ${name}`,
        method: request.method,
        path: request.url,
        host: request.headers.host,
      });
    });
    closers.push(closerOf(server));
    return listen(server, '127.0.0.1', FREE);
  };
  const wiki = createHttpServer((request, response) => {
    const { 'x-email': email = 'nobody' } = request.headers;
    // Written by the Access Tier from a verified token; escaped all the same.
    const who = String(email).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    send(response, 200, `<!doctype html><title>Wiki</title><h1>Wiki</h1><p>You are ${who}.</p>`, {
      'Content-Type': 'text/html; charset=utf-8',
    });
  });
  closers.push(closerOf(wiki));
  const sockets = new Set<{ destroy(): void }>();
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  const ports = {
    api: await http('api'),
    echo: await listen(echo, '127.0.0.1', FREE),
    alpha: await http('alpha.lab.internal'),
    beta: await http('beta.lab.internal'),
    reports: await http('reports'),
    wiki: await listen(wiki, '127.0.0.1', FREE),
  };
  return {
    ports,
    async stop() {
      const closed = new Promise<void>((resolve) => {
        echo.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, ...closers.map((close) => close(0))]);
    },
  };
}
