// The power of the window in a terminal: what its commands print, for people and for programs, and what they leave.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import type { CommandName } from '../../src/cli/command-table.ts';
import { cliSchemas, failure } from '../support/cli-schemas.ts';
import { publishTyped } from '../support/collection.ts';
import {
  environment,
  type Finished,
  programPath,
  runProgram,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { terminalLogin } from '../support/terminal-login.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let folder: string;
let home: string;
let bin: string;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  await ensureBuild();
  const made = await temporaryFolder();
  cleanUps.push(made.remove);
  folder = made.path;
  home = path.join(folder, 'home');
  bin = path.join(folder, 'bin');
  edge = await startEdge();
  cleanUps.push(() => edge.stop());
  const target = { target: { name: '127.0.0.1', port: 1 } };
  await publishTyped(edge, 'pg-orders', { service_app_type: 'DATABASE' }, target);
  await publishTyped(edge, 'bastion', { service_app_type: 'SSH' }, target);
  await publishTyped(edge, 'redis', { service_app_type: 'DATABASE' }, target);
  execFileSync('mkdir', ['-p', bin]);
  // A terminal that runs what it is given, and a psql that says with what.
  writeFileSync(path.join(bin, 'x-terminal-emulator'), '#!/bin/sh\nshift; exec "$@"\n', {
    mode: 0o755,
  });
  writeFileSync(path.join(bin, 'psql'), '#!/bin/sh\necho "$@" > "$HOME/psql-said"\n', {
    mode: 0o755,
  });
  const running = await startProgram('banyan', ['up'], home, surroundings());
  cleanUps.push(() => running.stop());
  await ran('register', await edge.edge.createInvite(), '--yes');
  await terminalLogin(home, surroundings());
}, 120_000);
afterAll(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const surroundings = (): NodeJS.ProcessEnv => ({
  HOME: folder,
  SHELL: '/bin/bash',
  DISPLAY: ':9',
  PATH: `${bin}:${process.env['PATH']}`,
});
const banyan = (...args: string[]): Promise<Finished> =>
  runProgram('banyan', args, home, '', surroundings());

/** Its lines; fails where the command does. */
async function ran(...args: string[]): Promise<string> {
  const { exit, stdout, stderr } = await banyan(...args);
  expect({ exit, stderr: exit === 0 ? '' : stderr }, args.join(' ')).toEqual({
    exit: 0,
    stderr: '',
  });
  return stdout;
}

describe('--json', () => {
  it.each<[CommandName, ...string[]]>([
    ['organisations'],
    ['status'],
    ['services'],
    ['services', '--names'],
    ['services', '--search', 'orders'],
    ['connect', 'pg-orders'],
    ['env'],
    ['env', 'pg-orders'],
    ['override', 'pg-orders', '25432'],
    ['override', 'pg-orders', '--reset'],
    ['disconnect', 'pg-orders'],
    ['auto-connect', 'pg-orders', 'off'],
    ['ssh-config', 'on'],
    ['ssh-config', 'off'],
    ['kubeconfig', 'show'],
    ['certs'],
    ['posture'],
    ['posture', '--check'],
    ['completion', 'bash'],
    ['diagnose'],
    ['logs'],
    ['open', 'wiki', '--no-browser'],
    ['up', '--install-service'],
    ['up', '--remove-service'],
  ])('of %s %s is of the documented shape', async (command, ...args) => {
    const { stdout } = await banyan(command, ...args, '--json');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const read = cliSchemas[command].safeParse(JSON.parse(stdout));
    expect(read.error?.message ?? '').toBe('');
  });

  it.each([
    [['connect', 'nothing'], 1],
    [['frob'], 2],
    [['ssh-config', 'on', 'pg-orders'], 4],
    [['env', 'redis'], 1],
    [['certs', '--port', '1'], 2],
  ] as const)('of %j, which fails, is of the documented shape', async (args, exit) => {
    const finished = await banyan(...args, '--json');
    expect(finished.exit).toBe(exit);
    expect(failure.safeParse(JSON.parse(finished.stdout)).error?.message ?? '').toBe('');
  });
});

describe('banyan env', () => {
  it('leads programs of a shell to a service that is connected', async () => {
    const { stderr, exit } = await banyan('env', 'pg-orders');
    expect({ exit, stderr }).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('banyan connect pg-orders') as string,
    });
    const connected = JSON.parse(await ran('connect', 'pg-orders', '--json')) as {
      address: { port: number };
    };
    const script = `${await ran('env', 'pg-orders')}\necho "$PGHOST $PGPORT $BANYAN_CERTS"`;
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe(
      `127.0.0.1 ${connected.address.port} ${home}\n`,
    );
    expect(await ran('env', '--shell', 'fish')).toBe(`set -gx BANYAN_CERTS '${home}'\n`);
    expect((await banyan('env', '--shell', 'tcsh')).exit).toBe(2);
  });
});

