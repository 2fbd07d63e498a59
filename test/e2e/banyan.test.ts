// The built program banyan against the built demo organisation: what goes wrong, what it says, what it exits with.
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectSocket, createServer } from 'node:net';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import type { KnownOrganisation } from '../../src/shared/model/device.ts';
import {
  environment,
  type Finished,
  programPath,
  runProgram,
  type Running,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { cliSchemas } from '../support/cli-schemas.ts';
import { until } from '../support/until.ts';
import { terminalLogin } from '../support/terminal-login.ts';

interface DemoFacts {
  invite: string;
  organisation: string;
}

beforeAll(() => ensureBuild(), 120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function aHome(): Promise<string> {
  const { path: home, remove } = await temporaryFolder();
  cleanUps.push(remove);
  return home;
}

async function startDemo(): Promise<{ facts: DemoFacts; stop: () => Promise<unknown> }> {
  const { path: data, remove } = await temporaryFolder();
  const args = ['demo', '--json', '--access-tier-port', '0', '--data', data];
  const running = await startProgram('banyan-edge', args, data);
  return {
    facts: JSON.parse(running.firstLine) as DemoFacts,
    stop: async () => (await running.stop(), remove()),
  };
}

async function up(home: string): Promise<Running> {
  const running = await startProgram('banyan', ['up'], home);
  cleanUps.push(() => running.stop());
  return running;
}

/** At a terminal, where questions are asked; answers once the question is there. */
async function atTerminal(
  command: string,
  home: string,
  typed: string,
): Promise<{ exit: number | null; text: string }> {
  const line = `"${process.execPath}" "${programPath('banyan')}" ${command}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: environment(home) });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = text;
    text += chunk.toString();
    if (text.includes('[y/N]') && !before.includes('[y/N]')) child.stdin.write(typed);
  });
  const exit = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exit, text };
}

/** Done, and printed as docs/cli.schema.json has it. */
function expectAnswer({ exit, stdout, stderr }: Finished, command: keyof typeof cliSchemas): void {
  expect({ exit, stderr: exit === 0 ? '' : stderr }).toEqual({ exit: 0, stderr: '' });
  expect(cliSchemas[command].safeParse(JSON.parse(stdout)).error?.message ?? '').toBe('');
}

/** One plain line with a code in brackets, no stack, the exit code as documented. */
function expectFailure({ exit, stdout, stderr }: Finished, code: string, status: number): void {
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain(`[${code}]`);
  expect(stderr).not.toMatch(/\bat .*:\d+/);
  expect(stdout).toBe('');
  expect(exit).toBe(status);
}

describe('banyan, alone', () => {
  it('tells its status with exit 0 when nothing runs and nothing is registered', async () => {
    const { exit, stdout } = await runProgram('banyan', ['status', '--json'], await aHome());
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      isRunning: false,
      device: { status: 'unregistered' },
    });
  });

  it.each([
    ['status', /^Next +banyan register INVITE/m],
    ['certs', /not registered\. Register it with an invite: banyan register\.$/m],
    ['diagnose', /can be tried once this device is registered: banyan register INVITE\.$/m],
  ])('%s names the next step where nothing is registered', async (command, next) => {
    expect((await runProgram('banyan', [command], await aHome())).stdout).toMatch(next);
  });

  it('guesses which option was meant', async () => {
    const { exit, stderr } = await runProgram(
      'banyan',
      ['services', '--serch', 'x'],
      await aHome(),
    );
    expect(exit).toBe(2);
    expect(stderr).toContain('There is no option --serch. Did you mean --search?');
  });

  it.each([
    [['no-such-command'], 'usage/invalid-input', 2],
    [['connect'], 'usage/invalid-input', 2],
    [['override', 'api', '70000'], 'usage/invalid-input', 2],
    [['auto-connect', 'api', 'perhaps'], 'usage/invalid-input', 2],
    [['register', 'banyan://register?org=x', '--yes'], 'device/invite-invalid', 2],
    [['register', 'https://example.com/path', '--yes'], 'device/address-invalid', 2],
    [['register', '127.0.0.1:9', '--fingerprint', 'short'], 'usage/invalid-input', 2],
    [['register', 'banyan://register?org=x', '--no-browser'], 'usage/invalid-input', 2],
    [['disconnect', 'api'], 'client/not-running', 1],
    [['quit'], 'client/not-running', 1],
    [['switch', 'nowhere'], 'organisation/unknown', 1],
    [['services'], 'device/not-registered', 3],
    [['login', '--no-browser'], 'device/not-registered', 3],
  ])('%j fails as %s with exit %i', async (args, code, status) => {
    const home = await aHome();
    expectFailure(await runProgram('banyan', args, home), code, status);
  });

  it('refuses a place for secrets that there is not, whatever the command', async () => {
    const failed = await runProgram('banyan', ['status'], await aHome(), '', {
      BANYAN_SECRETS: 'foo',
    });
    expectFailure(failed, 'usage/invalid-input', 2);
    expect(failed.stderr).toContain('keychain, file, memory');
  });

  it('gives the error as one object with --json', async () => {
    const { exit, stdout } = await runProgram('banyan', ['quit', '--json'], await aHome());
    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: {
        code: 'client/not-running',
        message: expect.any(String),
        advice: expect.any(String),
      },
    });
  });
});

describe('banyan up', () => {
  it('refuses to run twice for one folder', async () => {
    const home = await aHome();
    await up(home);
    expectFailure(await runProgram('banyan', ['up'], home), 'client/already-running', 1);
  });

  it('starts again after it was killed, without help', async () => {
    const home = await aHome();
    const first = await up(home);
    await first.stop('SIGKILL');
    await up(home);
    const { stdout } = await runProgram('banyan', ['status', '--json'], home);
    expect(JSON.parse(stdout)).toMatchObject({ isRunning: true });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends with 0 on %s', async (signal) => {
    const running = await up(await aHome());
    expect(await running.stop(signal)).toBe(0);
  });

  it('ends when it is told to quit', async () => {
    const home = await aHome();
    const running = await up(home);
    expect((await runProgram('banyan', ['quit'], home)).exit).toBe(0);
    expect(await running.ended).toBe(0);
  });
});

describe('banyan with an organisation', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>;
  let home: string;
  let stopClient: () => Promise<unknown>;
  let removeHome: () => Promise<void>;
  beforeAll(async () => {
    demo = await startDemo();
    const folder = await temporaryFolder();
    home = folder.path;
    removeHome = folder.remove;
    const running = await startProgram('banyan', ['up'], home);
    stopClient = () => running.stop();
  });
  afterAll(async () => {
    await stopClient?.();
    await demo?.stop();
    await removeHome?.();
  });

  const banyan = (...args: string[]) => runProgram('banyan', args, home);

  it('stops at a root that is not the one of the invite, and stores nothing', async () => {
    const wrong = demo.facts.invite.replace(/root=.{43}/, `root=${'A'.repeat(43)}`);
    expectFailure(await banyan('register', wrong, '--yes'), 'device/root-mismatch', 1);
    expect(await readdir(home)).not.toContain('orgs');
  });

  it('says that a wrong code was refused', async () => {
    const wrong = demo.facts.invite.replace(/code=[^&]+/, 'code=AAAA-BBBB-CCCC');
    expectFailure(await banyan('register', wrong, '--yes'), 'device/invite-refused', 4);
  });

  it('names the organisation that cannot be reached', async () => {
    const nowhere = demo.facts.invite.replace(/org=[^&]+/, 'org=127.0.0.1%3A1');
    const failed = await banyan('register', nowhere, '--yes');
    expectFailure(failed, 'organisation/unreachable', 1);
    expect(failed.stderr).toContain('127.0.0.1:1');
  });

  it('registers nothing without a yes', async () => {
    const { exit } = await banyan('register', demo.facts.invite);
    expect(exit).toBe(2);
  });

  // `script` takes other options elsewhere.
  it.runIf(process.platform === 'linux').each([
    ['no', 'n\n'],
    ['Enter', '\n'],
    ['Ctrl-D', '\u0004'],
    ['Ctrl-C', '\u0003'],
  ])('takes %s for a no, after the fingerprint as the window shows it', async (_, typed) => {
    const { exit, text } = await atTerminal(`register '${demo.facts.invite}'`, home, typed);
    const fingerprint = /root=(.{43})/.exec(demo.facts.invite)?.[1] ?? '';
    expect(text).toContain(fingerprint.match(/.{1,4}/g)?.join(' '));
    expect(text).toContain('[usage/declined]');
    expect(text).not.toContain('Correct it');
    expect(exit).toBe(1);
  });

  it('registers after all those failures, with the same invite', async () => {
    const { exit, stdout } = await banyan('register', demo.facts.invite, '--yes');
    expect(stdout).toContain('Registered with');
    expect(exit).toBe(0);
  });

  it('asks for a sign-in before services', async () => {
    expectFailure(await banyan('services'), 'identity/sign-in-required', 3);
  });

  it('has nothing to unlock where the secrets are in memory, and asks for no passphrase', async () => {
    const unlocked = await banyan('unlock');
    expect(unlocked).toMatchObject({ exit: 0, stderr: '' });
    expect(unlocked.stdout).toContain(
      'Nothing is locked: the secrets of this device are in memory',
    );
  });

  it('says in status only what is not said already', async () => {
    const { stdout } = await banyan('status');
    expect(stdout.match(/signed out/gi)).toHaveLength(1);
  });

  it('does not take the same invite twice', async () => {
    const { path: other, remove } = await temporaryFolder();
    cleanUps.push(remove);
    const second = await startProgram('banyan', ['up'], other);
    cleanUps.push(() => second.stop());
    const failed = await runProgram('banyan', ['register', demo.facts.invite, '--yes'], other);
    expectFailure(failed, 'device/invite-refused', 4);
  });

  it('signs in and lists what this person may use, and nothing else', async () => {
    await terminalLogin(home);
    const { stdout } = await banyan('services', '--json');
    const names = (JSON.parse(stdout) as { services: { name: string }[] }).services.map(
      ({ name }) => name,
    );
    expect(names).toEqual(expect.arrayContaining(['api', 'echo', 'lab']));
    expect(names).not.toContain('payroll');
  });

  it('sends who connects a web service to banyan open, which prints the page where no browser is', async () => {
    const failed = await banyan('connect', 'wiki');
    expectFailure(failed, 'web/opens-in-browser', 2);
    expect(failed.stderr).toContain('banyan open');
    const { exit, stdout } = await banyan('open', 'wiki', '--no-browser');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^ {2}http:\/\/127\.0\.0\.1:\d+\/\S+ticket=/m);
  });

  it('knows a service that is gone from one that is', async () => {
    expectFailure(await banyan('connect', 'payroll'), 'catalog/service-not-found', 1);
  });

  it('exits with 5 when the port is taken, and connects once another is chosen', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => holder.close());
    const taken = String((holder.address() as AddressInfo).port);
    const inUse = await banyan('connect', 'echo', '--port', taken);
    expectFailure(inUse, 'tunnel/port-in-use', 5);
    // It is not kept, and nothing has failed that would have to be taken back.
    expect(inUse.stderr).not.toContain('from now on');
    expect((await banyan('status')).stdout).not.toContain('echo');
    expect((await banyan('connect', 'echo')).exit).toBe(0);
    expect((await banyan('disconnect', 'echo')).exit).toBe(0);
  });

  it('says that it keeps a port that was asked for, and how to take it back', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const first = await banyan('connect', 'echo', '--port', String(port));
    expect(first.stdout).toContain(`keeps port ${port} from now on; banyan override echo --reset`);
    await banyan('disconnect', 'echo');
    const again = await banyan('connect', 'echo', '--port', String(port), '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ port: { port, source: 'override' } });
    await banyan('disconnect', 'echo');
    const elsewhere = await banyan('connect', 'echo', '--address', '127.0.0.2');
    expect(elsewhere.stdout).toContain(`connected at 127.0.0.2:${port}`);
    expect(elsewhere.stdout).toContain(`keeps port ${port} at 127.0.0.2 from now on`);
    await banyan('disconnect', 'echo');
    expectFailure(
      await banyan('override', 'echo', String(port), '--address', '0.0.0.0'),
      'tunnel/address-not-loopback',
      2,
    );
    const reset = await banyan('override', 'echo', '--reset');
    expect(reset.stdout).toMatch(
      /^Echo uses port \d+ again, which was chosen at the first Connect\.$/m,
    );
    const usual = await banyan('connect', 'echo');
    expect(usual.stdout).not.toContain('from now on');
    expect(usual.stdout).not.toContain(`:${port}`);
    await banyan('disconnect', 'echo');
  });

  it('says from when on a service connects by itself, and connects nothing now', async () => {
    const on = await banyan('auto-connect', 'echo', 'on');
    expect(on.stdout).toContain('Echo connects by itself when you sign in.');
    expect((await banyan('status')).stdout).not.toContain('echo');
    const off = await banyan('auto-connect', 'echo', 'off', '--json');
    expect(JSON.parse(off.stdout)).toMatchObject({
      service: 'echo.demo.bnn',
      autoConnect: false,
    });
    expectFailure(await banyan('auto-connect', 'wiki', 'on'), 'web/opens-in-browser', 2);
  });

  it('shows and changes the settings, and takes the password of a proxy from nobody’s eyes', async () => {
    expect((await banyan('settings')).stdout).toMatch(/^theme +system +Of the window\.$/m);
    const proxy = ['settings', 'proxy', '127.0.0.1:3128', '--user', 'bob', '--json'];
    const kept = await runProgram('banyan', proxy, home, 'correct horse\n');
    expectAnswer(kept, 'settings');
    expect(JSON.parse(kept.stdout)).toMatchObject({
      settings: [{ name: 'proxy', value: '127.0.0.1:3128 as bob', managedBy: null }],
    });
    const file = path.join(home, 'settings.json');
    expect(await readFile(file, 'utf8')).toContain('http://bob:correct%20horse@127.0.0.1:3128');
    expect((await banyan('settings')).stdout).not.toContain('horse');
    expect((await banyan('settings', 'proxy', 'system')).exit).toBe(0);
    expect(await readFile(file, 'utf8')).not.toContain('horse');
    expectFailure(await banyan('settings', 'theem', 'dark'), 'usage/invalid-input', 2);
    expectFailure(await banyan('settings', 'theme', 'pink'), 'usage/invalid-input', 2);
    expectFailure(await banyan('settings', 'warn-minutes', '-5'), 'usage/invalid-input', 2);
    // A client in a terminal cannot: it would say yes and do nothing.
    expectFailure(await banyan('settings', 'start-at-login', 'on'), 'usage/invalid-input', 2);
    // Nobody is there to say yes.
    expectFailure(await banyan('settings', 'any-local-user', 'on'), 'usage/invalid-input', 2);
    expect((await banyan('settings', 'any-local-user')).stdout).toMatch(/^any-local-user +off /);
  });

  it('tells the last connections, where to and how they ended', async () => {
    const connected = JSON.parse((await banyan('connect', 'echo', '--json')).stdout) as {
      address: { port: number };
    };
    const socket = connectSocket(connected.address.port, '127.0.0.1');
    socket.write('12345');
    await once(socket, 'data');
    socket.end();
    await once(socket, 'close');
    await until(async () => / 5 B +5 B .* Finished$/m.test((await banyan('connections')).stdout));
    const answer = await banyan('connections', 'echo', '--json');
    expectAnswer(answer, 'connections');
    expect(JSON.parse(answer.stdout)).toMatchObject({
      connections: [{ service: 'echo.demo.bnn', bytesSent: 5, bytesReceived: 5 }],
    });
    const other = await banyan('connections', 'wiki');
    expect(other.stdout).toBe('No connection yet: connect a service and use it.\n');
    await banyan('disconnect', 'echo');
  });

  it('prints the help of one command', async () => {
    const { exit, stdout } = await banyan('register', '--help');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^Usage: banyan register <invite or address> \[--name NAME\]/);
    expect(stdout).toContain(
      'Exit status: 0 ok, 1 failed, 2 usage, 3 registration or sign-in needed, 4 denied.',
    );
  });

  it('exits with 4 where the administrator does not allow another port', async () => {
    expectFailure(await banyan('override', 'reports', '9999'), 'tunnel/override-not-allowed', 4);
  });

  it('removes the certificate files at sign-out', async () => {
    expect(await readdir(home)).toContain('login-cert.pem');
    expect((await banyan('logout')).exit).toBe(0);
    expect((await readdir(home)).filter((name) => name.startsWith('login-'))).toEqual([]);
  });
});

describe('--json from registration to the end', () => {
  it('of register, login, switch, unlock, logout, unregister, ui and quit is of the documented shape', async () => {
    const demo = await startDemo();
    cleanUps.push(() => demo.stop());
    const home = await aHome();
    const window = await startProgram('banyan', ['ui', '--json'], home);
    cleanUps.push(() => window.stop());
    expect(cliSchemas.ui.safeParse(JSON.parse(window.firstLine)).error?.message ?? '').toBe('');
    const answers = async (command: keyof typeof cliSchemas, ...args: string[]) =>
      expectAnswer(await runProgram('banyan', [command, ...args, '--json'], home), command);
    await answers('register', demo.facts.invite, '--yes');
    const login = await terminalLogin(home);
    expect(cliSchemas.login.safeParse(JSON.parse(login)).error?.message ?? '').toBe('');
    await answers('unlock');
    await answers('switch', 'Demo');
    await answers('logout');
    await answers('unregister', '--yes');
    await answers('quit');
    expect(await window.ended).toBe(0);
  });
});

describe('banyan with two organisations', () => {
  it('lists them, switches by id, and says what there is when it knows no such one', async () => {
    const [first, second] = await Promise.all([startDemo(), startDemo()]);
    cleanUps.push(
      () => first.stop(),
      () => second.stop(),
    );
    const home = await aHome();
    await up(home);
    const banyan = (...args: string[]) => runProgram('banyan', args, home);
    const listed = async () => {
      const { stdout } = await banyan('organisations', '--json');
      return (JSON.parse(stdout) as { organisations: KnownOrganisation[] }).organisations;
    };
    expect(await listed()).toEqual([]);

    expect((await banyan('register', first.facts.invite, '--yes')).exit).toBe(0);
    await terminalLogin(home);
    const added = await banyan('register', second.facts.invite, '--yes');
    expect(added.stdout).toContain('Demo is kept: banyan switch ');
    const known = await listed();
    expect(known.map(({ host }) => host).toSorted()).toEqual(
      [first.facts.organisation, second.facts.organisation].toSorted(),
    );
    const [left] = known.filter(({ isActive }) => !isActive);
    expect(left?.host).toBe(first.facts.organisation);
    expect((await banyan('organisations')).stdout).toMatch(
      new RegExp(`Demo +${second.facts.organisation} +[0-9a-f]{16} +active`),
    );

    const ambiguous = await banyan('switch', 'Demo');
    expectFailure(ambiguous, 'usage/invalid-input', 2);
    expect(ambiguous.stderr).toContain(left!.id);
    expectFailure(await banyan('switch', 'Nowhere'), 'organisation/unknown', 1);

    const switched = await banyan('switch', left!.id, '--json');
    expect(switched.exit).toBe(0);
    expect(JSON.parse(switched.stdout)).toMatchObject({
      ok: true,
      organisation: { id: left!.id, isActive: true },
      session: { status: 'signed-in' },
    });
    expect((await banyan('services')).exit).toBe(0);
    const again = await banyan('register', first.facts.invite, '--yes');
    expectFailure(again, 'device/already-registered', 1);

    expect((await banyan('unregister', '--yes')).stdout).toContain(
      'is the active organisation now',
    );
    expect((await listed()).map(({ host }) => host)).toEqual([second.facts.organisation]);
  });
});

describe('a device with its secrets in a file', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>;
  beforeAll(async () => {
    demo = await startDemo();
  });
  afterAll(() => demo.stop());

  it('is registered by one command, and there for the next one that has the passphrase', async () => {
    const home = await aHome();
    const file = path.join(await aHome(), 'passphrase');
    await writeFile(file, 'correct horse battery\n', { mode: 0o600 });
    const register = ['register', demo.facts.invite, '--secrets', 'file', '--yes'];
    expectFailure(await runProgram('banyan', register, home), 'device/passphrase-needed', 1);

    process.env['BANYAN_PASSPHRASE_FILE'] = file;
    cleanUps.push(() => delete process.env['BANYAN_PASSPHRASE_FILE']);
    const registered = await runProgram('banyan', register, home);
    expect(registered).toMatchObject({ exit: 0 });
    expect(registered.stdout).toContain('a file under your passphrase');
    const status = async (): Promise<unknown> =>
      JSON.parse((await runProgram('banyan', ['status', '--json'], home)).stdout);
    expect(await status()).toMatchObject({ device: { status: 'registered', secrets: 'file' } });

    delete process.env['BANYAN_PASSPHRASE_FILE'];
    expect(await status()).toMatchObject({
      device: { status: 'unregistered', because: { code: 'device/passphrase-needed' } },
    });
    await up(home);
    process.env['BANYAN_PASSPHRASE_FILE'] = file;
    expect(await runProgram('banyan', ['unlock'], home)).toMatchObject({ exit: 0 });
    expect(await status()).toMatchObject({ device: { status: 'registered' } });
  });
});
