// The way to the Access Tier: lost, found again, and through the proxy of a network.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Credentials, TunnelSpec } from '../../src/proxy/index.ts';
import { readToEnd } from '../support/bytes.ts';
import { type ConnectTierOptions, startConnectTier } from '../support/connect-tier.ts';
import { type CorporateProxyOptions, startCorporateProxy } from '../support/corporate-proxy.ts';
import { tunnelTo } from '../support/data-paths.ts';
import { createTestPki } from '../support/pki.ts';
import { aTunnel, connectTo, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier } from '../support/tls-tier.ts';
import { until } from '../support/until.ts';

let server: Credentials;
let person: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
});

async function tierOf(options: ConnectTierOptions = {}) {
  const tier = await startConnectTier(server, options);
  onTestFinished(() => tier.stop());
  return tier;
}
async function start() {
  const engine = await runEngine(person);
  onTestFinished(() => engine.stop());
  return engine;
}

describe.each([['h2'], ['http/1.1']])('an Access Tier that speaks %s', (protocol) => {
  it('is told lost once when it goes away, and restored by itself when it is back', async () => {
    const tier = await tierOf({ protocols: [protocol] });
    const engine = await start();
    const address = await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
    await tier.stop();
    for (let nth = 0; nth < 3; nth += 1) {
      const { status, socket } = await connectTo(address, 'host.lab:22');
      expect(status).toBe(502);
      socket.destroy();
    }
    await until(async () => engine.told('way-lost').length > 0);
    expect(engine.told('way-lost').map(({ error }) => error.code)).toEqual(['tunnel/unreachable']);
    await tierOf({ protocols: [protocol], port: tier.port });
    await until(async () => engine.told('way-restored').length === 1);
    const socket = await tunnelTo(address);
    expect(await echoed(socket, 'again')).toBe('again');
    socket.destroy();
    expect(engine.told('way-lost')).toHaveLength(1);
  });

  it('serves new tunnels soon after the computer woke up with its connections dead', async () => {
    const tier = await tierOf({ protocols: [protocol] });
    const engine = await start();
    const address = await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
    const before = await tunnelTo(address);
    tier.cutAll();
    before.destroy();
    engine.checkWays();
    const startedAt = performance.now();
    const socket = await tunnelTo(address);
    expect(await echoed(socket, 'awake')).toBe('awake');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    socket.destroy();
    expect(engine.told('way-lost')).toEqual([]);
  });

  it('is not lost because it refuses one target', async () => {
    const tier = await tierOf({ protocols: [protocol] });
    const engine = await start();
    const address = await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
    const { status, socket } = await connectTo(address, 'closed.lab:7');
    expect(status).toBe(403);
    socket.destroy();
    await until(async () => engine.told('connection-refused').length === 1);
    expect(engine.told('way-lost')).toEqual([]);
  });
});

it('an Access Tier that allows few tunnels on a connection carries many at once', async () => {
  const tier = await tierOf({ protocols: ['h2'], maxStreams: 10 });
  const engine = await start();
  const address = await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
  for (const isWarm of [true, false]) {
    if (!isWarm) engine.checkWays();
    const sockets = await Promise.all(Array.from({ length: 60 }, () => tunnelTo(address)));
    for (const socket of sockets) {
      expect(await echoed(socket, 'x')).toBe('x');
      socket.destroy();
    }
  }
  expect(tier.connections().full + tier.connections().resumed).toBeLessThan(40);
});

it('a connection that has died without a word is found dead by a PING that nobody answers', async () => {
  const tier = await tierOf({ protocols: ['h2'] });
  const between: Socket[] = [];
  let isCut = false;
  const cable = createServer((near) => {
    const far = connect(tier.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      between.push(from.on('error', () => {}));
      const isOfBefore = !isCut;
      from.on('data', (bytes: Buffer) => (isCut && isOfBefore ? null : to.write(bytes)));
    }
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    cable.close();
    for (const socket of between) socket.destroy();
  });
  await once(cable, 'listening');
  const engine = await start();
  const { port } = cable.address() as AddressInfo;
  const address = await engine.open(aTunnel(port, { mode: 'CHAIN' }));
  (await tunnelTo(address)).destroy();
  isCut = true;
  const notices = connectTo(address, 'host.lab:22');
  await delay(200);
  // Silent for longer than anybody believes it.
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 11_000);
  onTestFinished(() => {
    clock.mockRestore();
  });
  const asks = connectTo(address, 'host.lab:22');
  const found = await Promise.race([Promise.all([notices, asks]), delay(6_000, null)]);
  for (const { socket } of found ?? []) socket.destroy();
  expect(found?.map(({ status }) => status)).toEqual([200, 200]);
});

