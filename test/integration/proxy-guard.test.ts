// Who may use a local port: judged before anything is dialled, held or passed on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import type { Credentials, TunnelSpec } from '../../src/proxy/index.ts';
import type { LocalAddress } from '../../src/shared/model/tunnel.ts';
import { readToEnd } from '../support/bytes.ts';
import { startConnectTier } from '../support/connect-tier.ts';
import { createTestPki } from '../support/pki.ts';
import { aTunnel, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier } from '../support/tls-tier.ts';
import { until } from '../support/until.ts';

let server: Credentials;
let person: Credentials;
let expired: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
  expired = await pki.issue({ commonName: 'person', lifeMs: -1_000 });
});

const NOBODY = 65_534;
const needNobody = ({ skip }: TestContext) =>
  skip(
    process.platform !== 'linux' || process.getuid?.() !== 0,
    'only root can start a program as another user',
  );

/** What a program of user "nobody" gets for these bytes; null: it was reset. */
async function asNobody({ host, port }: LocalAddress, bytes: string): Promise<string | null> {
  const script = `
    const socket = require('net').connect(${port}, '${host}', () => socket.write(${JSON.stringify(bytes)}));
    socket.on('data', (chunk) => (process.stdout.write(chunk), socket.destroy()));
    socket.on('end', () => process.exit());
    socket.on('error', ({ code }) => process.exit(code === 'ECONNRESET' ? 9 : 1));`;
  const child = spawn(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY, cwd: '/' });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += String(chunk)));
  const [exit] = (await once(child, 'close')) as [number];
  return exit === 9 ? null : text;
}

const modes: TunnelSpec['mode'][] = ['TCP', 'CHAIN'];

describe.each(modes)('a program of another user, %s', (mode) => {
  const CONNECT = mode === 'CHAIN' ? 'CONNECT a.lab:1 HTTP/1.1\r\n\r\n' : '';
  async function opened(changes: Partial<TunnelSpec> = {}) {
    const echo = (socket: TLSSocket) => void socket.pipe(socket);
    const tls = mode === 'TCP' ? await startTlsTier(server, echo, server.ca, true) : null;
    const chain = tls ? null : await startConnectTier(server);
    onTestFinished(() => (tls ?? chain)?.stop());
    const engine = await runEngine(person);
    onTestFinished(() => engine.stop());
    const port = (tls ?? chain)?.port ?? 0;
    const address = await engine.open(aTunnel(port, { mode, ...changes }));
    return { engine, address, arrived: () => tls?.accepted() ?? chain?.served.length };
  }

  it('is reset and reported, and nothing is dialled for it', async (context) => {
    needNobody(context);
    const { engine, address, arrived } = await opened();
    const before = arrived();
    expect(await asNobody(address, CONNECT || 'hello')).toBeNull();
    await until(async () => engine.told('connection-refused').length === 1);
    expect(engine.told('connection-refused')[0]?.error.code).toBe('tunnel/local-program-refused');
    expect(arrived()).toBe(before);
  });

  it('has nobody sign in for it', async (context) => {
    needNobody(context);
    const { engine, address } = await opened();
    await engine.setCredentials(expired);
    expect(await asNobody(address, CONNECT || 'hello')).toBeNull();
    expect(engine.told('certificate-needed')).toEqual([]);
  });

  it('is let in where everybody is', async (context) => {
    needNobody(context);
    const { address } = await opened({ localUsers: 'anyone' });
    const answer = await asNobody(address, CONNECT || 'hello');
    expect(answer).toMatch(mode === 'CHAIN' ? /^HTTP\/1\.1 200 / : /^hello$/);
  });
});

describe('a port in TCP mode', () => {
  async function opened(behave: (socket: TLSSocket) => unknown) {
    const tier = await startTlsTier(server, behave, server.ca, true);
    onTestFinished(() => tier.stop());
    const engine = await runEngine(person);
    onTestFinished(() => engine.stop());
    const address = await engine.open(aTunnel(tier.port));
    return { engine, address, tier };
  }
  /** Its backend, and what reached it. */
  async function listening() {
    let heard = '';
    const parts = await opened((socket) =>
      socket.on('data', (chunk: Buffer) => {
        heard += String(chunk);
        socket.write(chunk);
      }),
    );
    return { ...parts, heard: () => heard };
  }
  const PAGE =
    'POST /admin HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nContent-Length: 4\r\n\r\nevil';

  async function expectRefused(socket: Socket, { engine }: Awaited<ReturnType<typeof listening>>) {
    expect(String(await readToEnd(socket))).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
    await until(async () => engine.told('connection-refused').length === 1);
    expect(engine.told('connection-refused')[0]?.error.code).toBe('tunnel/local-program-refused');
  }

  it('answers a web page from elsewhere with 403, and nothing reaches the backend', async () => {
    const parts = await listening();
    const socket = await program(parts.address);
    socket.write(PAGE);
    await expectRefused(socket, parts);
    expect(parts.heard()).toBe('');
  });

  it('does so too when the request comes after the dial, and in pieces', async () => {
    const parts = await listening();
    const before = parts.tier.accepted();
    const socket = await program(parts.address);
    await until(async () => parts.tier.accepted() > before);
    for (let at = 0; at < PAGE.length; at += 20) {
      socket.write(PAGE.slice(at, at + 20));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expectRefused(socket, parts);
    expect(parts.heard()).toBe('');
    expect(parts.engine.told('connection-closed')[0]).toMatchObject({ ended: 'refused' });
  });

  it.each([
    'GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: svc.test\r\nUser-Agent: Mozilla/5.0\r\nSec-Fetch-Site: none\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    'A',
    '\0',
    'P',
  ])('passes %j on at once', async (text) => {
    const { address, heard } = await listening();
    const socket = await program(address);
    expect(await echoed(socket, text)).toBe(text);
    expect(heard()).toBe(text);
    socket.destroy();
  });

  it('refuses what looks like a request and ends in the middle of it', async () => {
    const { address, heard } = await listening();
    const socket = await program(address);
    socket.end('GET /half');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toContain('403 Forbidden');
    expect(heard()).toBe('');
    socket.destroy();
  });

  it('does not keep waiting a program that waits for the server to speak', async () => {
    const { address } = await opened((socket) => socket.on('error', () => {}).write('220 ready'));
    const startedAt = performance.now();
    const socket = await program(address);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(String(greeting)).toBe('220 ready');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    socket.destroy();
  });
});
