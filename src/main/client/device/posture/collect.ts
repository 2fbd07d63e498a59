// Runs all probes of this computer at once, each under a deadline, and keeps from the running programs only what was asked.
import type { PostureReport } from '../../../../shared/model/posture.ts';
import type { Log } from '../../ports.ts';
import { linux } from './linux.ts';
import { macos } from './macos.ts';
import type { Factor, Look, Probes } from './probe.ts';
import { windows } from './windows.ts';

/** A system that waits for a sleeping disk or an old PowerShell needs some seconds. */
const DEADLINE_MS = 15_000;
/** What Linux keeps of a program's name. */
const COMM_LENGTH = 15;

export interface CollectOptions {
  look: Look;
  log: Log;
  platform?: NodeJS.Platform;
  deadlineMs?: number;
  probes?: Probes | null;
}

/** Never rejects. `applications`: those that the organisation asks for. */
export async function collectPosture(
  applications: readonly string[],
  options: CollectOptions,
): Promise<PostureReport> {
  const { look, log, platform = process.platform, deadlineMs = DEADLINE_MS } = options;
  const { probes = PROBES[platform] ?? null } = options;

  async function probe<Value>(name: string, run: () => Promise<Value>, unknown: Value) {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), deadlineMs);
    });
    try {
      return await Promise.race([run(), tooLong]);
    } catch (error) {
      log.info('a posture probe could not tell', { probe: name, error });
      return unknown;
    } finally {
      clearTimeout(timer);
    }
  }
  const factor = async <Name extends Factor>(name: Name): Promise<PostureReport[Name]> =>
    probes
      ? probe(name, () => probes[name](look) as Promise<PostureReport[Name]>, 'unknown')
      : 'unknown';
  const running = async (): Promise<PostureReport['applications']> => {
    if (applications.length === 0) return {};
    const names = probes && (await probe('running', () => probes.running(look), null));
    return names && whichRun(applications, names, platform === 'linux' ? COMM_LENGTH : Infinity);
  };

  const [os, disk, firewall, screen, updates, programs] = await Promise.all([
    factor('UpToDateOS'),
    factor('DiskEncryptionEnabled'),
    factor('FirewallEnabled'),
    factor('ScreenLockEnabled'),
    factor('AutoUpdateEnabled'),
    running(),
  ]);
  return {
    UpToDateOS: os,
    DiskEncryptionEnabled: disk,
    FirewallEnabled: firewall,
    ScreenLockEnabled: screen,
    AutoUpdateEnabled: updates,
    applications: programs,
  };
}

const PROBES: Partial<Record<NodeJS.Platform, Probes>> = {
  linux,
  darwin: macos,
  win32: windows,
};

export function whichRun(
  wanted: readonly string[],
  running: readonly string[],
  longest: number,
): Record<string, boolean> {
  const names = new Set(running.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    wanted.map((name) => [name, names.has(name.toLowerCase().slice(0, longest))]),
  );
}
