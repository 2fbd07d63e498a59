// A collection of the demo organisation that reaches servers of the test: `any.wide.internal:<port>` on loopback.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestEdge } from './start-edge.ts';

export const COLLECTION = { id: 'wide.demo.bnn', domain: 'wide.demo.localhost' } as const;
export const HOST = 'any.wide.internal';

/** The collection as a document; other ports than those get 403. */
export const publishCollection = (edge: TestEdge, ports: readonly number[]): Promise<void> =>
  edge.edge.apply({
    services: [
      {
        kind: 'BanyanService',
        metadata: {
          name: 'wide',
          cluster: 'demo',
          tags: {
            domain: COLLECTION.domain,
            service_app_type: 'GENERIC',
            banyanproxy_mode: 'CHAIN',
          },
        },
        spec: {
          backend: {
            http_connect: true,
            dns_overrides: { [HOST]: '127.0.0.1' },
            allow_patterns: [
              { hostnames: [HOST], cidrs: ['127.0.0.1/32'], ports: { port_list: ports } },
            ],
          },
        },
      },
    ],
    attachments: [{ PolicyID: 'engineers', ServiceID: COLLECTION.id, Enabled: 'TRUE' }],
  });

export interface TestBackend {
  port: number;
  /** All connections so far. */
  sockets: Socket[];
  stop(): Promise<void>;
}

/** A server on loopback that keeps its connections half-open. */
export async function startBackend(behave: (socket: Socket) => void): Promise<TestBackend> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
