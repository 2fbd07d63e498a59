// How connections are slowed down and how they end: back-pressure, resets, nothing left behind, IPv4 and IPv6.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import { abort } from '../../src/proxy/net/abort.ts';
import { Http2Session } from '../../src/proxy/upstream/http2-session.ts';
import { connectDirectly } from '../support/bytes.ts';
import { startConnectTier } from '../support/connect-tier.ts';
import { openDataPath, PATHS, tunnelTo } from '../support/data-paths.ts';
import { createTestPki } from '../support/pki.ts';
import { aTunnel, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier } from '../support/tls-tier.ts';
import { until } from '../support/until.ts';

let server: Credentials;
let person: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
});

const MIB = 1024 * 1024;
const echo = (stream: Duplex) => void stream.pipe(stream);
const ignore = (stream: Duplex) => void stream.on('error', () => {}).pause();
/** What the kernel holds on loopback, each time it is asked to: 10 MB a hop at most, and there are two. */
const ON_THE_WAY = 24 * MIB;

/** Sends what is taken off its hands, until nothing is any more. */
async function sentUntilStopped(stream: Duplex, goal = 64 * MIB): Promise<number> {
  const piece = Buffer.alloc(64 * 1024);
  const moved = { bytes: 0, at: performance.now() };
  stream.on('error', () => {});
  const goOn = () => {
    while (moved.bytes < goal) {
      moved.bytes += piece.length;
      moved.at = performance.now();
      if (!stream.write(piece)) return;
    }
  };
  stream.on('drain', goOn);
  goOn();
  for (;;) {
    if (moved.bytes >= goal || performance.now() - moved.at > 200) return moved.bytes;
    await delay(20);
  }
}

/** What this process holds for bytes that are on their way; what is sent is one and the same buffer. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const buffered = (): number => {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

const sockets = (): number =>
  readdirSync('/proc/self/fd', { withFileTypes: true }).filter((entry) => entry.isSymbolicLink())
    .length;

/** How a connection ended, for whoever had it. */
function followed(stream: Duplex): string[] {
  const seen: string[] = [];
  stream.on('end', () => seen.push('end')).on('close', () => seen.push('close'));
  stream.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? error.message));
  stream.resume();
  return seen;
}

describe.each(PATHS)('%s', (path) => {
  const open = async (behave: (stream: Duplex) => void) => {
    const opened = await openDataPath(path, { server, person, behave });
    onTestFinished(() => opened.stop());
    return opened;
  };

  it('stops a local program whose server does not read, and holds little for it', async () => {
    const { connect } = await open(ignore);
    const before = buffered();
    expect(await sentUntilStopped(await connect())).toBeLessThan(ON_THE_WAY);
    expect(buffered() - before).toBeLessThan(8 * MIB);
  });

  it('stops a server whose local program does not read, and holds little for it', async () => {
    let sending: Promise<number> | undefined;
    const { connect } = await open((stream) => {
      sending = sentUntilStopped(stream);
    });
    const before = buffered();
    ignore(await connect());
    await until(async () => sending);
    expect(await sending).toBeLessThan(ON_THE_WAY);
    expect(buffered() - before).toBeLessThan(8 * MIB);
  });

  it.each([{ after: 4 }, { after: MIB }])(
    'passes a reset of the local program on as a reset, after $after bytes',
    async ({ after }) => {
      let seen: string[] = [];
      let received = 0;
      const { connect, engine } = await open((stream) => {
        stream.on('data', (chunk: Buffer) => (received += chunk.length));
        seen = followed(stream);
      });
      const socket = await connect();
      socket.write(Buffer.alloc(after));
      await until(async () => received === after);
      socket.resetAndDestroy();
      await until(async () => seen.includes('close'));
      // Node shows an end of a stream that was reset as well.
      expect(seen.filter((event) => event !== 'end' || path !== 'CHAIN by HTTP/2')).toEqual([
        path === 'CHAIN by HTTP/2' ? 'ERR_HTTP2_STREAM_ERROR' : 'ECONNRESET',
        'close',
      ]);
      await until(async () => engine.told('connection-closed').length === 1);
      expect(engine.told('connection-closed')[0]).toMatchObject({ ended: 'reset' });
    },
  );

  it('passes a reset of the server on as a reset', async () => {
    const { connect } = await open((stream) => {
      stream.write('half');
      stream.resume().once('data', () => abort(stream));
    });
    const socket = await connect();
    const seen = followed(socket);
    // libuv takes a reset that comes together with bytes for an end.
    await once(socket, 'data');
    socket.write('go');
    await until(async () => seen.includes('close'));
    expect(seen).toEqual(['ECONNRESET', 'close']);
  });

  it('ends in order what ends in order, though the other side resets right behind', async () => {
    const { connect, engine } = await open((stream) => {
      stream.resume().on('end', () => stream.end('all of it'));
    });
    for (let nth = 0; nth < 20; nth += 1) {
      const socket = await connect();
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += String(chunk))).resume();
      socket.end('question');
      await once(socket, 'end');
      expect(text).toBe('all of it');
    }
    await until(async () => engine.told('connection-closed').length === 20);
    expect(new Set(engine.told('connection-closed').map(({ ended }) => ended))).toEqual(
      new Set(['finished']),
    );
  });

  it('closes at once though an end waits behind bytes that nobody reads', async () => {
    const { connect, engine } = await open((stream) => {
      ignore(stream);
      void sentUntilStopped(stream).then(() => stream.end());
    });
    const socket = await connect();
    ignore(socket);
    await sentUntilStopped(socket, 32 * MIB);
    socket.end();
    const startedAt = performance.now();
    await engine.close('svc');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('leaves no descriptor and no timer behind after hundreds of short connections', async () => {
    const { connect, stop } = await openDataPath(path, { server, person, behave: echo });
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round += 1) {
        await Promise.all(
          Array.from({ length: 25 }, async () => {
            const socket = await connect();
            expect(await echoed(socket, 'x')).toBe('x');
            if (round % 2 === 0) socket.end().resume();
            else socket.resetAndDestroy();
            await once(socket, 'close');
          }),
        );
      }
    };
    const before = sockets();
    const timers = () =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await rounds(path === 'CHAIN by HTTP/2' ? 40 : 4);
    await stop();
    await until(async () => sockets() <= before);
    expect(timers()).toBeLessThan(10);
  });
});

