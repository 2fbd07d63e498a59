// Towards the Access Tier: one connection for a collection, resumed sessions, the identity on every one of them.
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createEngine,
  createWorkerEngine,
  type Credentials,
  type Engine,
  type TunnelSink,
} from '../../src/proxy/index.ts';
import {
  type ConnectTier,
  type ConnectTierOptions,
  startConnectTier,
} from '../support/connect-tier.ts';
import { buildEngineWorker } from '../support/engine-worker.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import { aTunnel, connectTo, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier } from '../support/tls-tier.ts';
import { until } from '../support/until.ts';

let pki: TestPki;
let person: Credentials;
let server: Credentials;
let worker: Awaited<ReturnType<typeof buildEngineWorker>>;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  pki = await createTestPki();
  person = await pki.issue({ commonName: 'person' });
  server = await pki.issue({ commonName: 'svc.test' });
  worker = await buildEngineWorker();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});
afterAll(() => worker.remove());

async function tierOf(options: ConnectTierOptions = {}): Promise<ConnectTier> {
  const started = await startConnectTier(server, options);
  cleanUps.push(() => started.stop());
  return started;
}

const engines: [string, (sink: TunnelSink) => Engine][] = [
  ['in this thread', createEngine],
  ['in a worker', (sink) => createWorkerEngine(sink, worker.file)],
];

describe.each(engines)('the engine %s', (_where, create) => {
  const start = async (credentials: Credentials | null = person) => {
    const running = await runEngine(credentials, create);
    cleanUps.push(() => running.stop());
    return running;
  };
  const chain = (port: number) => aTunnel(port, { mode: 'CHAIN' });

  it('carries every tunnel of a collection over one HTTP/2 connection where the server offers it', async () => {
    const tier = await tierOf();
    const engine = await start();
    const address = await engine.open(chain(tier.port));
    const tunnels = await Promise.all(
      Array.from({ length: 20 }, (_, nth) => connectTo(address, `host-${nth}.lab:22`)),
    );
    for (const [nth, { status, socket }] of tunnels.entries()) {
      expect(status).toBe(200);
      expect(await echoed(socket, `hello ${nth}`)).toBe(`hello ${nth}`);
      socket.destroy();
    }
    expect(tier.connections()).toEqual({ full: 1, resumed: 0 });
  });

  it('speaks HTTP/1.1 to a server that offers nothing else, over connections made ahead', async () => {
    const tier = await tierOf({ protocols: ['http/1.1'] });
    const engine = await start();
    const address = await engine.open(chain(tier.port));
    for (let nth = 0; nth < 3; nth += 1) {
      const { status, socket } = await connectTo(address, 'host.lab:22');
      expect(status).toBe(200);
      expect(await echoed(socket, 'hello')).toBe('hello');
      socket.destroy();
    }
  });

  it('loses no tunnel to those that end by a reset, however many', async () => {
    const tier = await tierOf({ protocols: ['h2'] });
    const engine = await start();
    const address = await engine.open(chain(tier.port));
    const { socket: lasting } = await connectTo(address, 'host.lab:22');
    expect(await echoed(lasting, 'before')).toBe('before');
    // nghttp2 ends a connection after 1,000 resets in a burst.
    for (let round = 0; round < 70; round += 1) {
      const opened = await Promise.all(
        Array.from({ length: 20 }, () => connectTo(address, 'host.lab:22')),
      );
      for (const { socket } of opened) socket.resetAndDestroy();
    }
    expect(await echoed(lasting, 'after')).toBe('after');
    expect(engine.told('connection-refused')).toEqual([]);
  });

  it.each([['h2'], ['http/1.1']])(
    'tells a refusal by %s with its reason and id',
    async (protocol) => {
      const tier = await tierOf({ protocols: [protocol] });
      const engine = await start();
      const address = await engine.open(chain(tier.port));
      const { status, socket } = await connectTo(address, 'closed.lab:7');
      expect(status).toBe(403);
      socket.destroy();
      const [fact] = await until(() => {
        const found = engine.told('connection-refused');
        return Promise.resolve(found.length > 0 && found);
      });
      expect(fact).toMatchObject({
        target: 'closed.lab:7',
        error: { code: 'tunnel/target-refused', correlationId: 'c-7' },
      });
    },
  );

  it.each([['h2'], ['http/1.1']])(
    'opens a tunnel by %s though the warm connection has died meanwhile',
    async (protocol) => {
      const tier = await tierOf({ protocols: [protocol] });
      const engine = await start();
      const address = await engine.open(chain(tier.port));
      const before = await connectTo(address, 'host.lab:22');
      before.socket.destroy();
      tier.cutAll();
      const { status, socket } = await connectTo(address, 'host.lab:22');
      expect(status).toBe(200);
      expect(await echoed(socket, 'again')).toBe('again');
      socket.destroy();
    },
  );

  it('uses a renewed certificate for the next tunnel and leaves the running ones alone', async () => {
    const tier = await tierOf();
    const engine = await start();
    const address = await engine.open(chain(tier.port));
    const live = await connectTo(address, 'host.lab:22');
    expect(await echoed(live.socket, 'one')).toBe('one');
    await engine.setCredentials(await pki.issue({ commonName: 'renewed' }));
    const next = await connectTo(address, 'host.lab:22');
    expect(await echoed(next.socket, 'two')).toBe('two');
    expect(await echoed(live.socket, 'three')).toBe('three');
    expect(tier.people).toEqual(['person', 'renewed']);
    expect(tier.connections().resumed).toBe(0);
    for (const { socket } of [live, next]) socket.destroy();
  });

  it('resumes sessions in TCP mode, but never the session of another certificate', async () => {
    const full: boolean[] = [];
    const far = await startTlsTier(server, (socket) => {
      full.push(!socket.isSessionReused());
      socket.pipe(socket);
    });
    cleanUps.push(() => far.stop());
    const engine = await start();
    const address = await engine.open(aTunnel(far.port));
    const once = async () => {
      const socket = await program(address);
      expect(await echoed(socket, 'x')).toBe('x');
      socket.destroy();
    };
    full.length = 0;
    await once();
    await once();
    await once();
    expect(full.filter((wasFull) => !wasFull).length).toBeGreaterThanOrEqual(2);
    await engine.setCredentials(await pki.issue({ commonName: 'renewed' }));
    full.length = 0;
    await once();
    expect(full).toEqual([true]);
  });

  it('gives a server that refuses resumed handshakes full ones after a single retry', async () => {
    let port = 0;
    let refused = 0;
    // TLS 1.2, where the server's refusal of a session id is an alert within the handshake.
    const far = await startTlsTier(server, (socket) => {
      if (socket.isSessionReused()) refused += 1;
      socket.pipe(socket);
    });
    cleanUps.push(() => far.stop());
    port = far.port;
    const gate = await resumptionGate(port);
    const engine = await start();
    const address = await engine.open(aTunnel(gate.port));
    for (let nth = 0; nth < 4; nth += 1) {
      const socket = await program(address);
      expect(await echoed(socket, 'x')).toBe('x');
      socket.destroy();
    }
    expect(refused).toBe(0);
    expect(gate.refusals()).toBe(1);
  });
});

