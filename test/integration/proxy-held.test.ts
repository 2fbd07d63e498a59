// Certificates: replaced under live connections, broken, expired. Nothing that runs is dropped, what cannot go on waits.
import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials, TunnelSpec } from '../../src/proxy/index.ts';
import { readExactly, readToEnd } from '../support/bytes.ts';
import { startConnectTier } from '../support/connect-tier.ts';
import { openDataPath, PATHS, tunnelTo } from '../support/data-paths.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import { aTunnel, connectTo, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier } from '../support/tls-tier.ts';
import { until } from '../support/until.ts';

let pki: TestPki;
let server: Credentials;
let person: Credentials;
let renewed: Credentials;
let expired: Credentials;
beforeAll(async () => {
  pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
  renewed = await pki.issue({ commonName: 'renewed' });
  expired = await pki.issue({ commonName: 'person', lifeMs: -1_000 });
});

const reason = { code: 'identity/sign-in-cancelled', message: 'You did not sign in.' } as const;

describe.each(PATHS)('a certificate is replaced, %s', (path) => {
  it('while a hundred connections move data, and not one of them notices', async () => {
    const { engine, connect, stop } = await openDataPath(path, {
      server,
      person,
      behave: (stream) => void stream.pipe(stream),
    });
    onTestFinished(stop);
    const sockets = await Promise.all(Array.from({ length: 100 }, () => connect()));
    for (let swap = 0; swap < 5; swap += 1) {
      const text = `${swap}`.repeat(50_000);
      const answers = sockets.map((socket) => readExactly(socket, text.length));
      for (const socket of sockets) socket.resume().write(text);
      await engine.setCredentials(await pki.issue({ commonName: `person-${swap}` }));
      for (const answer of answers) expect(String(await answer)).toBe(text);
      for (const socket of sockets) socket.removeAllListeners();
    }
    for (const socket of sockets) socket.destroy();
  });
});

