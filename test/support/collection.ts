// Services of the demo organisation that reach servers of the test: a collection with `any.wide.internal:<port>` on
// loopback, and single ones.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { DemoEdge } from '../../src/edge/demo.ts';

export const COLLECTION = { id: 'wide.demo.bnn', domain: 'wide.demo.localhost' } as const;
export const HOST = 'any.wide.internal';

/** What other ports are asked for gets 403. */
export const publishCollection = (
  { edge }: Pick<DemoEdge, 'edge'>,
  ports: readonly number[],
): Promise<void> =>
  publish({ edge }, 'wide', 'CHAIN', {
    http_connect: true,
    dns_overrides: { [HOST]: '127.0.0.1' },
    allow_patterns: [{ hostnames: [HOST], cidrs: ['127.0.0.1/32'], ports: { port_list: ports } }],
  });

/** A service in TCP mode in front of a port of this computer; gives its domain. */
export async function publishService(
  edge: Pick<DemoEdge, 'edge'>,
  name: string,
  port: number,
  target: Record<string, unknown> = {},
): Promise<string> {
  await publish(edge, name, 'TCP', { target: { name: '127.0.0.1', port, ...target } });
  return `${name}.demo.localhost`;
}

const publish = (
  edge: Pick<DemoEdge, 'edge'>,
  name: string,
  banyanproxy_mode: string,
  backend: object,
): Promise<void> => publishTyped(edge, name, { banyanproxy_mode }, backend);

/** With tags as an administrator writes them; without a type it is GENERIC. */
export const publishTyped = (
  { edge }: Pick<DemoEdge, 'edge'>,
  name: string,
  tags: Readonly<Record<string, unknown>>,
  backend: object,
): Promise<void> =>
  edge.apply({
    services: [
      {
        kind: 'BanyanService',
        metadata: {
          name,
          cluster: 'demo',
          tags: {
            domain: `${name}.demo.localhost`,
            service_app_type: 'GENERIC',
            ...tags,
          },
        },
        spec: { backend },
      },
    ],
    attachments: [{ PolicyID: 'engineers', ServiceID: `${name}.demo.bnn`, Enabled: 'TRUE' }],
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
