// What whoever looks after an edge relies on: health, numbers, a new configuration while it runs, an end that drains, and
// that nobody takes all places.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_POSTURE } from '../../src/edge/policy/posture.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { openEvents } from '../support/event-stream.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

type Options = Parameters<typeof startEdge>[0];

async function start(options: Options = {}): Promise<TestEdge & { ask: typeof fetchText }> {
  const edge = await startEdge({ ...options, ports: { operations: { port: 0 } } });
  onTestFinished(() => edge.stop());
  const origin = `http://127.0.0.1:${edge.edge.operationsPort}`;
  return { ...edge, ask: (path, init) => fetchText(`${origin}${path}`, init) };
}
async function fetchText(url: string, init?: RequestInit) {
  const answer = await fetch(url, init);
  return { status: answer.status, text: await answer.text() };
}
const aPerson = async (edge: TestEdge): Promise<SignedIn> =>
  signIn(edge, await registerDevice(edge));

function dial(edge: TestEdge, { trust }: SignedIn, more: object = {}): TLSSocket {
  const socket = connect({
    host: '127.0.0.1',
    port: edge.edge.accessTierPort,
    servername: 'echo.demo.localhost',
    ca: edge.edge.root,
    ...trust,
    ...more,
  });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}
/** Whether what is said there comes back. */
async function echoes(socket: TLSSocket): Promise<boolean> {
  const answer = Promise.race([
    once(socket, 'data').then(() => true),
    new Promise<false>((resolve) => socket.once('close', () => resolve(false))),
  ]);
  socket.write('x');
  return answer;
}
const number = (text: string, name: string): number =>
  Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);

describe('health and metrics', () => {
  test('an edge that works says so; there is no such port unless it is asked for', async () => {
    const edge = await start();
    expect(await edge.ask('/health')).toEqual({ status: 200, text: 'ok\n' });
    expect((await edge.ask('/')).status).toBe(404);
    expect((await edge.ask('/health', { method: 'POST' })).status).toBe(405);
    const other = await startEdge();
    onTestFinished(() => other.stop());
    expect(other.edge.operationsPort).toBeNull();
  });

  test('connections and decisions are counted, and no label tells of a person or a device', async () => {
    const edge = await start();
    const dana = await aPerson(edge);
    const socket = dial(edge, dana);
    expect(await echoes(socket)).toBe(true);
    expect(await echoes(dial(edge, dana, { servername: 'payroll.demo.localhost' }))).toBe(false);
    const { text } = await edge.ask('/metrics');
    expect(number(text, 'banyan_edge_connections')).toBeGreaterThanOrEqual(1);
    expect(text).toContain(
      'banyan_edge_decisions_total{event="connection",allowed="true",code=""} 1\n',
    );
    expect(text).toContain(
      'banyan_edge_decisions_total{event="connection",allowed="false",code="role"} 1\n',
    );
    expect(number(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(text).not.toContain(dana.device.id);
    expect(text).not.toContain('@');
    // Every line is a comment or a sample of the text format.
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[^}]*\})? [0-9.e+]+)$/);
    }
    socket.destroy();
    await until(
      async () => number((await edge.ask('/metrics')).text, 'banyan_edge_connections') === 0,
    );
  });

  test('a port of a service that something else has is told', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const edge = await start();
    await edge.edge.apply({
      services: [
        {
          kind: 'BanyanService',
          metadata: {
            name: 'late',
            cluster: 'demo',
            tags: { domain: 'late.demo.localhost', service_app_type: 'GENERIC' },
          },
          spec: {
            attributes: { frontend_addresses: [{ port }] },
            backend: { target: { name: '127.0.0.1', port: 1 } },
          },
        },
      ],
    });
    await until(async () => (await edge.ask('/health')).status === 503);
    expect((await edge.ask('/health')).text).toBe(`port ${port} of a service cannot be opened\n`);
    expect(number((await edge.ask('/metrics')).text, 'banyan_edge_errors_total')).toBe(1);
  });

  test('while it drains it says so, and what runs goes on until it is over', async () => {
    const edge = await start();
    const socket = dial(edge, await aPerson(edge));
    expect(await echoes(socket)).toBe(true);
    const stopped = edge.stop(10_000);
    await until(async () => (await edge.ask('/health')).text === 'stopping\n');
    expect(await echoes(socket)).toBe(true);
    socket.destroy();
    await stopped;
  });

  test('a drain has its limit', async () => {
    const edge = await start();
    const socket = dial(edge, await aPerson(edge));
    expect(await echoes(socket)).toBe(true);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await edge.stop(200);
    await closed;
  });
});

describe('a new configuration', () => {
  const config = (edge: TestEdge, change: object) => ({
    data: edge.data,
    name: 'Demo',
    host: 'demo.localhost',
    address: '127.0.0.1',
    ports: { public: {}, mutual: {}, browser: null, accessTier: {} } as never,
    lifetimes: {},
    documents: {},
    users: [],
    posture: DEFAULT_POSTURE,
    ...change,
  });

  test('of posture is judged by at once, of limits holds for what comes; the rest waits and is named', async () => {
    const edge = await start();
    const dana = await aPerson(edge);
    const before = dial(edge, dana);
    expect(await echoes(before)).toBe(true);
    const waiting = edge.edge.reload(config(edge, { lifetimes: { idle: 1 }, name: 'Other' }));
    expect(waiting).toEqual(expect.arrayContaining(['name', 'ports']));
    expect(waiting).not.toContain('data');
    expect(await echoes(before)).toBe(true);
    const idle = dial(edge, dana);
    expect(await echoes(idle)).toBe(true);
    const at = Date.now();
    await new Promise((resolve) => idle.once('close', resolve));
    expect(Date.now() - at).toBeLessThan(5_000);
    await until(
      async () => number((await edge.ask('/metrics')).text, 'banyan_edge_connections') === 1,
    );

    const cut = new Promise((resolve) => before.once('close', resolve));
    edge.edge.reload(config(edge, { posture: { ...DEFAULT_POSTURE, absent: 'AlwaysDeny' } }));
    await cut;
  });
});

