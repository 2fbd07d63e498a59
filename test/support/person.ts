// A person with the built `banyan` and a home of their own: registers, signs in by the issuer's pages, connects.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { fetchUnder } from './https.ts';
import { environment, type Finished, programPath, runProgram, startProgram } from './programs.ts';
import { tempDir } from './temp-dir.ts';

export interface Person {
  home: string;
  banyan(...args: string[]): Promise<Finished>;
}

/** Their app runs, registered with the invite and signed in. `root`: PEM that the pages are under, where they are https. */
export async function aPerson(
  invite: string,
  fields: { email: string; password: string },
  { ownership, root }: { ownership?: string; root?: string } = {},
): Promise<Person> {
  const home = path.join(tempDir(), 'home');
  const app = await startProgram('banyan', ['up'], home);
  onTestFinished(async () => void (await app.stop()));
  const banyan: Person['banyan'] = (...args) => runProgram('banyan', args, home);
  const registered = await banyan(
    'register',
    invite,
    '--yes',
    ...(ownership ? ['--ownership', ownership] : []),
  );
  if (registered.exit !== 0) throw new Error(`register: ${registered.stderr}`);
  const login = spawn(
    process.execPath,
    [programPath('banyan'), 'login', '--no-browser', '--json'],
    { env: environment(home) },
  );
  createInterface({ input: login.stderr }).on('line', (line) => {
    const event = JSON.parse(line) as { event?: string; url?: string };
    if (event.event === 'sign-in-page' && event.url)
      void approveSignIn(event.url, { fields, ...(root && { fetch: fetchUnder(root) }) });
  });
  const exit = await new Promise((resolve) => login.on('close', resolve));
  if (exit !== 0) throw new Error(`login ended with ${String(exit)}`);
  return { home, banyan };
}
