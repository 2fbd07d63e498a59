// What a probe is and may do: read files and run a few programs of the system, by their full path, without a shell, and
// never anything that changes something. Whatever it cannot tell is `unknown`, and so is what takes too long.
import type { FactorValue, PostureReport } from '../../../../shared/model/posture.ts';

/** What a probe looks through: the computer, or in tests what the test wrote down. */
export interface Look {
  /** null: there is none, or it may not be read. */
  file: (path: string) => Promise<string | null>;
  /** Names in a folder; empty where it cannot be listed. */
  list: (folder: string) => Promise<readonly string[]>;
  /** null: no such program, or no answer in time. Whatever its exit status, it has answered. */
  run: (program: string, args: readonly string[]) => Promise<Output | null>;
  environment: Readonly<Record<string, string | undefined>>;
  /** As `os.release()` says. */
  kernel: string;
}

export interface Output {
  status: number;
  stdout: string;
  stderr: string;
}

/** One per operating system. */
export interface Probes {
  UpToDateOS(look: Look): Promise<string>;
  DiskEncryptionEnabled(look: Look): Promise<FactorValue>;
  FirewallEnabled(look: Look): Promise<FactorValue>;
  ScreenLockEnabled(look: Look): Promise<FactorValue>;
  AutoUpdateEnabled(look: Look): Promise<FactorValue>;
  /** Names of all programs that run; null: unknown. They never leave this computer, see `collect.ts`. */
  running(look: Look): Promise<readonly string[] | null>;
}

export type Factor = Exclude<keyof PostureReport, 'applications'>;

export const said = (isSo: boolean | null | undefined): FactorValue =>
  isSo == null ? 'unknown' : isSo ? 'true' : 'false';