it.each([['h2'], ['http/1.1']])(
  'keeps no %s connection that was made with a certificate replaced meanwhile',
  async (protocol) => {
    const tier = await startConnectTier(server, { protocols: [protocol] });
    onTestFinished(() => tier.stop());
    const gate = await startGate(tier.port);
    const engine = await runEngine(person);
    onTestFinished(() => engine.stop());
    const address = await engine.open(aTunnel(gate.port, { mode: 'CHAIN' }));
    engine.checkWays();
    await engine.setCredentials(person);
    gate.shut();
    const before = gate.waiting();
    const first = connectTo(address, 'host.lab:1');
    await until(async () => gate.waiting() > before);
    await engine.setCredentials(renewed);
    const second = connectTo(address, 'host.lab:1');
    await until(async () => gate.waiting() > before + 1);
    gate.open();
    const both = await Promise.all([first, second]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    for (let nth = 0; nth < 3; nth += 1) {
      const { status, socket } = await connectTo(address, 'host.lab:2');
      expect(status).toBe(200);
      socket.destroy();
    }
    for (const { socket } of both) socket.destroy();
    expect(tier.served.slice(-3)).toEqual(['renewed', 'renewed', 'renewed']);
  },
);

const modes: TunnelSpec['mode'][] = ['TCP', 'CHAIN'];

describe.each(modes)('with an expired certificate in %s mode', (mode) => {
  /** A tunnel that was opened while the certificate was good. */
  async function opened() {
    const echo = (socket: TLSSocket) => void socket.pipe(socket);
    const tier =
      mode === 'TCP'
        ? await startTlsTier(server, echo, server.ca, true)
        : await startConnectTier(server);
    onTestFinished(() => tier.stop());
    const engine = await runEngine(person);
    onTestFinished(() => engine.stop());
    const address = await engine.open(aTunnel(tier.port, { mode }));
    await engine.setCredentials(expired);
    const begin = async (): Promise<Socket> => {
      const socket = await program(address);
      if (mode === 'CHAIN') socket.write('CONNECT host.lab:22 HTTP/1.1\r\n\r\n');
      return socket;
    };
    const refusals = () => engine.told('connection-refused').map(({ error }) => error.code);
    const needed = () => engine.told('certificate-needed').length;
    return { engine, address, begin, refusals, needed };
  }

  it('a hundred connections wait, one renewal is asked for, and then they go on', async () => {
    const { engine, address, begin, refusals, needed } = await opened();
    const waiting = Array.from({ length: 100 }, async () => {
      if (mode === 'CHAIN') return tunnelTo(address);
      return begin();
    });
    await until(async () => needed() === 1);
    await engine.setCredentials(renewed);
    for (const socket of await Promise.all(waiting)) {
      expect(await echoed(socket, 'hello')).toBe('hello');
      socket.destroy();
    }
    expect(needed()).toBe(1);
    expect(refusals()).toEqual([]);
  });

  it('those who wait are closed with the reason, and the next one asks again', async () => {
    const { engine, begin, refusals, needed } = await opened();
    const first = await begin();
    await until(async () => needed() === 1);
    engine.refuseHeld(reason);
    const answer = String(await readToEnd(first));
    first.destroy();
    if (mode === 'CHAIN') {
      expect(answer).toMatch(/^HTTP\/1\.1 50\d /);
      expect(answer).toContain(reason.message);
    } else {
      expect(answer).toBe('');
    }
    await until(async () => refusals().length === 1);
    expect(refusals()).toEqual([reason.code]);
    const next = await begin();
    await until(async () => needed() === 2);
    next.destroy();
  });

  it('at most 256 wait; the next ones are refused, until one of them gives up', async () => {
    const { begin, refusals, needed, engine } = await opened();
    const waiting = await Promise.all(Array.from({ length: 256 }, () => begin()));
    await until(async () => needed() === 1);
    // The guard lets them in one after the other; when all are held shows in the first refusal.
    const late: Socket[] = [];
    await until(async () => {
      if (refusals().length > 0) return true;
      const socket = await begin();
      late.push(socket.on('end', () => socket.end()).resume());
      return false;
    });
    expect(new Set(refusals())).toEqual(new Set(['tunnel/certificate-expired']));
    for (const socket of waiting.slice(0, 20)) socket.resetAndDestroy();
    const again = await begin();
    again.write('x');
    await engine.setCredentials(renewed);
    const [answer] = (await once(again, 'data')) as [Buffer];
    expect(String(answer)).toMatch(mode === 'CHAIN' ? /^HTTP\/1\.1 200 / : /^x$/);
    for (const socket of [...waiting, ...late, again]) socket.destroy();
  });
});

it('nobody is asked to sign in only because the computer woke up', async () => {
  const tier = await startConnectTier(server);
  onTestFinished(() => tier.stop());
  const engine = await runEngine(person);
  onTestFinished(() => engine.stop());
  await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
  await engine.setCredentials(expired);
  engine.checkWays();
  await new Promise((resolve) => setTimeout(resolve, 600)); // it asks within half a second
  expect(engine.facts).toEqual([]);
});

/** Passes bytes on to the port; while it is shut, new connections wait. */
async function startGate(port: number) {
  let isShut = false;
  let held: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const gate = createServer((near) => {
    sockets.add(near);
    const pass = () => {
      const far = connectTcp(port, '127.0.0.1');
      sockets.add(far);
      far.on('error', () => near.destroy()).on('close', () => near.destroy());
      near.on('close', () => far.destroy());
      near.pipe(far).pipe(near);
    };
    near.on('error', () => {});
    if (isShut) held.push(pass);
    else pass();
  });
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    gate.close();
  });
  return {
    port: (gate.address() as AddressInfo).port,
    waiting: () => held.length,
    shut: () => (isShut = true),
    open() {
      isShut = false;
      for (const pass of held) pass();
      held = [];
    },
  };
}
