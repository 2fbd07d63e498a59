// `npm start` as a person ends it: whatever was told to end, nothing of it is left.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureBuild, hasPackages } from '../../scripts/lib/prepare.mjs';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

const ROOT = path.resolve(import.meta.dirname, '..', '..');

/** Linux tells them cheaply. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own = text === '' ? [] : text.split(' ').map(Number);
  return [...own, ...own.flatMap(childrenOf)];
}

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

it.runIf(process.platform === 'linux').each([
  ['SIGTERM', 'npm'],
  ['SIGTERM', 'everybody'],
  // As a terminal does it: Ctrl-C, and its end. npm alone takes no notice of these.
  ['SIGINT', 'everybody'],
  ['SIGHUP', 'everybody'],
] as const)(
  'npm start leaves no process and no line of its behind where %s tells %s to end',
  async (signal, whom) => {
    // Without a display it is the browser tab that is opened, on every machine.
    const person = tempDir();
    const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
    const npm = spawn('npm', ['start'], {
      cwd: ROOT,
      env: { ...env, HOME: person },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const lines = createInterface({ input: npm.stdout });
    let all: number[] = [];
    onTestFinished(() => {
      for (const pid of all.filter(isThere)) process.kill(pid, 'SIGKILL');
    });
    let home = '';
    await new Promise<void>((resolve) =>
      lines.on('line', (line) => {
        home = /BANYAN_HOME=(\S+);/.exec(line)?.[1] ?? home;
        if (line.startsWith('http://127.0.0.1')) resolve();
      }),
    );
    // As the switch for SSH puts it there.
    mkdirSync(path.join(person, '.ssh'));
    const config = path.join(person, '.ssh', 'config');
    writeFileSync(config, `Include "${path.join(home, 'ssh_config')}"\nHost own\n`);
    all = [npm.pid!, ...childrenOf(npm.pid!)];
    // npm, a shell, the script, the organisation and the app.
    expect(all.length).toBeGreaterThanOrEqual(4);
    process.kill(whom === 'npm' ? npm.pid! : -npm.pid!, signal);
    await until(() => Promise.resolve(!all.some(isThere)));
    expect(readFileSync(config, 'utf8')).toBe('Host own\n');
  },
);

it('what a person has installed with npm is not installed again, until the lock file changes', () => {
  const root = tempDir();
  mkdirSync(path.join(root, 'node_modules'));
  const lock = path.join(root, 'package-lock.json');
  writeFileSync(lock, '{}');
  expect(hasPackages(root)).toBe(false);
  writeFileSync(path.join(root, 'node_modules', '.package-lock.json'), '{}');
  expect(hasPackages(root)).toBe(true);
  const later = Date.now() / 1000 + 60;
  utimesSync(lock, later, later);
  expect(hasPackages(root)).toBe(false);
});
