// A display that nobody sees. What shows something on it ends with it.
import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { findProgram } from './foreign-servers.ts';

/**
 * `pixels`: a folder in which what is shown is kept as a file, `Xvfb_screen0`.
 * @returns what goes into DISPLAY
 */
export async function startDisplay(pixels?: string): Promise<string> {
  const child = spawn(
    findProgram('Xvfb') ?? 'Xvfb',
    [
      '-displayfd',
      '1',
      '-nolisten',
      'tcp',
      '-screen',
      '0',
      '800x600x24',
      ...(pixels === undefined ? [] : ['-fbdir', pixels]),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const number = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('error', reject);
    void ended.then(() => reject(new Error('Xvfb has ended')));
  });
  return `:${number}`;
}
