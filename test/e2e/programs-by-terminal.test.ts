// Programs that people have, beside ssh and kubectl, which have files of their own: from a clean HOME, by the terminal alone, with
// the very commands that `banyan connect` shows. The servers are nobody's here either.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { publishTyped } from '../support/collection.ts';
import { startDisplay } from '../support/display.ts';
import { aMember, type Reader } from '../support/documents.ts';
import { findProgram, freePort, missing, startDaemon } from '../support/foreign-servers.ts';
import { postgresMissing, startPostgresServer } from '../support/postgres.ts';
import { startRemoteDesktop } from '../support/remote-desktop.ts';
import { SSH_PROGRAMS, startSshServer } from '../support/ssh-server.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

function skipFor(context: TestContext, reason: string | null): void {
  if (reason) context.skip(reason);
}

interface Connected {
  reader: Reader;
  port: number;
  /** What is shown to be typed, by its label. */
  shown: Record<string, string>;
  /** What the commands say; fails where one of them does. */
  said: (commands: string) => Promise<string>;
}

/** Signed in, and connected to what was published. */
async function connected(
  name: string,
  publish: (edge: TestEdge) => Promise<void>,
  surroundings?: (reader: Reader) => NodeJS.ProcessEnv,
): Promise<Connected> {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  await publish(edge);
  const reader = await aMember(edge, surroundings);
  const said = async (commands: string): Promise<string> => {
    const { exit, said: text } = await reader.paste(commands);
    expect({ exit, text }).toMatchObject({ exit: 0 });
    return text;
  };
  const { address, commands } = JSON.parse(await said(`banyan connect ${name} --json`)) as {
    address: { port: number };
    commands: { label: string; command: string }[];
  };
  const shown = Object.fromEntries(commands.map(({ label, command }) => [label, command]));
  return { reader, port: address.port, shown, said };
}

const database = (name: string, port: number) => (edge: TestEdge) =>
  publishTyped(
    edge,
    name,
    { service_app_type: 'DATABASE' },
    { target: { name: '127.0.0.1', port } },
  );

describe('a database', () => {
  it('is asked by psql, by its command, its URL and its variables, until it is disconnected', async (context) => {
    skipFor(context, postgresMissing() ?? missing('psql'));
    const server = await startPostgresServer();
    onTestFinished(() => server.stop());
    const { shown, said, reader } = await connected(
      'orders-pg',
      database('orders-pg', server.port),
    );
    const command = shown['psql, Command'];
    expect(
      await said(`${command} -U postgres -XqAt -c 'create table t as select generate_series(1, 50000) i'
        ${command} -U postgres -XqAt -c 'select sum(i) from t'`),
    ).toBe('1250025000\n');
    const url = shown['psql, URL']?.replace('//', '//postgres@');
    expect(await said(`psql -XqAt '${url}postgres' -c 'select count(*) from t'`)).toBe('50000\n');
    const variables = 'eval "$(banyan env orders-pg)"; psql -U postgres -XqAt';
    expect(await said(`${variables} -c 'select max(i) from t'`)).toBe('50000\n');
    await said('banyan disconnect orders-pg');
    expect((await reader.paste(`${command} -U postgres -c 'select 1'`)).exit).not.toBe(0);
  });

  it('is asked by redis-cli', async (context) => {
    skipFor(context, missing('redis-server', 'redis-cli'));
    const port = await freePort();
    const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    await startDaemon('redis-server', words, { port });
    const { shown, said } = await connected('redis', database('redis', port));
    const command = shown['redis-cli, Command'];
    expect(await said(`head -c 3000000 /dev/zero | tr '\\0' x | ${command} -x set big`)).toBe(
      'OK\n',
    );
    expect(await said(`${command} -u '${shown['redis-cli, URL']}' strlen big`)).toBe('3000000\n');
  });

  it('is asked by the client of MySQL, which has variables too', async (context) => {
    skipFor(context, missing('mariadbd', 'mysql'));
    const [folder, port] = [tempDir(), await freePort()];
    const data = path.join(folder, 'data');
    mkdirSync(data);
    const own = ['--no-defaults', `--user=${userInfo().username}`, '--skip-grant-tables'];
    const places = [`--datadir=${data}`, `--socket=${folder}/socket`, `--pid-file=${folder}/pid`];
    const listen = ['--bind-address=127.0.0.1', `--port=${port}`];
    await startDaemon('mariadbd', [...own, ...places, ...listen], { port, folder });
    const { shown, said } = await connected('ledger-mysql', database('ledger-mysql', port));
    const command = shown['mysql, Command'];
    expect(
      await said(`${command} -e "create database d; create table d.t (i int); insert into d.t values (6), (7)"
        ${command} -N -e 'select sum(i) from d.t'`),
    ).toBe('13\n');
    const variables = 'eval "$(banyan env ledger-mysql)"; mysql --protocol=tcp';
    expect(await said(`${variables} -N -e 'select count(*) from d.t'`)).toBe('2\n');
  });
});

