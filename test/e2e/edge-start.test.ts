// `banyan-edge start`: one line when ready, one edge per data folder however the one before ended, an end that drains.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { missing } from '../support/foreign-servers.ts';
import { startHosted, writeConfig } from '../support/hosted-edge.ts';
import { environment, programPath, runProgram, startProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';
import { tempDir } from '../support/temp-dir.ts';

beforeAll(() => ensureBuild(), 120_000);

const start = (folder: string, config: string, ...more: string[]) =>
  runProgram('banyan-edge', ['start', '--config', config, ...more], folder);

it('says in one line that it is ready, and logs objects', async () => {
  const edge = await startHosted();
  expect(edge.facts).toMatchObject({ ready: true, pid: edge.child.pid });
  expect(edge.facts.organisation).toMatch(/^team\.localhost:\d+$/);
  expect(await edge.ask(['status'])).toMatchObject({
    ok: true,
    name: 'Team',
    organisation: edge.facts.organisation,
    rootFingerprint: edge.facts.rootFingerprint,
    pid: edge.child.pid,
  });
  expect(edge.log()).toMatchObject([{ level: 'info', message: 'ready', pid: edge.child.pid }]);
});

it('is the same organisation when it is started again', async () => {
  const first = await startHosted();
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(first.log().map(({ message }) => message)).toEqual(['ready', 'stopping', 'stopped']);
  const second = await startHosted({}, first.folder);
  expect(second.facts.rootFingerprint).toBe(first.facts.rootFingerprint);
});

it('says when it has founded an organisation, and not when there was one', async () => {
  const folder = tempDir();
  const config = writeConfig(folder);
  const args = ['start', '--config', config];
  const firstLine = async (): Promise<string> => {
    const edge = await startProgram('banyan-edge', args, folder);
    await edge.stop();
    return edge.firstLine;
  };
  const data = path.join(folder, 'data');
  expect(await firstLine()).toContain(`. This organisation is new: there was none in ${data}.`);
  expect(await firstLine()).not.toContain('is new');
  const again = await startHosted({}, folder);
  expect(again.facts).not.toHaveProperty('created');
  const first = await startHosted();
  expect(first.facts).toMatchObject({ ready: true, created: true });
  await first.ask(['status']); // its log comes after its first line
  expect(first.log()).toMatchObject([{ message: 'ready', created: true }]);
});

it('reads its configuration again at SIGHUP, and keeps what it has where the new one has a mistake', async () => {
  const edge = await startHosted();
  const told = async (message: string) => {
    await until(() => Promise.resolve(edge.log().some((line) => line['message'] === message)));
    return edge.log().find((line) => line['message'] === message);
  };
  writeConfig(edge.folder, { posture: { unknown: 'none' } });
  edge.child.kill('SIGHUP');
  expect(await told('the configuration cannot be used; everything stays')).toMatchObject({
    level: 'error',
    reason: expect.stringContaining('posture.unknown') as string,
  });
  writeConfig(edge.folder, { limits: { idle_seconds: 60 }, host_tags: { site_name: 'a' } });
  edge.child.kill('SIGHUP');
  expect(await told('configuration read')).toMatchObject({ waitsForRestart: 'hostTags' });
  expect(await edge.ask(['status'])).toMatchObject({ ok: true });
});

it('drains as long, and logs as much, as the configuration says that was read last', async () => {
  const edge = await startHosted({ limits: { drain_seconds: 60 } });
  const times = (message: string) =>
    edge.log().filter((line) => line['message'] === message).length;
  writeConfig(edge.folder, { limits: { drain_seconds: 7 } });
  edge.child.kill('SIGHUP');
  await until(async () => times('configuration read') === 1);
  // A mistake is told at any level, so it shows that what came before it has been read.
  writeConfig(edge.folder, { limits: { drain_seconds: 7 }, log: 'error' });
  edge.child.kill('SIGHUP');
  await edge.ask(['status']);
  writeConfig(edge.folder, { limits: { drain_seconds: -1 } });
  edge.child.kill('SIGHUP');
  await until(async () => times('the configuration cannot be used; everything stays') > 0);
  expect(times('configuration read')).toBe(1);
  writeConfig(edge.folder, { limits: { drain_seconds: 8 } });
  edge.child.kill('SIGHUP');
  await until(async () => times('configuration read') === 2);
  edge.child.kill('SIGTERM');
  expect(await edge.ended).toBe(0);
  expect(edge.log().find(({ message }) => message === 'stopping')).toMatchObject({
    drainMs: 8_000,
  });
});

it.skipIf(missing('logrotate'))('goes on in a new audit after a real logrotate', async () => {
  const edge = await startHosted({ log: 'info' });
  const file = path.join(edge.facts.data, 'audit.jsonl');
  await edge.ask(['invite', 'create']);
  const page = readFileSync('docs/how-to/host-an-edge.md', 'utf8');
  const [, settings] = /```\n(\/srv\/banyan\/data\/audit\.jsonl \{.+?)```/s.exec(page)!;
  const { username } = userInfo();
  const conf = settings!
    .replace('/srv/banyan/data/audit.jsonl', file)
    .replace('su banyan banyan', `su ${username} ${username}`)
    .replace('systemctl reload banyan', `kill -HUP ${edge.child.pid}`);
  const confFile = path.join(edge.folder, 'logrotate.conf');
  writeFileSync(confFile, conf, { mode: 0o600 });
  const state = path.join(edge.folder, 'logrotate.state');
  const { status, stderr } = spawnSync('logrotate', ['--force', '--state', state, confFile]);
  expect([status, stderr.toString()]).toEqual([0, '']);

  await until(async () => edge.log().some(({ message }) => message === 'configuration read'));
  await edge.ask(['settings', 'set', '--token-lifetime', '12']);
  const actions = (of: string) =>
    readFileSync(of, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { action: string }).action);
  expect(actions(`${file}.1`)).toEqual(['invite.create']);
  expect(actions(file)).toEqual(['settings.set']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('does not wait at a second signal', async () => {
  const edge = await startHosted({ limits: { drain_seconds: 60 } });
  const [, port] = edge.facts.organisation.split(':');
  // Somebody who has not shaken hands yet: a drain waits for that.
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  edge.child.kill('SIGTERM');
  await until(async () => edge.log().some(({ message }) => message === 'stopping'));
  edge.child.kill('SIGTERM');
  expect(await edge.ended).toBe(1);
  socket.destroy();
});

describe('two edges on one data folder', () => {
  it('the second one is refused, with the process of the first', async () => {
    const edge = await startHosted();
    const { exit, stderr } = await start(edge.folder, edge.config);
    expect(exit).toBe(1);
    expect(stderr).toContain(`Another edge (process ${edge.child.pid}) runs on`);
    expect(stderr).toContain('[edge/already-running]');
    const { stdout } = await start(edge.folder, edge.config, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: { code: 'edge/already-running', details: { pid: edge.child.pid } },
    });
    expect(await edge.ask(['status'])).toMatchObject({ ok: true });
  });

  it('a demo on that folder is refused too', async () => {
    const edge = await startHosted();
    const args = ['demo', '--data', edge.facts.data, '--access-tier-port', '0'];
    const { exit, stderr } = await runProgram('banyan-edge', args, edge.folder);
    expect(exit).toBe(1);
    expect(stderr).toContain('[edge/already-running]');
  });

  it('one that was killed stops nobody', async () => {
    const first = await startHosted();
    first.child.kill('SIGKILL');
    await first.ended;
    expect(existsSync(path.join(first.facts.data, 'control.sock'))).toBe(true);
    const second = await startHosted({}, first.folder);
    expect(await second.ask(['status'])).toMatchObject({ pid: second.child.pid });
  });

  it('of many that start at once after a kill, exactly one runs', async () => {
    const killed = await startHosted();
    killed.child.kill('SIGKILL');
    await killed.ended;
    const config = writeConfig(killed.folder);
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [programPath('banyan-edge'), 'start', '--config', config, '--json'], {
        env: environment(killed.folder),
      }),
    );
    const said = await Promise.all(
      children.map(async (child) => {
        const [text] = (await once(child.stdout, 'data')) as [Buffer];
        return JSON.parse(text.toString().split('\n')[0] ?? '') as { ready?: boolean };
      }),
    );
    expect(said.filter(({ ready }) => ready)).toHaveLength(1);
    expect(said.filter(({ ready }) => !ready)).toMatchObject(
      Array.from({ length: 3 }, () => ({ error: { code: 'edge/already-running' } })),
    );
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      }),
    );
  });
});

