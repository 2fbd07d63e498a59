// Bounds of the engine: descriptors, deadlines, draining, and states that never go back.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import { createTlsContexts } from '../../src/proxy/upstream/credentials.ts';
import { dialTcp, dialTls } from '../../src/proxy/net/dial.ts';
import { createTestPki } from '../support/pki.ts';
import { programPath, temporaryFolder } from '../support/programs.ts';
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

const echo = (socket: TLSSocket) => void socket.pipe(socket);

async function opened(credentials = person) {
  const tier = await startTlsTier(server, echo, server.ca, true);
  onTestFinished(() => tier.stop());
  const engine = await runEngine(credentials);
  onTestFinished(() => engine.stop());
  const address = await engine.open(aTunnel(tier.port));
  return { tier, engine, address };
}

const ended = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('end', () => resolve('end')).resume();
  });

describe('stopping', () => {
  it('lets connections finish, and cuts at the deadline those who do not, by a reset', async () => {
    const { engine, address } = await opened();
    const [quick, slow] = [await program(address), await program(address)];
    for (const socket of [quick, slow]) expect(await echoed(socket, 'x')).toBe('x');
    const isSlowEnded = ended(slow);
    const startedAt = performance.now();
    const stopped = engine.stop(300);
    quick.write('last');
    quick.end();
    let text = '';
    quick.on('data', (chunk: Buffer) => (text += String(chunk))).resume();
    await once(quick, 'close');
    expect(text).toBe('last');
    await stopped;
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(await isSlowEnded).toBe('ECONNRESET');
    expect(engine.told('connection-closed').map((each) => each.ended)).toEqual([
      'finished',
      'closed',
    ]);
  });

  it('is for good: nothing can be opened afterwards', async () => {
    const { engine, tier, address } = await opened();
    const stopped = engine.stop();
    await expect(engine.open(aTunnel(tier.port, { id: 'other' }))).rejects.toThrow();
    await stopped;
    await expect(engine.open(aTunnel(tier.port))).rejects.toThrow();
    const [error] = (await once(connect(address), 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('takes a tunnel with it that is being opened', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const engine = await runEngine(person);
    const arrived = once(silent, 'connection');
    const opening = engine.open(aTunnel((silent.address() as AddressInfo).port));
    const outcome = expect(opening).rejects.toMatchObject({ code: 'tunnel/cancelled' });
    await arrived;
    await engine.stop(60_000);
    await outcome;
  });

  it('closes what is held at once', async () => {
    const { engine, address } = await opened();
    await engine.setCredentials(expired);
    const held = await program(address);
    const isEnded = ended(held);
    await until(async () => engine.told('certificate-needed').length === 1);
    const startedAt = performance.now();
    await engine.close('svc');
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(await isEnded).toBe('ECONNRESET');
    expect(engine.told('connection-refused')).toEqual([]);
  });
});

describe('a server that accepts and never speaks', () => {
  it('is given up at the deadline, and nothing of it is left', async () => {
    const closed: Promise<unknown>[] = [];
    const silent = createServer((socket) => {
      socket.resume().on('error', () => {});
      closed.push(once(socket, 'close'));
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const target = { host: '127.0.0.1', port, deadlineMs: 60, serverName: 'svc.test' };
    const secureContext = createTlsContexts(person).organisation(undefined);
    await expect(dialTls({ ...target, secureContext })).rejects.toMatchObject({
      failure: 'timed-out',
    });
    const over = await dialTcp(target);
    await expect(dialTls({ ...target, secureContext, over })).rejects.toMatchObject({
      failure: 'timed-out',
    });
    await Promise.all(closed);
    expect(closed).toHaveLength(2);
  });
});

describe('banyanproxy without descriptors', () => {
  const ticks = (child: ChildProcess): number => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  };

  it('does not spin, and serves again when there are some', async ({ skip }) => {
    skip(process.platform !== 'linux', 'only Linux tells the processor time of a process');
    skip(!existsSync(programPath('banyanproxy')), 'the programs are not built (npm run build)');
    const tier = await startTlsTier(server, echo, server.ca, true);
    onTestFinished(() => tier.stop());
    const folder = await temporaryFolder();
    onTestFinished(() => folder.remove());
    const files = { key: person.key, cert: person.certificate, cacert: person.ca };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(folder.path, `login-${name}.pem`), text, { mode: 0o600 });
    }
    const child = spawn('bash', [
      '-c',
      `ulimit -n 64; exec ${process.execPath} ${programPath('banyanproxy')} --certs ${folder.path} ` +
        `--connect-to 127.0.0.1:${tier.port} -l 127.0.0.1:0 svc.test 443`,
    ]);
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const address = {
      host: '127.0.0.1',
      port: Number(/127\.0\.0\.1:(\d+)/.exec(String(line))?.[1]),
    };
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(address);
      return socket.on('error', () => {}).resume();
    });
    await until(async () => sockets.filter(({ destroyed }) => destroyed).length > 100);
    const before = ticks(child);
    await delay(1_000);
    // Of a hundred ticks that a second has.
    expect(ticks(child) - before).toBeLessThan(25);
    for (const socket of sockets) socket.destroy();
    await until(async () => {
      const socket = await program(address).catch(() => null);
      const answer = socket && (await echoed(socket, 'hello'));
      socket?.destroy();
      return answer === 'hello';
    });
  });
});
