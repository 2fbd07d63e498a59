// The built program banyanproxy against real TLS: what a shell, an administrator and ssh see.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { recordingLog } from '../fakes/recording-log.ts';
import { aService, aSnapshot } from '../fixtures/snapshots.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import {
  environment,
  programPath,
  runProgram,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { startTlsTier, type TlsTier } from '../support/tls-tier.ts';
import { bindControlSocket } from '../../src/main/ipc/control-server.ts';
import type { Handlers, Snapshot } from '../../src/shared/ipc/contract.ts';
import type { HostAndPort } from '../../src/shared/protocol/host-port.ts';
import type { Credentials } from '../../src/proxy/index.ts';

let pki: TestPki;
let person: Credentials;
beforeAll(async () => {
  pki = await createTestPki();
  person = await pki.issue({ commonName: 'person' });
});

beforeAll(() => ensureBuild(), 120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Echoes, and notes who came. */
async function tier(names: string[] = []): Promise<TlsTier> {
  const server = await pki.issue({ commonName: 'svc.demo.localhost' });
  const started = await startTlsTier(server, (socket) => {
    names.push(String(socket.getPeerCertificate().subject.CN));
    socket.pipe(socket);
  });
  cleanUps.push(() => started.stop());
  return started;
}

async function writeLogin(folder: string, { ca, key, certificate }: Credentials): Promise<void> {
  await writeFile(path.join(folder, 'login-cacert.pem'), ca);
  await writeFile(path.join(folder, 'login-key.pem'), key);
  await writeFile(path.join(folder, 'login-cert.pem'), certificate);
}

async function signedInHome(credentials = person): Promise<string> {
  const { path: home, remove } = await temporaryFolder();
  cleanUps.push(remove);
  await writeLogin(home, credentials);
  return home;
}

async function roundTrip(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(text);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  return answer;
}

describe('banyanproxy', () => {
  it('listens with -l, says so in one line, carries bytes and ends with 0 on SIGTERM', async () => {
    const { port } = await tier();
    const home = await signedInHome();
    const args = ['-l', '0', 'svc.demo.localhost', String(port)];
    const running = await startProgram('banyanproxy', args, home);
    const local = /^banyanproxy: 127\.0\.0\.1:(\d+) -> svc\.demo\.localhost:\d+ \(TCP\)$/.exec(
      running.firstLine,
    )?.[1];
    expect(await roundTrip(Number(local), 'through the tunnel')).toBe('through the tunnel');
    expect(await running.stop()).toBe(0);
  });

  it('relays standard input and output without -l', async () => {
    const { port } = await tier();
    const args = ['svc.demo.localhost', String(port)];
    const { exit, stdout } = await runProgram('banyanproxy', args, await signedInHome(), 'SSH-2.0');
    expect(stdout).toBe('SSH-2.0');
    expect(exit).toBe(0);
  });

  it('exits with 4 and says so when the Access Tier closes at once, as an ssh would otherwise never learn', async () => {
    const server = await pki.issue({ commonName: 'svc.demo.localhost' });
    const far = await startTlsTier(server, (socket) => void socket.end());
    cleanUps.push(() => far.stop());
    const child = spawn(
      process.execPath,
      [programPath('banyanproxy'), 'svc.demo.localhost', String(far.port)],
      { env: environment(await signedInHome()) },
    );
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    child.stdout.once('end', () => child.stdin.end());
    const [exit] = (await once(child, 'close')) as [number];
    expect(complaint).toContain('[tunnel/denied]');
    expect(exit).toBe(4);
  });

  it.each([
    ['at once', '', /\[tunnel\/denied\]/],
    ['later', 'SSH-2.0-x\r\n', /closed|reset/i],
  ])(
    'ends an ssh, which reads from a pipe, where the other end closes %s',
    async (_, banner, said) => {
      const server = await pki.issue({ commonName: 'svc.demo.localhost' });
      const far = await startTlsTier(server, (socket) => void socket.end(banner));
      cleanUps.push(() => far.stop());
      const words = [process.execPath, programPath('banyanproxy'), 'svc.demo.localhost'];
      const ssh = spawn(
        'ssh',
        ['-F', '/dev/null', '-o', `ProxyCommand=${words.join(' ')} ${far.port}`, 'host'],
        { env: environment(await signedInHome()), stdio: ['pipe', 'ignore', 'pipe'] },
      );
      cleanUps.push(() => ssh.kill('SIGKILL'));
      let complaint = '';
      ssh.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
      const [exit] = (await once(ssh, 'exit', { signal: AbortSignal.timeout(8_000) })) as [number];
      expect(exit).toBe(255);
      expect(complaint).toMatch(said);
    },
  );

  it('carries megabytes through standard input and output unchanged', async () => {
    const { port } = await tier();
    const home = await signedInHome();
    const child = spawn(
      process.execPath,
      [programPath('banyanproxy'), 'svc.demo.localhost', String(port)],
      { env: environment(home) },
    );
    const sent = Buffer.alloc(4 * 1024 * 1024, 'banyan');
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.end(sent);
    await once(child, 'close');
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it('uses a renewed certificate without a restart', async () => {
    const names: string[] = [];
    const { port } = await tier(names);
    const home = await signedInHome();
    const args = ['-l', '0', 'svc.demo.localhost', String(port)];
    const running = await startProgram('banyanproxy', args, home);
    cleanUps.push(() => running.stop());
    const local = Number(/:(\d+) ->/.exec(running.firstLine)?.[1]);
    expect(await roundTrip(local, 'before')).toBe('before');
    await writeLogin(home, await pki.issue({ commonName: 'renewed' }));
    const nextName = async () => (await roundTrip(local, 'after'), names.at(-1));
    await expect.poll(nextName, { timeout: 10_000, interval: 500 }).toBe('renewed');
  });

  it('exits with 5 and names the port when it is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => holder.close());
    const taken = String((holder.address() as AddressInfo).port);
    const { port } = await tier();
    const args = ['-l', taken, 'svc.demo.localhost', String(port)];
    const { exit, stderr } = await runProgram('banyanproxy', args, await signedInHome());
    expect(exit).toBe(5);
    expect(stderr).toContain(`Port ${taken} on 127.0.0.1 is already in use`);
    expect(stderr).toContain('[tunnel/port-in-use]');
  });

  it('exits with 3 and says to sign in when there is no certificate', async () => {
    const { path: home, remove } = await temporaryFolder();
    cleanUps.push(remove);
    const { exit, stderr } = await runProgram('banyanproxy', ['a.example', '8443'], home);
    expect(exit).toBe(3);
    expect(stderr).toContain('banyan login');
  });

  it.each(['', 'garbage'])('exits with 3 where the certificate is %j', async (text) => {
    const home = await signedInHome();
    await writeFile(path.join(home, 'login-cert.pem'), text);
    const { exit, stderr } = await runProgram('banyanproxy', ['svc.demo.localhost', '1'], home);
    expect({ exit, stderr }).toEqual({
      exit: 3,
      stderr: expect.stringMatching(
        /is no certificate\..*\[tunnel\/certificate-missing\]/,
      ) as string,
    });
  });

  it('takes an empty BANYAN_CERTS for none', async () => {
    const { port } = await tier();
    const args = ['svc.demo.localhost', String(port)];
    const home = await signedInHome();
    const { stdout } = await runProgram('banyanproxy', args, home, 'SSH-2.0', { BANYAN_CERTS: '' });
    expect(stdout).toBe('SSH-2.0');
  });

  it('exits with 3 when the certificate has expired', async () => {
    const expired = await pki.issue({ commonName: 'person', lifeMs: -60_000 });
    const args = ['a.example', '8443'];
    const { exit, stderr } = await runProgram('banyanproxy', args, await signedInHome(expired));
    expect(exit).toBe(3);
    expect(stderr).toContain('[identity/session-expired]');
  });

  it('exits with 1 and listens on nothing when the Access Tier is not there', async () => {
    const far = await tier();
    await far.stop();
    const args = ['-l', '0', 'svc.demo.localhost', String(far.port)];
    const { exit, stdout, stderr } = await runProgram('banyanproxy', args, await signedInHome());
    expect(exit).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^banyanproxy: Nothing answers at svc\.demo\.localhost:\d+\. Check/);
  });

  it('exits with 2 and one plain line on bad usage', async () => {
    const { exit, stderr } = await runProgram('banyanproxy', ['--no-such'], await signedInHome());
    expect(exit).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('lets no text write control characters to the terminal', async () => {
    const args = ['--mode', 'X\u001b]0;pwned\u0007\u009b2J', 'a.example', '8443'];
    const { exit, stderr } = await runProgram('banyanproxy', args, await signedInHome());
    expect(exit).toBe(2);
    expect(stderr).toContain('"X ]0;pwned');
    expect(stderr.trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  describe('where an app runs', () => {
    const hidden = (accessTier: HostAndPort) =>
      aSnapshot({
        catalog: {
          status: 'current',
          services: [aService({ domain: 'hidden.demo.invalid', accessTier })],
        },
      });

    /** Its control socket, with a catalogue by heart. null: an app that hangs. */
    async function app(home: string, snapshot: Snapshot | null): Promise<void> {
      const control = await bindControlSocket(home, recordingLog());
      cleanUps.push(() => control.stop());
      const answer = () => (snapshot ? Promise.resolve(snapshot) : new Promise(() => {}));
      // Nothing else is asked here.
      const handlers = { 'app.snapshot': answer } as unknown as Handlers;
      control.serve({ handlers, subscribe: () => () => {} });
    }

    it('finds the Access Tier of a service whose name is in no DNS, as the app knows it', async () => {
      const server = await pki.issue({ commonName: 'hidden.demo.invalid' });
      const far = await startTlsTier(server, (socket) => void socket.pipe(socket));
      cleanUps.push(() => far.stop());
      const home = await signedInHome();
      await app(home, hidden({ host: '127.0.0.1', port: far.port }));
      const args = ['hidden.demo.invalid', String(far.port)];
      expect(await runProgram('banyanproxy', args, home, 'through')).toEqual({
        exit: 0,
        stdout: 'through',
        stderr: '',
      });
      // Another port is another Access Tier, and of that the app knows nothing.
      const elsewhere = await runProgram('banyanproxy', ['hidden.demo.invalid', '1'], home);
      expect(elsewhere.exit).toBe(1);
      expect(elsewhere.stderr).toContain('The name hidden.demo.invalid cannot be resolved.');
    });

    it('goes by DNS, with a word in the log, where the app does not answer', async () => {
      const { port } = await tier();
      const home = await signedInHome();
      await app(home, null);
      const args = ['--log-level', 'info', 'svc.demo.localhost', String(port)];
      const { exit, stdout, stderr } = await runProgram('banyanproxy', args, home, 'by DNS');
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'by DNS' });
      expect(stderr).toContain('[client/not-running]');
    });
  });
});
