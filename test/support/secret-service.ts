// A real Secret Service: gnome-keyring on a session bus of its own, in a throw-away home.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface SecretService {
  /** For DBUS_SESSION_BUS_ADDRESS. */
  address: string;
  lock(): void;
  stop(): void;
}

/** Why there can be none on this machine, or null. */
export function secretServiceMissing(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  const missing = ['dbus-daemon', 'gnome-keyring-daemon', 'busctl'].filter(
    (program) => !succeeds('sh', ['-c', `command -v ${program}`]),
  );
  if (!succeeds(process.execPath, ['-e', 'require("keytar")'])) missing.push('keytar');
  return missing.length > 0 ? `not on this machine: ${missing.join(', ')}` : null;
}

export async function startSecretService(): Promise<SecretService> {
  const home = mkdtempSync(path.join(tmpdir(), 'banyan-keyring-'));
  const children: ChildProcess[] = [];
  const environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home };
  for (const name of ['RUNTIME_DIR', 'DATA_HOME', 'CONFIG_HOME', 'CACHE_HOME']) {
    const folder = path.join(home, name.toLowerCase());
    mkdirSync(folder, { mode: 0o700 });
    environment[`XDG_${name}`] = folder;
  }
  const run = (command: string, args: string[]) => {
    const child = spawn(command, args, {
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    children.push(child);
    return child;
  };
  const bus = run('dbus-daemon', ['--session', '--nofork', '--print-address']);
  const [first] = (await once(bus.stdout, 'data')) as [Buffer];
  const address = String(first).trim();
  environment['DBUS_SESSION_BUS_ADDRESS'] = address;
  const keyring = run('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets']);
  keyring.stdin.end('test');
  const ask = (...args: string[]): string =>
    execFileSync('busctl', [`--address=${address}`, ...args], {
      env: environment,
      encoding: 'utf8',
    });
  const service = ['org.freedesktop.secrets', '/org/freedesktop/secrets'];
  const deadline = Date.now() + 10_000;
  const login = '/org/freedesktop/secrets/collection/login';
  // Not a question to the keyring itself: the bus would answer by starting another one, without our password.
  const theBus = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus'];
  const isUp = () => ask('call', ...theBus, 'NameHasOwner', 's', service[0] ?? '').includes('true');
  while (!isUp()) {
    if (Date.now() > deadline) throw new Error('the keyring does not start');
    await delay(50);
  }
  return {
    address,
    lock: () =>
      void ask('call', ...service, 'org.freedesktop.Secret.Service', 'Lock', 'ao', '1', login),
    stop() {
      for (const child of children.toReversed()) child.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', cwd: path.join(import.meta.dirname, '../..') });
    return true;
  } catch {
    return false; // that is the question
  }
}
