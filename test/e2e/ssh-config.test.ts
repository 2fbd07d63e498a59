// From a clean HOME, by the terminal alone: after `banyan ssh-config on` the programs that people have find their way.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { HOST, publishTyped } from '../support/collection.ts';
import { findProgram, missing } from '../support/foreign-servers.ts';
import { runProgram, startProgram } from '../support/programs.ts';
import { SSH_PROGRAMS, type SshServer, startSshServer } from '../support/ssh-server.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { terminalLogin } from '../support/terminal-login.ts';

beforeAll(() => ensureBuild(), 120_000);

const MIB = 1024 * 1024;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Person {
  /** Her HOME. */
  folder: string;
  config: string;
  server: SshServer;
  banyan: (...args: string[]) => ReturnType<typeof runProgram>;
  /** Any program, with her HOME and input; what it printed. */
  run: (program: string, args: string[], input?: Buffer) => Promise<Buffer>;
}

/** Signed in; with a server as service `bastion`, and the same one behind the collection `lab`. */
async function aPerson(context: TestContext): Promise<Person> {
  const reason = missing(...SSH_PROGRAMS, 'git', 'rsync');
  if (reason) context.skip(reason);
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const server = await startSshServer();
  const ssh = { service_app_type: 'SSH', banyanproxy_mode: undefined };
  await publishTyped(edge, 'bastion', ssh, {
    target: { name: '127.0.0.1', port: server.port },
  });
  await publishTyped(
    edge,
    'lab-ssh',
    { ...ssh, ssh_host_directive: '*.wide.internal' },
    {
      http_connect: true,
      dns_overrides: { [HOST]: '127.0.0.1' },
      allow_patterns: [{ hostnames: [HOST], cidrs: ['127.0.0.1/32'] }],
    },
  );
  // Odd, as people's names are.
  const folder = path.join(tempDir(), `Dana O'Hara's 100%`);
  const home = path.join(folder, '.config', 'banyanapp');
  const config = path.join(folder, '.ssh', 'config');
  mkdirSync(path.dirname(config), { recursive: true, mode: 0o700 });
  writeFileSync(
    config,
    `Host *
  User ${userInfo().username}
  UserKnownHostsFile ${server.folder}/known_hosts
  IdentityFile ${server.userKey}
  StrictHostKeyChecking yes
  IdentitiesOnly yes
  BatchMode yes
  Port ${server.port}
`,
  );
  writeFileSync(
    path.join(server.folder, 'known_hosts'),
    `bastion.demo.bnn ${server.hostKey}\n[${HOST}]:${server.port} ${server.hostKey}\n`,
  );
  const own = { HOME: folder };
  const up = await startProgram('banyan', ['up'], home, own);
  onTestFinished(async () => void (await up.stop()));
  await runProgram('banyan', ['register', await edge.edge.createInvite(), '--yes'], home, '', own);
  await terminalLogin(home, own);
  return {
    folder,
    config,
    server,
    banyan: (...args) => runProgram('banyan', args, home, '', own),
    run: (program, args, input) =>
      new Promise((resolve, reject) => {
        const child = execFile(
          findProgram(program) ?? program,
          args,
          {
            cwd: folder,
            // ssh itself asks the system for the person's folder, not HOME: so -F below.
            env: {
              PATH: process.env['PATH'],
              LANG: 'C.UTF-8',
              ...own,
              GIT_SSH_COMMAND: `ssh -F "${config}"`,
            },
            encoding: 'buffer',
            maxBuffer: 64 * MIB,
            timeout: 25_000,
          },
          (error, stdout, stderr) =>
            error ? reject(new Error(`${error.message}\n${String(stderr)}`)) : resolve(stdout),
        );
        child.stdin?.on('error', () => {});
        child.stdin?.end(input);
      }),
  };
}

describe('banyan ssh-config', () => {
  it('makes ssh, scp, sftp, rsync and git work by name, and undoes all of it', async (context) => {
    const person = await aPerson(context);
    const { banyan, run, config, folder, server } = person;
    const before = readFileSync(config);
    const on = await banyan('ssh-config', 'on');
    expect(on).toMatchObject({ exit: 0, stderr: '' });
    expect(on.stdout).toBe(
      `${config} includes:\n  ssh bastion          bastion.demo.bnn\n  ssh *.wide.internal  lab-ssh.demo.bnn\n`,
    );
    const ssh = ['-F', config];
    const file = randomBytes(2 * MIB);
    for (const host of ['bastion', HOST]) {
      expect(sha256(await run('ssh', [...ssh, host, 'cat'], file))).toBe(sha256(file));
    }

    const there = path.join(server.folder, 'there');
    writeFileSync(path.join(folder, 'sent'), file);
    await run('scp', ['-q', ...ssh, 'sent', `bastion:${there}`]);
    await run('scp', ['-q', ...ssh, `${HOST}:${there}`, 'back']);
    expect(sha256(readFileSync(path.join(folder, 'back')))).toBe(sha256(file));

    const batch = Buffer.from(`get ${there} got\n`);
    await run('sftp', ['-q', ...ssh, '-b', '-', 'bastion'], batch);
    expect(sha256(readFileSync(path.join(folder, 'got')))).toBe(sha256(file));

    await run('rsync', ['-a', '-e', `ssh -F "${config}"`, `bastion:${there}`, 'synced']);
    expect(sha256(readFileSync(path.join(folder, 'synced')))).toBe(sha256(file));

    await run('git', ['init', '--quiet', '--bare', path.join(server.folder, 'r.git')]);
    await run('git', ['clone', '--quiet', `bastion:${server.folder}/r.git`, 'clone']);
    expect(existsSync(path.join(folder, 'clone', '.git'))).toBe(true);

    expect((await banyan('ssh-config', 'off')).stdout).toBe(`${config} has no entry of Banyan.\n`);
    expect(readFileSync(config)).toEqual(before);
    await expect(run('ssh', [...ssh, 'bastion', 'true'])).rejects.toThrow(/resolve/);
  });

  it('answers programs with an object, and names what is wrong', async (context) => {
    const { banyan, config } = await aPerson(context);
    const on = await banyan('ssh-config', 'on', 'bastion', '--json');
    expect(JSON.parse(on.stdout)).toEqual({
      ok: true,
      ssh: { file: config, entries: [{ service: 'bastion.demo.bnn', name: 'bastion' }] },
    });
    const connected = await banyan('connect', 'bastion');
    expect(connected.stdout).toMatch(/^ {2}ssh +ssh bastion$/m);
    const shown = await banyan('ssh-config', 'show', '--json');
    expect(shown.stdout).toBe(on.stdout);
    expect(await banyan('ssh-config', 'off', 'nothing')).toMatchObject({ exit: 1 });
    expect(await banyan('ssh-config', 'on', 'api')).toMatchObject({ exit: 4 });
    expect(await banyan('ssh-config', 'maybe')).toMatchObject({ exit: 2 });
  });
});
