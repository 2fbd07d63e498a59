// How posture probes look at this computer: files and programs of the system, read only, bounded in time and size.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { Look, Output } from '../device/posture/probe.ts';

const ANSWER_WITHIN_MS = 10_000;
const LARGEST_ANSWER = 4 * 1024 * 1024;

export const systemLook = (
  environment: NodeJS.ProcessEnv,
  answerWithinMs = ANSWER_WITHIN_MS,
): Look => ({
  environment,
  kernel: release(),
  // What is missing and what may not be read are the same here: nothing is known of it.
  file: (path) => readFile(path, 'utf8').catch(() => null),
  list: (folder) => readdir(folder).catch(() => []),
  run: (program, args) =>
    new Promise<Output | null>((resolve) => {
      const options = {
        // Words of programs are read: in one language.
        env: { ...environment, LC_ALL: 'C', LANG: 'C' },
        timeout: answerWithinMs,
        killSignal: 'SIGKILL' as const,
        maxBuffer: LARGEST_ANSWER,
        windowsHide: true,
      };
      const child = execFile(program, [...args], options, (error, stdout, stderr) => {
        const status = error ? error.code : 0;
        resolve(typeof status === 'number' ? { status, stdout, stderr } : null);
      });
      child.stdin?.on('error', () => {}).end();
    }),
});
