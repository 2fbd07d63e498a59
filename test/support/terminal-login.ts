// `banyan login` in a terminal, with a person who approves the page that it prints.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { environment, programPath } from './programs.ts';

/** @returns what it printed on standard output */
export async function terminalLogin(home: string, change: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(
    process.execPath,
    [programPath('banyan'), 'login', '--no-browser', '--json'],
    { env: { ...environment(home), ...change } },
  );
  createInterface({ input: child.stderr }).on('line', (line) => {
    const event = JSON.parse(line) as { event?: string; url?: string };
    if (event.event === 'sign-in-page' && event.url) void approveSignIn(event.url);
  });
  let printed = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  const exit = await new Promise((resolve) => child.on('close', resolve));
  expect(exit).toBe(0);
  return printed;
}