describe('is not started, and says why:', () => {
  it('by a configuration with a mistake, with line and nearest name', async () => {
    const folder = tempDir();
    const config = writeConfig(folder, { lisen: {} });
    const { exit, stderr, stdout } = await start(folder, config);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /config\.json:1:\d+: lisen: there is no "lisen" here; did you mean "listen"\?/,
    );
    expect(existsSync(path.join(folder, 'data'))).toBe(false);
  });

  it('where a port is taken, with exit status 5, and the folder is free again', async () => {
    const holder = await startHosted();
    const folder = tempDir();
    const taken = `127.0.0.1:${holder.facts.accessTierPort}`;
    const listen = { public: '127.0.0.1:0', mutual: '127.0.0.1:0', access_tier: taken };
    const { exit, stderr } = await start(folder, writeConfig(folder, { listen }));
    expect(exit).toBe(5);
    expect(stderr).toContain(`${taken} already`);
    expect((await startHosted({}, folder)).facts).toMatchObject({ ready: true });
  });

  it('at an address that this machine has not, as behind a router', async () => {
    const folder = tempDir();
    // TEST-NET-1 (RFC 5737): nobody has it.
    const listen = {
      public: '192.0.2.7:29340',
      mutual: '127.0.0.1:0',
      access_tier: '127.0.0.1:0',
    };
    const { exit, stderr } = await start(folder, writeConfig(folder, { listen }));
    expect(exit).toBe(2);
    expect(stderr).toContain('192.0.2.7 is no address of this machine');
    expect(stderr).toContain('0.0.0.0:29340');
    expect(stderr).toContain('[edge/config-invalid]');
  });

  it.each(['state.json', 'issuer.json'])('where half of %s is missing', async (name) => {
    const first = await startHosted();
    first.child.kill('SIGTERM');
    await first.ended;
    const file = path.join(first.facts.data, name);
    const half = readFileSync(file, 'utf8').slice(0, 40);
    writeFileSync(file, half);
    const { exit, stderr } = await start(first.folder, first.config);
    expect(exit).toBe(1);
    expect(stderr).toContain(`${file} is not`);
    expect(stderr).toContain('backup');
    expect(stderr).toContain('[edge/data-unreadable]');
    expect(readFileSync(file, 'utf8')).toBe(half);
  });

  it('on a folder that others may write in', async () => {
    const folder = tempDir();
    const config = writeConfig(folder);
    mkdirSync(path.join(folder, 'data'));
    chmodSync(path.join(folder, 'data'), 0o777);
    const { exit, stderr } = await start(folder, config);
    expect(exit).toBe(1);
    expect(stderr).toContain('others may write in');
    expect(stderr).toContain('[edge/data-refused]');
  });

  it('on a folder whose name is too long for a socket', async () => {
    const folder = tempDir();
    const config = writeConfig(folder, { data: 'd'.repeat(120) });
    expect((await start(folder, config)).stderr).toContain('is too long for the name of a socket');
  });
});

