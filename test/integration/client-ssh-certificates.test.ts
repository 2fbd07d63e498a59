// SSH certificates of people: signed at a sign-in, used by real ssh, judged by a real sshd that trusts the authority.
import { execFile, execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { openSshAuthority } from '../../src/edge/authority/ssh-authority.ts';
import { principalsOf } from '../../src/edge/enrolment/ssh-certificates.ts';
import { problemOf } from '../../src/main/client/identity/ssh-certificate.ts';
import { sshFile } from '../../src/shared/model/commands.ts';
import { publishTyped } from '../support/collection.ts';
import {
  findProgram,
  freePort,
  missing,
  startDaemon,
  writeFiles,
} from '../support/foreign-servers.ts';
import { call } from '../support/https.ts';
import { programPath } from '../support/programs.ts';
import { startClient } from '../support/start-client.ts';
import { SSH_PROGRAMS } from '../support/ssh-server.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { join } from '../support/two-organisations.ts';

const FILE = 'login-key.pem-cert.pub';

/** An sshd that knows nobody's key, only the authority; the demo's person may be the user of this process. */
async function startServer(
  ca: string,
): Promise<{ port: number; hostKey: string; said: () => string }> {
  const folder = tempDir();
  const keygen = findProgram('ssh-keygen') ?? 'ssh-keygen';
  const inFolder = (name: string): string => path.join(folder, name);
  execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', inFolder('host_key')]);
  const port = await freePort();
  const files = writeFiles(folder, {
    'ca.pub': `${ca}\n`,
    principals: 'dana@demo.example\n',
    'sshd.conf': `
Port ${port}
ListenAddress 127.0.0.1
HostKey ${inFolder('host_key')}
TrustedUserCAKeys ${inFolder('ca.pub')}
AuthorizedPrincipalsFile ${inFolder('principals')}
AuthorizedKeysFile none
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`,
  });
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const { said } = await startDaemon('sshd', ['-D', '-e', '-f', files['sshd.conf']], { port });
  return { port, hostKey: readFileSync(inFolder('host_key.pub'), 'utf8').trim(), said };
}

async function aPerson(context: TestContext) {
  const reason = missing(...SSH_PROGRAMS);
  if (reason) context.skip(reason);
  await ensureBuild();
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const { ssh } = edge.edge.document;
  const server = await startServer(ssh?.ca ?? '');
  const tags = { service_app_type: 'SSH', ssh_service_type: 'SSHCERT' };
  await publishTyped(edge, 'bastion', tags, { target: { name: '127.0.0.1', port: server.port } });
  // Odd, as people's names are.
  const folder = path.join(tempDir(), `Dana "D" O'Hara 100%`);
  const config = path.join(folder, '.ssh', 'config');
  mkdirSync(path.dirname(config), { recursive: true, mode: 0o700 });
  const known = path.join(tempDir(), 'known_hosts');
  writeFileSync(known, `bastion.demo.bnn ${server.hostKey}\n`);
  writeFileSync(
    config,
    `Host *\n  User ${userInfo().username}\n  UserKnownHostsFile ${known}\n  BatchMode yes\n`,
  );
  const programs = {
    personFolder: folder,
    banyanproxy: [process.execPath, programPath('banyanproxy')],
    banyan: ['banyan'],
    downloads: () => folder,
  };
  const home = path.join(folder, 'banyan');
  const client = await startClient({ home, ports: { programs } });
  onTestFinished(() => client.stop());
  await join(client, edge);
  return { edge, client, server, config };
}

const ssh = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      findProgram('ssh') ?? 'ssh',
      args,
      { timeout: 20_000, encoding: 'utf8', env: { PATH: process.env['PATH'] } },
      (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)),
    );
  });