describe('curl', () => {
  it('needs the three files and no Connect', async (context) => {
    skipFor(context, missing('curl'));
    const { shown, said, port } = await connected('api', () => Promise.resolve());
    expect(await said(`curl -fsS http://127.0.0.1:${port}/hello`)).toContain('Hello');
    await said('banyan disconnect api');
    const command = shown['With certificates'] ?? '';
    expect(command).toMatch(/--cacert \S+ --key \S+ --cert \S+/);
    expect(await said(command.replace('curl ', 'curl -fsS '))).toContain('Hello');
  });
});

describe('plink of PuTTY', () => {
  it('logs in through the local port', async (context) => {
    skipFor(context, missing(...SSH_PROGRAMS, 'plink', 'puttygen'));
    const server = await startSshServer();
    const { reader, port, said } = await connected('bastion', (edge) =>
      publishTyped(
        edge,
        'bastion',
        { service_app_type: 'SSH' },
        { target: { name: '127.0.0.1', port: server.port } },
      ),
    );
    const key = path.join(reader.folder, 'key.ppk');
    execFileSync(findProgram('puttygen') ?? '', [server.userKey, '-o', key]);
    const file = path.join(server.folder, 'host_key.pub');
    const [, hostKey] = /(SHA256:\S+)/.exec(await said(`ssh-keygen -lf ${file}`)) ?? [];
    const words = `-ssh -batch -P ${port} -l ${userInfo().username} -i ${key} -hostkey ${hostKey}`;
    expect(await said(`plink ${words} 127.0.0.1 'echo in'`)).toBe('in\n');
  });
});

describe('xfreerdp', () => {
  it('is what `banyan open` starts for a remote desktop, and shows what a real one draws', async (context) => {
    skipFor(context, missing('xfreerdp', 'xrdp', 'Xvfb', 'openssl'));
    const desktop = await startRemoteDesktop();
    const pixels = tempDir();
    const DISPLAY = await startDisplay(pixels);
    const tags = {
      service_app_type: 'RDP',
      rdp_settings: ['desktopwidth:i:640', 'desktopheight:i:480'],
    };
    const { reader, port, said } = await connected(
      'desktop',
      (edge) =>
        publishTyped(edge, 'desktop', tags, { target: { name: '127.0.0.1', port: desktop.port } }),
      (own) => {
        // As a desktop has it for .rdp files. Nobody is there to look at the certificate.
        const line = 'exec xfreerdp "$1" /sec:tls /cert:ignore';
        chmodSync(own.write('bin/xdg-open', `#!/bin/sh\n${line}\n`), 0o755);
        return { DISPLAY, PATH: `${own.folder}/bin:${process.env['PATH']}` };
      },
    );
    expect(await said('banyan open desktop')).toBe('desktop opens.\n');
    const [red, green, blue] = desktop.colour;
    await showsRowOf(pixels, [blue, green, red, 0xff], desktop.log);
    const file = path.join(reader.folder, 'Downloads', 'desktop.rdp');
    expect(await said('banyan open desktop --save')).toBe(`desktop is connected. Saved: ${file}\n`);
    expect(readFileSync(file, 'latin1')).toBe(
      `full address:s:127.0.0.1:${port}\r\n${tags.rdp_settings.join('\r\n')}\r\n`,
    );
  });
});