it.each([
  ['a group that nobody offers first', 'P-384', 0x18],
  ['a plain one', 'X25519', 0x1d],
])('offers %s alone to a server that has chosen it before', async (_which, ecdhCurve, group) => {
  const far = await startTlsTier(server, (socket) => socket.pipe(socket), server.ca, false, {
    ecdhCurve,
  });
  cleanUps.push(() => far.stop());
  const hellos: Buffer[] = [];
  const gate = await gateTo(far.port, (hello) => void hellos.push(hello));
  const running = await runEngine(person);
  cleanUps.push(() => running.stop());
  const address = await running.open(aTunnel(gate.port));
  for (let nth = 0; nth < 2; nth += 1) {
    const socket = await program(address);
    expect(await echoed(socket, 'x')).toBe('x');
    socket.destroy();
  }
  const [first, ...later] = hellos.map(keySharesOf);
  expect(first).toContain(0x1d);
  expect(later.at(-1)).toEqual([group]);
  // Whatever it chooses one day: it still may.
  const groups = extensionsOf(hellos.at(-1) as Buffer)
    .get(SUPPORTED_GROUPS)
    ?.toString('hex');
  expect(groups?.slice(4).match(/.{4}/g)?.toSorted()).toEqual(['0017', '0018', '0019', '001d']);
});

/** Lets full handshakes through and ends every ClientHello that offers a session (pre_shared_key, RFC 8446 4.2.11). */
async function resumptionGate(port: number) {
  let refusals = 0;
  const gate = await gateTo(port, (hello, near) => {
    if (!extensionsOf(hello).has(PRE_SHARED_KEY)) return;
    refusals += 1;
    // A fatal alert, internal_error, as servers without a session id context answer.
    near.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 80]));
  });
  return { ...gate, refusals: () => refusals };
}

/** Passes everything on, except where `look` has ended the connection after its first words. */
async function gateTo(port: number, look: (hello: Buffer, near: Socket) => void) {
  const gate = createServer((near) => {
    near.on('error', () => {});
    near.once('data', (hello: Buffer) => {
      look(hello, near);
      if (near.writableEnded) return;
      const far = connect(port, '127.0.0.1');
      far.on('error', () => near.destroy());
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      far.write(hello);
      near.pipe(far);
      far.pipe(near);
    });
  });
  await new Promise<void>((resolve) => {
    gate.listen(0, '127.0.0.1', resolve);
  });
  cleanUps.push(() => gate.close());
  return { port: (gate.address() as { port: number }).port };
}

// RFC 8446 4.2.
const SUPPORTED_GROUPS = 10;
const PRE_SHARED_KEY = 41;
const KEY_SHARE = 51;

/** Of a ClientHello, by type. */
function extensionsOf(hello: Buffer): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>();
  // Record header 5, handshake header 4, version 2, random 32, session id.
  let at = 43;
  at += 1 + (hello[at] ?? 0);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + (hello[at] ?? 0);
  const end = Math.min(at + 2 + hello.readUInt16BE(at), hello.length);
  at += 2;
  while (at + 4 <= end) {
    const length = hello.readUInt16BE(at + 2);
    extensions.set(hello.readUInt16BE(at), hello.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return extensions;
}

/** The groups that a hello carries keys for. */
function keySharesOf(hello: Buffer): number[] {
  const shares = extensionsOf(hello).get(KEY_SHARE) ?? Buffer.alloc(2);
  const groups: number[] = [];
  for (let at = 2; at + 4 <= shares.length; at += 4 + shares.readUInt16BE(at + 2)) {
    groups.push(shares.readUInt16BE(at));
  }
  return groups;
}
