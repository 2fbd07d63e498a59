// What `die-at-step.mjs` kills: one change of the login files, as the client makes it.
import { readFileSync } from 'node:fs';
import { createLoginFiles, type LoginSet } from '../../src/main/client/identity/login-files.ts';
import { layout } from '../../src/main/client/settings/layout.ts';

export async function run(home: string, work: 'write' | 'remove', sets: string): Promise<void> {
  const files = createLoginFiles(layout(home));
  const [, next] = JSON.parse(readFileSync(sets, 'utf8')) as [LoginSet, LoginSet];
  await (work === 'write' ? files.write(next) : files.remove());
}
