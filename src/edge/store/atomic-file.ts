// Replaces a file whole: readers and a crash see the old text or the new one, never half of it.
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/;

/** The file is readable by its owner only: everything the edge keeps is. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** For the start: a process that was killed while it wrote leaves its text behind, private keys among it. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
  }
}
