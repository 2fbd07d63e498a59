// One versioned JSON file: decoded when read, written atomically, set aside unchanged when it does not decode.
import { readdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { z } from '../../../shared/schema.ts';
import type { Log } from '../ports.ts';
import { removeFile, writeAtomically } from './atomic-write.ts';

export interface JsonFile<Value> {
  /** null: no such file. Throws `client/storage-corrupt` after having set aside what cannot be read. */
  read(): Promise<Value | null>;
  write(value: Value): Promise<void>;
  remove(): Promise<void>;
}

export function jsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  log: Log,
): JsonFile<z.output<Schema>> {
  /** Neither to be read nor out of the way: writing would destroy what is there. */
  let inTheWay: unknown = null;
  return {
    async read() {
      const text = await readIfThere(file);
      if (text === null) return null;
      const decoded = schema.safeParse(parse(text.toString('utf8')));
      if (decoded.success) return decoded.data;
      inTheWay = null;
      throw await setAside(file, log).catch((error: unknown) => (inTheWay = error));
    },
    async write(value) {
      if (inTheWay) throw inTheWay;
      await writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
    },
    remove: () => removeFile(file),
  };
}

/** The content, or null when there is no such file. */
export async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new AppError('client/storage-failed', `Banyan could not read ${file}.`, {
      cause: error,
      details: { file },
    });
  }
}

/** Moves a file that cannot be used out of the way, so that it is neither lost nor read again; or throws. */
export async function setAside(
  file: string,
  log: Log,
  why: 'corrupt' | 'replaced' = 'corrupt',
): Promise<AppError> {
  const kept = keptName(file, why, Date.now());
  try {
    await rename(file, kept);
  } catch (cause) {
    throw new AppError(
      'client/storage-failed',
      `${path.basename(file)} could not be read, and could not be set aside either.`,
      { cause, details: { file } },
    );
  }
  log.warn('a file was set aside', { file, kept, why });
  return new AppError(
    'client/storage-corrupt',
    `${path.basename(file)} could not be read and was set aside as ${path.basename(kept)}.`,
    { details: { file: kept } },
  );
}

/** How often this file was set aside since then. */
export async function setAsideSince(
  file: string,
  why: 'corrupt' | 'replaced',
  since: number,
): Promise<number> {
  const names = await readdir(path.dirname(file)).catch(() => []); // not even a folder
  const earliest = path.basename(keptName(file, why, since));
  const prefix = `${path.basename(file)}.${why}-`;
  return names.filter((name) => name.startsWith(prefix) && name >= earliest).length;
}

/** Names of one file sort by their time. */
const keptName = (file: string, why: string, at: number): string =>
  `${file}.${why}-${new Date(at).toISOString().replaceAll(':', '-')}`;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: no schema accepts undefined, so the caller reports it
  }
}