/** As the display keeps a pixel; a row of them is no accident. */
async function showsRowOf(
  pixels: string,
  pixel: readonly number[],
  complaints: () => string,
): Promise<void> {
  const row = Buffer.concat(Array.from({ length: 100 }, () => Buffer.from(pixel)));
  await until(() =>
    Promise.resolve(readFileSync(path.join(pixels, 'Xvfb_screen0')).includes(row)),
  ).catch((error: unknown) => {
    throw new Error(complaints(), { cause: error });
  });
}

describe('a VNC viewer', () => {
  it('shows a screen of the collection, and reaches no other port of that host', async (context) => {
    skipFor(context, missing('Xtigervnc', 'xterm', 'Xvfb', 'xtightvncviewer', 'proxychains4'));
    const screen = await startScreen();
    const ports = { port_ranges: [{ min: 5901, max: 5999 }] };
    const { reader, port } = await connected('vnc', (edge) =>
      publishTyped(
        edge,
        'vnc',
        { banyanproxy_mode: 'CHAIN' },
        {
          http_connect: true,
          dns_overrides: { 'vnc1.com': '127.0.0.1' },
          allow_patterns: [{ hostnames: ['vnc1.com'], cidrs: ['127.0.0.1/32'], ports }],
        },
      ),
    );
    // The viewer knows no proxy: what it connects goes by SOCKS, its name too.
    const config = `strict_chain\nproxy_dns\n[ProxyList]\nsocks5 127.0.0.1 ${port}\n`;
    const chains = reader.write('proxychains.conf', config);
    const pixels = tempDir();
    const viewer = spawn(
      findProgram('proxychains4') ?? '',
      ['-q', '-f', chains, 'xtightvncviewer', `vnc1.com::${screen.port}`],
      {
        env: {
          PATH: process.env['PATH'],
          HOME: reader.folder,
          DISPLAY: await startDisplay(pixels),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let complaints = '';
    viewer.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
    stopAtEnd(viewer);
    await showsRowOf(pixels, screen.pixel, () => complaints);
    // Nobody is at the last one of the seeds' range; the next one is outside of it.
    expect(await answerTo(port, 'vnc1.com:5999')).toMatch(/^HTTP\/1\.1 50[24] /);
    expect(await answerTo(port, 'vnc1.com:6000')).toMatch(/^HTTP\/1\.1 403 /);
  });
});

const stopAtEnd = (child: ReturnType<typeof spawn>): void => {
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
};

/** A real VNC server that shows one colour. */
async function startScreen(): Promise<{ port: number; pixel: readonly number[] }> {
  // Of the seeds' range, without the last one.
  let port = 5901;
  while (port < 5999 && (await isTaken(port))) port += 1;
  const folder = tempDir();
  const own = ['-rfbport', `${port}`, '-interface', '127.0.0.1', '-SecurityTypes', 'None'];
  const server = spawn(
    findProgram('Xtigervnc') ?? '',
    ['-displayfd', '3', '-geometry', '320x240', '-nolisten', 'tcp', ...own],
    {
      env: { PATH: process.env['PATH'], HOME: folder },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  );
  stopAtEnd(server);
  const display = await new Promise<string>((resolve, reject) => {
    server.stdio[3]?.once('data', (text: Buffer) => resolve(`:${text.toString().trim()}`));
    server.once('close', () => reject(new Error('Xtigervnc has ended')));
  });
  const painted = ['-geometry', '100x50+0+0', '-bg', '#c71585', '-e', 'cat'];
  stopAtEnd(
    spawn(findProgram('xterm') ?? '', painted, {
      env: { PATH: process.env['PATH'], HOME: folder, DISPLAY: display },
      stdio: 'ignore',
    }),
  );
  return { port, pixel: [0x85, 0x15, 0xc7, 0x00] };
}

const isTaken = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });

/** What a proxy says to a request to connect. */
const answerTo = (port: number, target: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    });
    socket.once('data', (bytes: Buffer) => (socket.destroy(), resolve(bytes.toString('latin1'))));
    socket.once('error', reject);
  });
