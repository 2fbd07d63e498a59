// A real Secret Service (gnome-keyring on a session bus of its own) for one short program, or the reason why not.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

const here = import.meta.dirname;

export interface SecretService {
  isAvailable: boolean;
  why: string;
  /** Runs a scenario of secret-service-scenarios.ts and returns what it reports. */
  run(scenario: 'keeps' | 'locked'): unknown;
}

export function secretService(): SecretService {
  const missing = ['dbus-run-session', 'gnome-keyring-daemon', 'busctl'].filter(
    (program) => !isThere('sh', ['-c', `command -v ${program}`]),
  );
  if (!isThere(process.execPath, ['-e', 'require("keytar")'])) missing.push('keytar');
  return {
    isAvailable: process.platform === 'linux' && missing.length === 0,
    why: `not on this machine: ${missing.join(', ')}`,
    run(scenario) {
      const out = execFileSync(
        'bash',
        [
          path.join(here, 'with-secret-service.sh'),
          process.execPath,
          '--import',
          path.join(here, 'strip-types.mjs'),
          path.join(here, 'secret-service-scenarios.ts'),
          scenario,
        ],
        { encoding: 'utf8', timeout: 15_000, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      return JSON.parse(out.trim().split('\n').at(-1) ?? '') as unknown;
    },
  };
}

function isThere(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', cwd: path.join(here, '../..') });
    return true;
  } catch {
    return false; // that is the question
  }
}
