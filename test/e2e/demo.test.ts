// `npm run demo -- --json`: the whole job through the built programs, in one object.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = path.resolve(import.meta.dirname, '..', '..', 'scripts', 'demo.mjs');

interface Transcript {
  ok: boolean;
  steps: { step: string; ms: number; ok: boolean; result?: { body?: string; status?: number } }[];
}

it('the demo registers, signs in, connects two services, moves bytes and leaves nothing behind', async () => {
  const { exit, stdout, stderr } = await new Promise<{
    exit: number | null;
    stdout: string;
    stderr: string;
  }>((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, '--json'], (_error, stdout, stderr) =>
      resolve({ exit: child.exitCode, stdout, stderr }),
    );
  });
  expect(stderr).not.toMatch(/\n\s+at /);
  const transcript = JSON.parse(stdout) as Transcript;
  const failed = transcript.steps.filter(({ ok }) => !ok);
  expect(failed).toEqual([]);
  expect(exit).toBe(0);
  const step = (name: string) => transcript.steps.find((each) => each.step.startsWith(name));
  expect(step('Use it')?.result?.body).toContain('Hello from api');
  expect(step('Reach alpha')?.result?.body).toContain('alpha.lab.internal');
  expect(step('Reach beta')?.result?.body).toContain('beta.lab.internal');
  expect(step('Be refused')?.result?.status).toBe(403);
  // No token, key or code may be in what people paste into a ticket.
  expect(stdout).not.toMatch(/eyJ[\w-]{10,}\.|PRIVATE KEY|refresh_token/);
});
