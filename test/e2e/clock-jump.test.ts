// A day passes in an instant, for the client and for the organisation (libfaketime): what is open stays open, what is new
// waits for one renewal or one sign-in, and goes on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished, type TestContext } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { ensureElectronNode } from '../../scripts/lib/electron-node.mjs';
import type { DemoFacts } from '../support/demo-process.ts';
import { missing } from '../support/foreign-servers.ts';
import { startPostgres } from '../support/postgres.ts';
import {
  environment,
  programPath,
  runProgram,
  running,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { until } from '../support/until.ts';

const HOUR = 3600;
const LIBRARY = ['x86_64', 'aarch64']
  .map((cpu) => `/usr/lib/${cpu}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((file) => existsSync(file));

interface Table {
  /** Lines that have come back so far. */
  answers: string[];
  ask: (value: string) => void;
  ended: Promise<number | null>;
}

/** A psql that stays. */
function psql(port: number): Table {
  const child = spawn(
    'psql',
    ['-X', '-q', '-A', '-t', '-h', '127.0.0.1', '-p', `${port}`, '-U', 'postgres'],
    { env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' } },
  );
  const answers: string[] = [];
  child.stdout.on('data', (text: Buffer) => answers.push(...text.toString().trim().split('\n')));
  child.stderr.on('data', (text: Buffer) => answers.push(text.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  onTestFinished(() => void child.kill());
  return { answers, ended, ask: (value) => child.stdin.write(`select '${value}';\n`) };
}

async function anOrganisation(context: TestContext) {
  const absent = missing('psql', 'initdb', 'postgres');
  if (absent) context.skip(absent);
  if (!LIBRARY) context.skip('libfaketime is not installed here');
  const folder = await temporaryFolder();
  onTestFinished(folder.remove);
  const inFolder = (name: string): string => path.join(folder.path, name);
  const clock = inFolder('clock');
  // By rename: somebody who asks for the time meanwhile must not find half of it.
  const jump = async (seconds: number): Promise<void> => {
    await writeFile(`${clock}.new`, `+${seconds}\n`);
    await rename(`${clock}.new`, clock);
  };
  await jump(0);
  const pages = inFolder('pages');
  const browser = inFolder('browser');
  await writeFile(browser, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${pages}'\n`);
  await chmod(browser, 0o755);
  const shifted = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    // Timers go on as they were: it is the wall clock that jumps.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    BROWSER: browser,
  };

  const demo = spawn(
    await ensureElectronNode(),
    [
      path.resolve(import.meta.dirname, '..', 'support', 'demo-process.ts'),
      JSON.stringify({ data: inFolder('edge'), backendPort: await startPostgres(context) }),
    ],
    { env: { ...environment(folder.path), ...shifted } },
  );
  const edge = await running('demo-process', demo);
  onTestFinished(async () => {
    demo.stdin.end();
    await edge.ended;
  });
  const home = inFolder('home');
  const client = await startProgram('banyan', ['up'], home, shifted);
  onTestFinished(async () => void (await client.stop()));
  const { invite } = JSON.parse(edge.firstLine) as DemoFacts;
  expect(await banyan(home, 'register', invite, '--yes')).toMatchObject({ ok: true });
  const opened = async (): Promise<string[]> =>
    (await readFile(pages, 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
  return { home, jump, opened };
}

async function banyan(home: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await runProgram('banyan', [...args, '--json'], home);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function localPort(home: string): Promise<number> {
  const { tunnels } = (await banyan(home, 'status')) as {
    tunnels: Record<string, { address: { port: number } }>;
  };
  return tunnels['database.demo.bnn']!.address.port;
}

async function signIn(home: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [programPath('banyan'), 'login', '--no-browser', '--json'],
    {
      env: environment(home),
    },
  );
  child.stderr.on('data', (text: Buffer) => {
    const { event, url } = JSON.parse(text.toString()) as { event?: string; url?: string };
    if (event === 'sign-in-page' && url) void approveSignIn(url);
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
}

it.for([
  { name: 'the certificate has expired', hours: 25, pages: 0 },
  // 30 days can be renewed; what the last certificate was given for is over a day later, and is then cut.
  { name: 'nothing can renew it either', hours: 30 * 24 + 12, pages: 1 },
])(
  'psql stays and a second one waits and goes on, when $name',
  async ({ hours, pages }, context) => {
    const { home, jump, opened } = await anOrganisation(context);
    await signIn(home);
    expect(await banyan(home, 'connect', 'database')).toMatchObject({ ok: true });
    const port = await localPort(home);
    const first = psql(port);
    first.ask('before');
    await until(() => Promise.resolve(first.answers.includes('before')));

    await jump(hours * HOUR);
    const second = psql(port);
    const inTheEnd = async (error: unknown): Promise<never> => {
      const log = await readFile(path.join(home, 'logs', 'banyan.log'), 'utf8');
      const said = `psql: ${second.answers.join(' ')}\n${log.slice(-8_000)}`;
      throw new Error(said, { cause: error });
    };
    second.ask('second');
    if (pages > 0) {
      await until(async () => (await opened()).length > 0).catch(inTheEnd);
      await approveSignIn((await opened())[0]!);
    }
    await until(() => Promise.resolve(second.answers.includes('second'))).catch(inTheEnd);
    first.ask('after');
    await until(() => Promise.resolve(first.answers.includes('after')));
    expect(await opened()).toHaveLength(pages);
    const { session } = (await banyan(home, 'status')) as { session: Record<string, unknown> };
    expect(session).toMatchObject({ status: 'signed-in' });
    expect(session['expiresAt']).toBeGreaterThan(Date.now() + hours * HOUR * 1000);
  },
);
