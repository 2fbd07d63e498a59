// The built programs as child processes, each with its own throw-away home.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const BIN = path.resolve(import.meta.dirname, '..', '..', 'out', 'bin');

export interface Finished {
  exit: number | null;
  stdout: string;
  stderr: string;
}

export const programPath = (name: 'banyan' | 'banyanproxy' | 'banyan-edge'): string =>
  path.join(BIN, `${name}.js`);

/** A folder that is removed by `remove()`. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-test-'));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export function environment(home: string): NodeJS.ProcessEnv {
  return { ...process.env, BANYAN_HOME: home, BANYAN_SECRETS: 'memory', NODE_NO_WARNINGS: '1' };
}

/** Runs a program to its end. */
export function runProgram(
  name: 'banyan' | 'banyanproxy' | 'banyan-edge',
  args: readonly string[],
  home: string,
  input = '',
  change: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [programPath(name), ...args],
      { env: { ...environment(home), ...change }, timeout: 30_000 },
      (_error, stdout, stderr) => resolve({ exit: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

export interface Running {
  child: ChildProcess;
  /** The first line that it printed. */
  firstLine: string;
  ended: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a program that stays, and waits for its first line. Rejects with what it said when it ends before. */
export async function startProgram(
  name: 'banyan' | 'banyanproxy' | 'banyan-edge',
  args: readonly string[],
  home: string,
  extra: NodeJS.ProcessEnv = {},
): Promise<Running> {
  const child = spawn(process.execPath, [programPath(name), ...args], {
    env: { ...environment(home), ...extra },
  });
  return running(name, child);
}

/** Waits for the first line of a program that was started. */
export async function running(name: string, child: ChildProcess): Promise<Running> {
  let output = '';
  let complaints = '';
  child.stderr?.on('data', (text: Buffer) => (complaints += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const firstLine = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (text: Buffer) => {
      output += text.toString();
      const end = output.indexOf('\n');
      if (end >= 0) resolve(output.slice(0, end));
    });
    void ended.then(() => reject(new Error(`${name} ended: ${complaints || output}`)));
  });
  return {
    child,
    firstLine,
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}