describe('banyan certs', () => {
  it('tells whose certificates they are and until when', async () => {
    const said = await ran('certs');
    expect(said).toMatch(/^Device .+, until /);
    expect(said).toContain(path.join(home, 'login-cert.pem'));
    expect(said).toMatch(/^ {2}for +CN=.*\n {2}by +.*\n {2}serial +[0-9a-f]+$/m);
    const openssl = ['x509', '-in', path.join(home, 'login-cert.pem'), '-noout', '-serial'];
    const [, serial = ''] =
      /serial=0*(\w+)/.exec(execFileSync('openssl', openssl).toString()) ?? [];
    expect(said).toContain(serial.toLowerCase());
  });
});

describe('banyan posture', () => {
  it('lists every factor, with what helps', async () => {
    const said = await ran('posture');
    expect(said).toContain('Disk encryption');
    expect(said).toMatch(/Looked at /);
  });
});

describe('banyan services', () => {
  it('narrows to what is searched for, and says what connects by itself', async () => {
    const rows = await ran('services', '--search', 'ORDERS');
    expect(rows).toMatch(/^NAME +TITLE +TYPE +MODE +PORT +AUTO +STATE\npg-orders /);
    expect(rows.trim().split('\n')).toHaveLength(2);
    await ran('auto-connect', 'pg-orders', 'on');
    expect(await ran('services', '--search', 'orders')).toMatch(/^pg-orders .* auto /m);
    await ran('auto-connect', 'pg-orders', 'off');
    expect(await ran('services', '--search', 'nothing')).toBe('No service is like that.\n');
    expect(await ran('services', '--names')).toContain('pg-orders\n');
  });

  it('guesses what was meant', async () => {
    expect((await banyan('connect', 'pg-ordres')).stderr).toContain('Did you mean "pg-orders"?');
    expect((await banyan('conect', 'pg-orders')).stderr).toContain('Did you mean "connect"?');
  });
});

describe('banyan open', () => {
  it('opens another service in a program of this computer, connected', async () => {
    expect(await ran('open', 'pg-orders')).toContain('psql opens, connected to');
    const said = path.join(folder, 'psql-said');
    await until(() => Promise.resolve(existsSync(said) && readFileSync(said, 'utf8') !== ''));
    expect(readFileSync(said, 'utf8')).toMatch(/^--host=127\.0\.0\.1 --port=\d+\n$/);
    expect((await banyan('open', 'pg-orders', '--with', 'nc')).exit).toBe(2);
    expect((await banyan('open', 'redis', '--with', 'psql')).stderr).toContain('not-started');
  });
});

describe('banyan help', () => {
  it('prints the help of the command that is named', async () => {
    expect(await ran('help', 'env')).toBe(await ran('env', '--help'));
  });
});

describe('commands that only read', () => {
  it.each([
    ['status', 0],
    ['organisations', 0],
    ['env', 0],
    ['certs', 0],
    ['services', 3],
    ['posture', 3],
    ['logs', 0],
  ])('begin no folder: %s', async (command, exit) => {
    const nowhere = path.join(folder, 'nowhere');
    const finished = await runProgram('banyan', [command], nowhere, '', surroundings());
    expect(finished.exit).toBe(exit);
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe('banyan connect --foreground', () => {
  it('disconnects at Ctrl-C, though the client goes on', async () => {
    const args = ['connect', 'bastion', '--foreground'];
    const running = await startProgram('banyan', args, home, surroundings());
    expect(await ran('status')).toContain('bastion');
    expect(await running.stop('SIGINT')).toBe(0);
    expect(await ran('status')).not.toContain('bastion');
  });
});

describe('banyan diagnose', () => {
  it('ends with 1 where a step fails', async () => {
    expect((await banyan('diagnose')).exit).toBe(0);
    await edge.stop();
    const broken = await banyan('diagnose', '--json');
    expect(broken.exit).toBe(1);
    expect(cliSchemas.diagnose.safeParse(JSON.parse(broken.stdout)).success).toBe(true);
  });
});

describe('an argument that is empty', () => {
  it.each([
    [['register', ''], 'Give an invite'],
    [['kubeconfig', 'on', 'x', '--context', ''], '--context takes the name'],
  ])('is told in words of the command: %j', async (args, words) => {
    const { exit, stderr } = await banyan(...args);
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringContaining(words) as string,
    });
  });
});

describe('output that nobody gets', () => {
  const started = (args: readonly string[], stdout: number | 'pipe') =>
    spawn(process.execPath, [programPath('banyan'), ...args], {
      env: { ...environment(home), ...surroundings() },
      stdio: ['ignore', stdout, 'pipe'],
    });

  it.each(['status --json', 'env', 'completion bash', '--help'])(
    'is a failure on a full disk: %s',
    async (line) => {
      const child = started(line.split(' '), openSync('/dev/full', 'w'));
      let said = '';
      child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
      const [exit] = (await once(child, 'close')) as [number];
      expect({ exit, said }).toEqual({
        exit: 1,
        said: expect.stringContaining('could not be written (ENOSPC)') as string,
      });
    },
  );

  it('ends what follows the log, and is no failure, where its reader has gone', async () => {
    const child = started(['logs', '--follow'], 'pipe');
    cleanUps.push(() => child.kill('SIGKILL'));
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    const ended = once(child, 'close', { signal: AbortSignal.timeout(10_000) });
    await banyan('open', 'redis', '--with', 'psql'); // something to be written
    const [exit] = (await ended) as [number];
    expect(exit).toBe(0);
  });
});
