// Starts a program that outlives us, without a shell in between.
import { spawn } from 'node:child_process';

export interface StartOptions {
  /** What still runs after this has a window, or is about to. */
  settledAfterMs: number;
  folder?: string;
  environment?: NodeJS.ProcessEnv;
}

/** Rejects where it cannot be started, or ends at once with something other than 0. */
export function startProgram(
  command: string,
  words: readonly string[],
  { settledAfterMs, folder, environment }: StartOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      stdio: 'ignore',
      detached: true,
      ...(folder !== undefined && { cwd: folder }),
      ...(environment && { env: environment }),
    });
    const settled = setTimeout(resolve, settledAfterMs);
    child.once('error', (error) => {
      clearTimeout(settled);
      reject(error);
    });
    child.once('exit', (code) => {
      clearTimeout(settled);
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${String(code)}`));
    });
    child.unref();
  });
}
