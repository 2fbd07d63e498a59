// Replaces a file whole: readers and a crash see the old text or the new one, never half of it.
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

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