it('fifty tunnels that wake up together do not all dial at once', async () => {
  const tier = await tierOf({ protocols: ['http/1.1'] });
  const engine = await start();
  const ids = Array.from({ length: 50 }, (_, nth) => `svc-${nth}`);
  await Promise.all(ids.map((id) => engine.open(aTunnel(tier.port, { id, mode: 'CHAIN' }))));
  tier.dialledAt.length = 0;
  engine.checkWays();
  await until(async () => tier.dialledAt.length >= 50);
  const busiest = tier.dialledAt.map(
    (start) => tier.dialledAt.filter((at) => at >= start && at < start + 100).length,
  );
  expect(Math.max(...busiest)).toBeLessThan(30);
});

describe('through the proxy of a network', () => {
  const modes: TunnelSpec['mode'][] = ['TCP', 'CHAIN'];
  const BASIC = `Basic ${Buffer.from('user:secret').toString('base64')}`;
  /** A tunnel to a name that only the proxy can resolve. */
  async function through(
    options: CorporateProxyOptions & { gives?: string },
    { mode = 'CHAIN', host = 'tier.example' }: { mode?: TunnelSpec['mode']; host?: string } = {},
  ) {
    const echo = (socket: TLSSocket) => void socket.pipe(socket);
    const tier = await (mode === 'TCP'
      ? startTlsTier(server, echo, server.ca, true)
      : startConnectTier(server));
    onTestFinished(() => tier.stop());
    const proxy = await startCorporateProxy(options);
    onTestFinished(() => proxy.stop());
    const engine = await start();
    const spec = aTunnel(tier.port, {
      mode,
      accessTier: { host, port: tier.port },
      upstreamProxy: { host: '127.0.0.1', port: proxy.port, authorization: options.gives ?? null },
    });
    return { engine, proxy, tier, spec };
  }
  const failed = (port: number) => ({
    code: 'tunnel/upstream-proxy-failed',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });

  it.each(modes)('a name is reached that only the proxy can resolve, %s', async (mode) => {
    const { engine, proxy, tier, spec } = await through(
      { authorization: BASIC, gives: BASIC },
      { mode },
    );
    const address = await engine.open(spec);
    const socket = await (mode === 'TCP' ? program(address) : tunnelTo(address));
    expect(await echoed(socket, 'hello')).toBe('hello');
    socket.end();
    expect(await readToEnd(socket)).toHaveLength(0);
    expect(new Set(proxy.asked)).toEqual(new Set([`tier.example:${tier.port}`]));
  });

  it('its refusals name it: 407, 403', async () => {
    for (const [options, says] of [
      [{ authorization: BASIC }, '407'],
      [{ refuse: 403 }, '403'],
    ] as const) {
      const { engine, proxy, spec } = await through(options);
      const opening = engine.open(spec);
      await expect(opening).rejects.toMatchObject(failed(proxy.port));
      await expect(opening).rejects.toThrow(says);
    }
  });

  it('it is named when it cannot be reached', async () => {
    const { engine, proxy, spec } = await through({});
    await proxy.stop();
    await expect(engine.open(spec)).rejects.toMatchObject(failed(proxy.port));
  });

  it('it is named when it dies in the middle of its answer', async () => {
    const { engine, spec } = await through({});
    const dying = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 200 Conn'));
    });
    dying.listen(0, '127.0.0.1');
    await once(dying, 'listening');
    onTestFinished(() => void dying.close());
    const { port } = dying.address() as AddressInfo;
    const upstreamProxy = { host: '127.0.0.1', port, authorization: null };
    await expect(engine.open({ ...spec, upstreamProxy })).rejects.toMatchObject(failed(port));
  });

  it('a program gets 502 and the proxy’s name when the proxy is gone later', async () => {
    const { engine, proxy, spec } = await through({});
    const address = await engine.open(spec);
    await proxy.stop();
    const { status, socket } = await connectTo(address, 'host.lab:22');
    expect(status).toBe(502);
    socket.destroy();
    await until(async () => engine.told('connection-refused').length === 1);
    expect(engine.told('connection-refused')[0]?.error).toMatchObject(failed(proxy.port));
  });

  it.each(['127.0.0.1', 'tier.localhost'])('%s never goes through it', async (host) => {
    const { engine, proxy, spec } = await through({ refuse: 403 }, { host });
    const socket = await tunnelTo(await engine.open(spec));
    expect(await echoed(socket, 'hello')).toBe('hello');
    socket.destroy();
    expect(proxy.asked).toEqual([]);
  });
});
