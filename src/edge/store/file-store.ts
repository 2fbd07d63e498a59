// The store in one JSON file, replaced whole. Everything is in memory too, so reading costs nothing. Fits a small
// organisation; a larger one needs another implementation.
import { readFile } from 'node:fs/promises';
import { z } from '../../shared/schema.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { createMemoryStore, type Contents } from './memory-store.ts';
import { COLLECTIONS, type Store } from './store.ts';

const VERSION = 1;
const stateFile = z.object({
  version: z.literal(VERSION),
  collections: z.partialRecord(z.enum(COLLECTIONS), z.record(z.string(), z.unknown())),
});

/** Rejects when the file is there but cannot be read: an unreadable store must not look like an empty one. */
export async function openFileStore(path: string): Promise<Store> {
  let contents: Contents = {};
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) {
    const state = stateFile.safeParse(parse(text));
    if (!state.success) throw new Error(`${path} is not a state file of this version.`);
    contents = state.data.collections;
  }

  return createMemoryStore(contents, (collections) =>
    writeFileAtomically(path, JSON.stringify({ version: VERSION, collections })),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema, which names the file
  }
}
