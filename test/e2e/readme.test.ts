// The terminal commands of the README, pasted as they stand into clean shells with a clean HOME.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

const ROOT = path.resolve(import.meta.dirname, '..', '..');
/** The README's folder; here each test has one of its own. */
const FOLDER = '/tmp/try-banyan';

const [terminals = '', byAddress = ''] = [
  ...readFileSync(path.join(ROOT, 'README.md'), 'utf8').matchAll(/```sh\n([^]*?)```/g),
].map(([, commands]) => commands ?? '');
const [first = '', second = '', third = ''] = terminals.split(/^# \d: .*\n/m).slice(1);

/** Folder and port of its own: other tests run beside it. */
const ownPlaces = (commands: string, folder: string): string =>
  commands.replaceAll(FOLDER, `${folder}/try`).replace('-l 8081', '-l 0');

interface Shell {
  said(): string;
  ended: Promise<number | null>;
}

/** Opens each page that it is told to, as the person would. */
function paste(commands: string, folder: string): Shell {
  const child: ChildProcess = spawn('bash', ['-ec', ownPlaces(commands, folder)], {
    cwd: ROOT,
    env: { HOME: folder, PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  const opened = new Set<string>();
  const listen = (text: Buffer): void => {
    said += text.toString();
    for (const [, url] of said.matchAll(/^Open this page on this computer:\n {2}(http\S+)\n/gm)) {
      if (!url || opened.has(url)) continue;
      opened.add(url);
      void approveSignIn(url);
    }
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM');
    await ended;
  });
  return { said: () => said, ended };
}

/** Terminals 1 and 2 of the README. */
async function running(): Promise<string> {
  const folder = tempDir();
  const organisation = paste(first, folder);
  await until(() => Promise.resolve(organisation.said().includes('Access Tier')));
  const client = paste(second, folder);
  await until(() => Promise.resolve(client.said().includes('Banyan is ready')));
  return folder;
}

it.runIf(process.platform === 'linux')('lead from an invite to bytes', async () => {
  const terminal = paste(third, await running());
  await until(() => Promise.resolve(/banyanproxy: 127\.0\.0\.1:\d+ -> /.test(terminal.said())));
  const said = terminal.said();
  expect(said).toContain('Registered with  Demo');
  expect(said).toContain('Signed in as');
  expect(said).toContain('HTTP API is connected at 127.0.0.1:');
  expect(said).toContain('Hello from api');
});

it.runIf(process.platform === 'linux')('register by an address, as scripts do', async () => {
  const prepared = third.split('\n').filter((line) => /^export |^\w+\(\)/.test(line));
  const forScripts = byAddress.split('\n').filter((line) => line.includes('--fingerprint'));
  const terminal = paste([...prepared, ...forScripts].join('\n'), await running());
  expect({ exit: await terminal.ended, said: terminal.said() }).toMatchObject({ exit: 0 });
  expect(terminal.said()).toContain('Registered with  Demo');
});
