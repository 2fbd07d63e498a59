// Says what is done and how long it took; a failed step ends the program with one plain sentence.
import { spawn } from 'node:child_process';

/** A failure whose message is all that a person needs. */
export class PlainError extends Error {}

/** @param {string} what @template T @param {() => Promise<T> | T} run @returns {Promise<T>} */
export async function step(what, run) {
  const startedAt = performance.now();
  process.stderr.write(`· ${what} …`);
  try {
    const result = await run();
    process.stderr.write(` ${seconds(performance.now() - startedAt)}\n`);
    return result;
  } catch (error) {
    process.stderr.write(` failed after ${seconds(performance.now() - startedAt)}\n`);
    throw error;
  }
}

/** @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/**
 * Runs a command quietly; on failure what it printed is shown.
 * @param {string} command @param {string[]} args @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // What is kept for a failure is read as text, perhaps in a log.
    const { FORCE_COLOR: _, ...env } = { ...process.env, NO_COLOR: '1' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const endWithUs = () => child.kill();
    process.once('exit', endWithUs);
    let output = '';
    child.stdout?.on('data', (text) => (output += text));
    child.stderr?.on('data', (text) => (output += text));
    child.on('error', () => reject(new PlainError(`${command} could not be started.`)));
    child.on('close', (code, signal) => {
      process.removeListener('exit', endWithUs);
      if (code === 0) return resolve(output);
      const lines = output.trimEnd().split('\n').slice(-60).join('\n');
      reject(new PlainError(`${command} ${args[0] ?? ''} ended with ${signal ?? code}:\n${lines}`));
    });
  });
}

/** Runs a script's main; plain errors become one line and exit 1. @param {() => Promise<number | void>} body */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    const isOurs = error instanceof PlainError;
    process.stderr.write(`${isOurs ? '' : 'Something went wrong: '}${error?.message ?? error}\n`);
    // For whoever works on these scripts; a person who starts the app gets the sentence.
    if (!isOurs && process.env.BANYAN_DEBUG) process.stderr.write(`${error?.stack}\n`);
    process.exitCode = 1;
  }
}