describe('an SSH certificate', () => {
  it('comes with a sign-in, lets the person in where the authority is trusted, and goes with her', async (context) => {
    const { client, server, config } = await aPerson(context);
    const file = path.join(client.home, FILE);
    const keygen = findProgram('ssh-keygen') ?? 'ssh-keygen';
    const read = execFileSync(keygen, ['-Lf', file], { encoding: 'utf8' });
    expect(read).toContain('ecdsa-sha2-nistp256-cert-v01@openssh.com user certificate');
    expect(read).toMatch(/Key ID: "dana@demo\.example device [0-9a-f-]+"/);
    expect(read).toMatch(/Principals: \n +dana@demo\.example\n +dana\n/);
    expect(read).toMatch(/Critical Options: \(none\)/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { session } = client.slices();
    const [, until = ''] = /to (\S+)\n/.exec(read) ?? [];
    const end = 'expiresAt' in session ? session.expiresAt : 0;
    expect(Math.abs(new Date(until).getTime() - end)).toBeLessThanOrEqual(1_000);

    await client.call('program.setSsh', { service: null, isOn: true });
    expect(await ssh('-F', config, 'bastion', 'echo', 'in')).toBe('in\n');
    expect(server.said()).toContain('ID dana@demo.example device');

    await client.call('session.signOut', {});
    expect(existsSync(file)).toBe(false);
  });

  it('is used by the commands that are shown, through the local port', async (context) => {
    const { client, config } = await aPerson(context);
    const tunnel = await client.call('tunnel.open', { service: 'bastion.demo.bnn' });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    const words = ['-F', config, '-p', `${port}`, '-o', 'HostKeyAlias=bastion.demo.bnn'];
    await expect(ssh(...words, '127.0.0.1', 'true')).rejects.toThrow('Permission denied');
    const identity = ['-o', `IdentityFile=${sshFile(path.join(client.home, 'login-key.pem'))}`];
    expect(await ssh(...words, ...identity, '127.0.0.1', 'echo', 'in')).toBe('in\n');
  });

  it('is for nobody without a session; the authority keeps its key to itself', async (context) => {
    const { edge } = await aPerson(context);
    const { ssh: offered } = edge.edge.document;
    const { root } = edge.edge;
    const headers = { 'content-type': 'application/pkcs10', authorization: 'Bearer x' };
    const ask = { method: 'POST', headers, body: '', root };
    expect((await call(offered?.certificate ?? '', ask)).status).toBe(401);
    const line = readFileSync(path.join(edge.data, 'authority', 'ssh-ca.pub'), 'utf8');
    expect(line).toBe(`${offered?.ca}\n`);
    expect(statSync(path.join(edge.data, 'authority', 'ssh-key.pem')).mode & 0o777).toBe(0o600);
  });
});

describe('principals', () => {
  it.each([
    ['dana@demo.example', false, ['dana@demo.example', 'dana']],
    ['dana@demo.example', true, ['dana@demo.example']],
    ['root@demo.example', false, ['root@demo.example']],
    ['Dana@demo.example', false, ['Dana@demo.example']],
    ['-x@demo.example', false, ['-x@demo.example']],
    ['', false, ['subject:u%2F1']],
    // Without an @ it would be a login name; servers take a comma for the end of a name.
    ['root', true, ['subject:u%2F1']],
    ['root', false, ['subject:u%2F1']],
    ['root,dana@demo.example', true, ['subject:u%2F1']],
    ['da na@demo', false, ['subject:u%2F1']],
  ])('of %j (signed in elsewhere: %j) are %j', (email, isForeign, expected) => {
    expect(principalsOf({ email, sub: 'u/1' }, isForeign)).toEqual(expected);
  });
});

describe('what an organisation gives as an SSH certificate', () => {
  it('is taken only where it is one for this key, this person and this session', async () => {
    const own = await openSshAuthority(tempDir());
    const other = await openSshAuthority(tempDir());
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const another = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const end = Math.floor(Date.now() / 1000) + 60;
    const wish = { key: pair.publicKey, id: 'x', principals: ['dana'], expiresAt: end };
    const problem = (line: string, key = pair.publicKey): string | null =>
      problemOf(
        line,
        createPublicKey(key.export({ type: 'spki', format: 'pem' })),
        own.publicKey,
        end * 1000,
      );
    const good = own.issue(wish);
    expect(problem(good)).toBeNull();
    expect(problem(other.issue(wish))).toBe('signed by another authority');
    expect(problem(own.issue({ ...wish, principals: [] }))).toBe('good for every name');
    expect(problem(own.issue({ ...wish, expiresAt: end + 1 }))).toBe(
      'valid for longer than the session',
    );
    expect(problem(good, another.publicKey)).toBe('for another key');
    expect(problem(`${good}cert-authority * ssh-rsa AAAA\n`)).toBe('none');
    expect(problem(`${good.slice(0, 80)}\n`)).toMatch(/cut off|none/);
    expect(problem('<html>')).toBe('none');
  });
});
