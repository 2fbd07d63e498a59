// Promises of the engine, on real TLS and real sockets.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/foreign-servers.ts';
import {
  createEngine,
  type Credentials,
  type Engine,
  type TunnelFact,
  type TunnelSpec,
} from '../../src/proxy/index.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import { aTunnel } from '../support/running-engine.ts';
import { startTlsTier, type TlsTier } from '../support/tls-tier.ts';

let pki: TestPki;
let server: Credentials;
let person: Credentials;
beforeAll(async () => {
  pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const echo = (socket: TLSSocket) => void socket.pipe(socket);

async function tier(
  behave: (socket: TLSSocket) => void = echo,
  identity = server,
  clientCa?: string,
): Promise<TlsTier> {
  const started = await startTlsTier(identity, behave, clientCa);
  cleanUps.push(() => started.stop());
  return started;
}

async function engine(
  credentials: Credentials | null = person,
): Promise<{ engine: Engine; facts: TunnelFact[] }> {
  const facts: TunnelFact[] = [];
  const created = createEngine((fact) => facts.push(fact));
  await created.setCredentials(credentials);
  cleanUps.push(() => created.stop());
  return { engine: created, facts };
}

function client({ host, port }: { host: string; port: number }): Socket {
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.on('error', () => {});
  cleanUps.push(() => socket.destroy());
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'close');
  return text;
}

/** Answers CONNECT as an Access Tier does, then echoes; targets not in `allowed` get the given refusal. */
const connectTier =
  (allowed: string, refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n') =>
  (socket: TLSSocket) => {
    socket.once('data', (chunk: Buffer) => {
      const [head = '', rest = ''] = chunk.toString().split('\r\n\r\n');
      if (head.split(' ')[1] !== allowed) {
        socket.end(refusal);
        return;
      }
      socket.write(`HTTP/1.1 200 OK\r\n\r\nhello${rest}`);
      socket.pipe(socket);
    });
  };

describe('the engine in TCP mode', () => {
  it('carries bytes and reports the connection with its size', async () => {
    const far = await tier();
    const { engine: running, facts } = await engine();
    const socket = client(await running.open(aTunnel(far.port)));
    socket.end('ping');
    expect(await readAll(socket)).toBe('ping');
    await expect
      .poll(() => facts.at(-1))
      .toMatchObject({
        type: 'connection-closed',
        bytesSent: 4,
        bytesReceived: 4,
      });
  });

  it('delivers what the server sends long after the client has ended its side', async () => {
    const far = await tier((socket) => {
      socket.resume().on('end', () => setTimeout(() => socket.end('late'), 200));
    });
    const socket = client(await (await engine()).engine.open(aTunnel(far.port)));
    socket.end('question');
    expect(await readAll(socket)).toBe('late');
  });

  it('reaches names under localhost, which the system resolver does not know', async () => {
    const far = await tier();
    const address = await (
      await engine()
    ).engine.open(
      aTunnel(far.port, { accessTier: { host: 'svc.demo.localhost', port: far.port } }),
    );
    const socket = client(address);
    socket.end('x');
    expect(await readAll(socket)).toBe('x');
  });

  it('names the port that is taken, and leaves the program that holds it alone', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => holder.close());
    const { port } = holder.address() as AddressInfo;
    const far = await tier();
    const opening = (await engine()).engine.open(
      aTunnel(far.port, { listen: { host: '127.0.0.1', port } }),
    );
    await expect(opening).rejects.toMatchObject({
      code: 'tunnel/port-in-use',
      details: { port },
    });
    expect(holder.listening).toBe(true);
  });

  it.each(['0.0.0.0', '::', 'localhost', '192.0.2.1'])('never listens on %s', async (host) => {
    const far = await tier();
    const opening = (await engine()).engine.open(aTunnel(far.port, { listen: { host, port: 0 } }));
    await expect(opening).rejects.toMatchObject({ code: 'tunnel/address-not-loopback' });
  });

  it('does not say open, and listens on nothing, when nobody answers at the Access Tier', async () => {
    const far = await tier();
    await far.stop();
    const { engine: running } = await engine();
    const listen = { host: '127.0.0.1', port: await freePort() };
    await expect(running.open(aTunnel(far.port, { listen }))).rejects.toMatchObject({
      code: 'tunnel/unreachable',
    });
    const [error] = (await once(connect(listen), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('refuses a server that proves another name', async () => {
    const far = await tier(echo, await pki.issue({ commonName: 'other.test' }));
    await expect((await engine()).engine.open(aTunnel(far.port))).rejects.toMatchObject({
      code: 'tunnel/untrusted-server',
    });
  });

  it.each(['192.0.2.7', '2001:db8::7'])(
    'takes a server that proves the address %s that it is known by, wherever it is reached',
    async (serverName) => {
      const far = await tier(
        echo,
        await pki.issue({ commonName: 'tier', ipAddresses: [serverName] }),
      );
      const socket = client(await (await engine()).engine.open(aTunnel(far.port, { serverName })));
      socket.end('x');
      expect(await readAll(socket)).toBe('x');
    },
  );

  it('refuses a server that proves only the address at which it is reached', async () => {
    const far = await tier(
      echo,
      await pki.issue({ commonName: 'tier', ipAddresses: ['127.0.0.1'] }),
    );
    const opening = (await engine()).engine.open(aTunnel(far.port, { serverName: '192.0.2.7' }));
    await expect(opening).rejects.toMatchObject({ code: 'tunnel/untrusted-server' });
  });

  it('refuses a server of another root', async () => {
    const other = await createTestPki('Other Root');
    const far = await tier(echo, await other.issue({ commonName: 'svc.test' }), pki.root);
    await expect((await engine()).engine.open(aTunnel(far.port))).rejects.toMatchObject({
      code: 'tunnel/untrusted-server',
    });
  });

  it('says that the certificate was refused, though TLS 1.3 tells only after the handshake', async () => {
    // OpenSSL's own server: it sends the alert that Node's servers never send.
    const port = await startAlertingServer(server, (await createTestPki('Other Root')).root);
    await expect((await engine()).engine.open(aTunnel(port))).rejects.toMatchObject({
      code: 'tunnel/certificate-refused',
    });
  });

  it('says denied when the Access Tier closes at once', async () => {
    const far = await tier((socket) => void socket.end());
    await expect((await engine()).engine.open(aTunnel(far.port))).rejects.toMatchObject({
      code: 'tunnel/denied',
    });
  });

  it('opens nothing without credentials', async () => {
    const far = await tier();
    await expect((await engine(null)).engine.open(aTunnel(far.port))).rejects.toMatchObject({
      code: 'tunnel/certificate-missing',
    });
  });

  it('gives up opening when it is closed meanwhile', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => silent.close());
    const { engine: running } = await engine();
    const opening = running.open(aTunnel((silent.address() as AddressInfo).port));
    const outcome = expect(opening).rejects.toMatchObject({ code: 'tunnel/cancelled' });
    await running.close('svc');
    await outcome;
  });

  it('keeps live connections and the old credentials when the new ones do not fit together', async () => {
    const far = await tier();
    const { engine: running } = await engine();
    const address = await running.open(aTunnel(far.port));
    const live = client(address);
    live.write('before ');
    const stranger = await pki.issue({ commonName: 'stranger' });
    await expect(running.setCredentials({ ...person, key: stranger.key })).rejects.toMatchObject({
      code: 'tunnel/certificate-missing',
    });
    live.end('after');
    expect(await readAll(live)).toBe('before after');
    const next = client(address);
    next.end('new');
    expect(await readAll(next)).toBe('new');
  });

  it('uses new credentials for new connections without dropping live ones', async () => {
    const names: string[] = [];
    const far = await tier((socket) => {
      names.push(String(socket.getPeerCertificate().subject.CN));
      socket.pipe(socket);
    });
    const { engine: running } = await engine();
    const address = await running.open(aTunnel(far.port));
    const live = client(address);
    live.write('a');
    await once(live, 'data');
    await running.setCredentials(await pki.issue({ commonName: 'renewed' }));
    const next = client(address);
    next.write('b');
    await once(next, 'data');
    live.write('c');
    await once(live, 'data');
    expect(names.slice(-2)).toEqual(['person', 'renewed']);
  });

  it('lets running connections finish while it drains, and accepts no new ones', async () => {
    const far = await tier();
    const { engine: running } = await engine();
    const address = await running.open(aTunnel(far.port));
    const live = client(address);
    live.write('a');
    await once(live, 'data');
    const closed = running.close('svc', 5_000);
    const [error] = (await once(connect(address), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    live.end('b');
    expect(await readAll(live)).toBe('b');
    await closed;
  });

  it.each(['TCP', 'CHAIN'] as const)(
    'closes at once in %s mode while a connection still waits for the Access Tier',
    async (mode) => {
      const silent = mode === 'CHAIN' ? () => {} : echo;
      const far = await tier(silent);
      const { engine: running, facts } = await engine();
      const address = await running.open(aTunnel(far.port, { mode }));
      if (mode === 'TCP') far.pauseAccepting();
      const waiting = client(address);
      waiting.write('CONNECT a:1 HTTP/1.1\r\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, 100));
      const startedAt = performance.now();
      await running.close('svc');
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      expect(facts.filter(({ type }) => type === 'connection-refused')).toEqual([]);
    },
  );

  it('cuts connections that outlive the drain', async () => {
    const far = await tier();
    const { engine: running } = await engine();
    const live = client(await running.open(aTunnel(far.port)));
    live.write('a');
    await once(live, 'data');
    const startedAt = performance.now();
    const gone = new Promise((resolve) => live.on('close', resolve));
    await running.close('svc', 100);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await gone;
  });
});

describe('the engine in CHAIN mode', () => {
  const chain = (port: number, changes: Partial<TunnelSpec> = {}) =>
    aTunnel(port, { mode: 'CHAIN', ...changes });

  it('passes CONNECT on and loses no byte sent right behind it, in either direction', async () => {
    const far = await tier(connectTier('db.lab:5432'));
    const socket = client(await (await engine()).engine.open(chain(far.port)));
    socket.end('CONNECT DB.lab:5432 HTTP/1.1\r\nHost: x\r\n\r\nearly');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 [^\r]*\r\n\r\nhelloearly$/);
  });

  it('gives the reason of a refusal to the client and to the window', async () => {
    const body = JSON.stringify({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'evil.lab:22 is not part of this service.',
      code: 'target_not_allowed',
      correlation_id: 'c-1',
    });
    const refusal = `HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const far = await tier(connectTier('db.lab:5432', refusal));
    const { engine: running, facts } = await engine();
    const socket = client(await running.open(chain(far.port)));
    socket.end('CONNECT evil.lab:22 HTTP/1.1\r\n\r\n');
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden/);
    expect(answer).toContain('evil.lab:22 is not part of this service.');
    expect(facts).toContainEqual(
      expect.objectContaining({
        type: 'connection-refused',
        target: 'evil.lab:22',
        error: expect.objectContaining({ code: 'tunnel/target-refused', correlationId: 'c-1' }),
      }),
    );
  });

  it('understands a refusal of a proxy that is not ours', async () => {
    const far = await tier(connectTier('a:1', 'HTTP/1.0 502 Bad Gateway\r\n\r\n<html>no</html>'));
    const { engine: running, facts } = await engine();
    const socket = client(await running.open(chain(far.port)));
    socket.end('CONNECT b:1 HTTP/1.1\r\n\r\n');
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 502/);
    expect(facts.at(-1)).toMatchObject({ error: { code: 'tunnel/target-unreachable' } });
  });

  it.each([
    ['GET https://db.lab/ HTTP/1.1\r\n\r\n', '501'],
    ['CONNECT nohost HTTP/1.1\r\n\r\n', '400'],
    ['CONNECT a:99999 HTTP/1.1\r\n\r\n', '400'],
    ['SSH-2.0-OpenSSH_9.2\r\n\r\n', '400'],
    [`CONNECT a:1 HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`, '431'],
  ])('answers %j with %s and dials nothing', async (request, status) => {
    const far = await tier(connectTier('db.lab:5432'));
    const address = await (await engine()).engine.open(chain(far.port));
    const before = far.accepted();
    const socket = client(address);
    socket.write(request);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(far.accepted()).toBe(before);
  });

  it('dials domains that are not listed directly, not through the tunnel', async () => {
    const direct = createServer((socket) => void socket.end('direct'));
    await new Promise<void>((resolve) => direct.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => direct.close());
    const { port } = direct.address() as AddressInfo;
    const far = await tier(connectTier('db.lab:5432'));
    const address = await (
      await engine()
    ).engine.open(chain(far.port, { includeDomains: ['.lab'] }));
    const socket = client(address);
    socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
    expect(await readAllEnding(socket)).toMatch(/200 [^\r]*\r\n\r\ndirect$/);
    const listed = client(address);
    listed.end('CONNECT db.lab:5432 HTTP/1.1\r\n\r\n');
    expect(await readAll(listed)).toContain('hello');
  });
});

async function startAlertingServer(identity: Credentials, clientCa: string): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-test-'));
  const write = async (name: string, text: string) => {
    await writeFile(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const port = await freePort();
  const child = spawn('openssl', [
    's_server',
    '-accept',
    `127.0.0.1:${port}`,
    '-quiet',
    '-Verify',
    '1',
    '-verify_return_error',
    '-key',
    await write('key.pem', identity.key),
    '-cert',
    await write('cert.pem', identity.certificate),
    '-CAfile',
    await write('ca.pem', clientCa),
  ]);
  cleanUps.push(() => rm(folder, { recursive: true }));
  cleanUps.push(() => child.kill());
  await expect.poll(() => canConnect(port), { timeout: 10_000 }).toBe(true);
  return port;
}

const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });

/** For servers that end first: ends our side too, then waits for the close. */
async function readAllEnding(socket: Socket): Promise<string> {
  socket.on('end', () => socket.end());
  return readAll(socket);
}