it('lets other tunnels of an HTTP/2 connection go on while twenty are not read', async () => {
  const opened = await openDataPath('CHAIN by HTTP/2', {
    server,
    person,
    behave: (stream) => void sentUntilStopped(stream),
  });
  onTestFinished(() => opened.stop());
  for (let nth = 0; nth < 20; nth += 1) ignore(await opened.connect());
  const reading = await opened.connect();
  let received = 0;
  reading.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
  await until(async () => received === 64 * MIB);
});

it('reads on by HTTP/2 while nothing of its own is taken', async () => {
  let far!: Duplex;
  const behave = (stream: Duplex): void => {
    far = stream;
    ignore(stream);
  };
  const tier = await startConnectTier(server, { behave, protocols: ['h2'], window: 64 * MIB });
  onTestFinished(() => tier.stop());
  let upwards!: Socket;
  const gate = createServer((near) => {
    upwards = near;
    void connectDirectly(tier.port).then((tierSide) => near.pipe(tierSide).pipe(near));
    near.on('error', () => near.destroy());
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  onTestFinished(() => void gate.close());
  const engine = await runEngine(person);
  onTestFinished(() => engine.stop());
  const socket = await tunnelTo(
    await engine.open(aTunnel((gate.address() as AddressInfo).port, { mode: 'CHAIN' })),
  );
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();

  upwards.unpipe().pause();
  const before = buffered();
  expect(await sentUntilStopped(socket)).toBeLessThan(ON_THE_WAY);
  expect(buffered() - before).toBeLessThan(8 * MIB);
  far.write(Buffer.alloc(MIB / 2));
  await until(async () => received === MIB / 2);
  socket.destroy();
});

describe('an Access Tier known by a name with several addresses', () => {
  it.each(['127.0.0.1', '::1'])('is reached though it listens on %s only', async (host) => {
    const tier = await startTlsTier(server, echo, server.ca, true);
    onTestFinished(() => tier.stop());
    const gate = createServer((near) => {
      void connectDirectly(tier.port).then((far) => near.pipe(far).pipe(near));
      near.on('error', () => near.destroy());
    });
    gate.listen(0, host);
    await once(gate, 'listening');
    onTestFinished(() => void gate.close());
    const { port } = gate.address() as AddressInfo;
    const engine = await runEngine(person);
    onTestFinished(() => engine.stop());
    const accessTier = { host: 'tier.localhost', port };
    const socket: Socket = await program(await engine.open(aTunnel(port, { accessTier })));
    expect(await echoed(socket, 'hello')).toBe('hello');
    socket.destroy();
  });
});

it('serves local programs that know only IPv6', async () => {
  const tier = await startTlsTier(server, echo, server.ca, true);
  onTestFinished(() => tier.stop());
  const engine = await runEngine(person);
  onTestFinished(() => engine.stop());
  const address = await engine.open(aTunnel(tier.port, { listen: { host: '::1', port: 0 } }));
  expect(address.host).toBe('::1');
  const socket = await program(address);
  expect(await echoed(socket, 'hello')).toBe('hello');
  socket.destroy();
});

it('a server that asks without end and reads no answer is not heard, before its questions fill the memory', async () => {
  const settings = Buffer.from('000000040000000000', 'hex');
  const ping = Buffer.from('0000080600000000000000000000000000', 'hex');
  let asked = 0;
  const tier = createTlsServer(
    { key: server.key, cert: server.certificate, ALPNProtocols: ['h2'] },
    (socket) => {
      socket.on('error', () => {}).pause();
      socket.write(settings);
      // One question a record: each answer is a write of its own.
      const goOn = (): void => {
        for (let count = 0; count < 64; count += 1) {
          asked += 1;
          if (!socket.write(ping)) return void socket.once('drain', goOn);
        }
        if (!socket.destroyed) setImmediate(goOn);
      };
      goOn();
    },
  ).listen(0, '127.0.0.1');
  await once(tier, 'listening');
  const { port } = tier.address() as AddressInfo;
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: 'svc.test',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
  });
  onTestFinished(() => void (socket.destroy(), tier.close()));
  const warned: string[] = [];
  const warn = ({ message }: Error): void => void warned.push(message);
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  await once(socket, 'secureConnect');
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const grown = () => process.memoryUsage().heapUsed - before;
  const session = new Http2Session(socket);
  onTestFinished(() => session.retire());
  for (let last = -1; last !== asked && grown() < 200 * MIB; await delay(400)) last = asked;
  expect(asked).toBeGreaterThan(1_000);
  collectGarbage();
  expect(grown()).toBeLessThan(32 * MIB);
  expect(warned).toEqual([]);
}, 60_000);