describe('limits', () => {
  test.each([
    [{ connection: 2 }, 'session_cap'],
    [{ idle: 1 }, 'inactive'],
  ] as const)('one that ends a connection (%j) tells the device: %s', async (lifetimes, code) => {
    const edge = await start({ lifetimes });
    const dana = await aPerson(edge);
    const events = await openEvents(edge, dana);
    onTestFinished(() => events.close());
    const socket = dial(edge, dana);
    expect(await echoes(socket)).toBe(true);
    expect(await events.next('connection.ended')).toMatchObject({
      service: 'echo.demo.bnn',
      code,
      reason: expect.stringContaining('as long as a connection may'),
      correlation_id: expect.stringMatching(/^[\da-f-]{36}$/),
    });
  });

  test('a session ends at its longest life, whatever passes on it', async () => {
    const edge = await start({ lifetimes: { connection: 1 } });
    const socket = dial(edge, await aPerson(edge));
    const at = Date.now();
    const busy = setInterval(() => socket.write('x'), 100);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(busy);
    expect(Date.now() - at).toBeGreaterThan(700);
    expect(Date.now() - at).toBeLessThan(5_000);
  });

  test('whoever does not say in time who they are is cut, however slowly they go on', async () => {
    const edge = await start({ lifetimes: { identification: 1 } });
    const socket = connectTcp(edge.edge.accessTierPort, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    // The head of a TLS record, a byte at a time.
    const hello = Buffer.from('160301020001000001fc0303', 'hex');
    let sent = 0;
    const slowly = setInterval(() => socket.write(hello.subarray(sent, (sent += 1))), 250);
    const at = Date.now();
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(slowly);
    expect(Date.now() - at).toBeLessThan(4_000);
  });

  const httpsPorts = (edge: TestEdge) =>
    [edge.edge.document.issuer, edge.edge.document.command_center].map((at) =>
      Number(new URL(at).port),
    );

  test('one source that never shakes hands keeps nobody else from the ports of the TrustProvider and the Command Center', async () => {
    const edge = await start();
    const dana = await aPerson(edge);
    for (const port of httpsPorts(edge)) {
      let closed = 0;
      const hanging = Array.from({ length: 600 }, () => {
        const socket = connectTcp({ port, host: '127.0.0.1', localAddress: '127.0.0.9' });
        socket.on('error', () => {});
        socket.on('close', () => (closed += 1));
        return socket.resume();
      });
      onTestFinished(() => hanging.forEach((socket) => socket.destroy()));
      await until(() => Promise.resolve(closed === 600 - 512));
    }
    expect((await dana.device.call(`${edge.edge.document.command_center}/services`)).status).toBe(
      401,
    );
    const organisation = `${edge.edge.document.issuer}/.well-known/openid-configuration`;
    expect((await dana.device.call(organisation)).status).toBe(200);
  });

  test('who sends a handshake or a request byte by byte is cut at the ports of TrustProvider and Command Center', async () => {
    const edge = await start();
    const slow = httpsPorts(edge).flatMap((port) => {
      const address = { port, host: '127.0.0.1' };
      return [
        { socket: connectTcp(address), bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' },
        {
          socket: connect({ ...address, servername: 'demo.localhost', ca: edge.edge.root }),
          bytes: 'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: demo.localhost\r\n',
        },
      ];
    });
    const at = Date.now();
    const ends = slow.map(async ({ socket, bytes }) => {
      let sent = 0;
      const slowly = setInterval(() => socket.write(bytes.slice(sent, (sent += 1)), 'latin1'), 500);
      socket.on('error', () => {});
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
      clearInterval(slowly);
      return Date.now() - at;
    });
    expect(Math.max(...(await Promise.all(ends)))).toBeLessThan(25_000);
  }, 40_000);

  test('one source that never shakes hands keeps nobody else out, and costs no more than its places', async () => {
    const edge = await start();
    const dana = await aPerson(edge);
    const hanging: Socket[] = [];
    let closed = 0;
    onTestFinished(() => {
      for (const socket of hanging) socket.destroy();
    });
    for (let at = 0; at < 600; at += 1) {
      const socket = connectTcp({
        port: edge.edge.accessTierPort,
        host: '127.0.0.1',
        localAddress: '127.0.0.9',
      });
      socket.on('error', () => {});
      socket.on('close', () => (closed += 1));
      socket.resume();
      hanging.push(socket);
    }
    await until(() => Promise.resolve(closed === 600 - 512));
    expect(await echoes(dial(edge, dana))).toBe(true);
    expect(number((await edge.ask('/metrics')).text, 'banyan_edge_turned_away_total')).toBe(88);
    for (const socket of hanging) socket.destroy();
    await until(
      async () => number((await edge.ask('/metrics')).text, 'banyan_edge_connections') <= 1,
    );
    await delay(10);
    expect(await echoes(dial(edge, dana, { localAddress: '127.0.0.9' }))).toBe(true);
  });
});
