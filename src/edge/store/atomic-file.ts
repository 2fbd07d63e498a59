// Files that the edge keeps. Each is replaced whole: readers and a crash see the old text or the new one, never half of it.
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { z } from '../../shared/schema.ts';

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

/** Null: there is none. Rejects when it is there but cannot be read: that must not look like an empty one. */
export async function readKept<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  what: string,
): Promise<z.output<Schema> | null> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw new AppError('edge/data-unreadable', `${path} cannot be read (${cause.code}).`, {
      cause,
    });
  });
  if (text === null) return null;
  const read = schema.safeParse(parsed(text));
  if (read.success) return read.data;
  throw new AppError('edge/data-unreadable', `${path} is not ${what} of this version.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema, which names the file
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