it('only its own account can open the control socket', async () => {
  const edge = await startHosted();
  const socket = path.join(edge.facts.data, 'control.sock');
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  expect(statSync(edge.facts.data).mode & 0o777).toBe(0o700);
});

it('another account is refused, and told which one may', async (context) => {
  const why = userInfo().uid === 0 ? missing('setpriv') : 'only root can become somebody else';
  if (why) context.skip(why);
  const edge = await startHosted();
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--'];
  const command = [
    process.execPath,
    programPath('banyan-edge'),
    'status',
    '--data',
    edge.facts.data,
  ];
  const { status, stderr } = spawnSync('setpriv', [...nobody, ...command], { encoding: 'utf8' });
  expect(stderr).toContain('[edge/control-refused]');
  expect(stderr).toContain('as root, or as the account that runs the edge');
  expect(status).toBe(4);
});

it('what is no command of ours is answered or cut, and harms nobody', async () => {
  const edge = await startHosted();
  for (const line of [
    'not json\n',
    '{"call":"toString","input":{}}\n',
    '{}\n',
    'x'.repeat(3 << 20),
  ]) {
    const socket = connect(path.join(edge.facts.data, 'control.sock'));
    socket.on('error', () => {});
    socket.write(line);
    let said = '';
    socket.on('data', (text: Buffer) => (said += text.toString()));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(said).not.toContain('"ok":true');
  }
  expect(await edge.ask(['status'])).toMatchObject({ ok: true });
});

it('commands say that no edge runs, and which configuration they need', async () => {
  const folder = tempDir();
  const config = writeConfig(folder);
  writeFileSync(path.join(folder, 'empty'), '');
  const without = await runProgram('banyan-edge', ['status', '--config', config], folder);
  expect(without.exit).toBe(1);
  expect(without.stderr).toContain('[edge/not-running]');
  const unread = await runProgram('banyan-edge', ['status', '--config', 'nowhere.json'], folder);
  expect(unread.exit).toBe(2);
  expect(unread.stderr).toContain('there is no such file');
  expect(unread.stderr).not.toContain('start');
  const unnamed = await runProgram('banyan-edge', ['status'], folder);
  expect(unnamed.exit).toBe(2);
  expect(unnamed.stderr).toContain('--config or BANYAN_EDGE_CONFIG');
  const named = await runProgram('banyan-edge', ['status'], folder, '', {
    BANYAN_EDGE_CONFIG: config,
  });
  expect(named.stderr).toContain('[edge/not-running]');
});
