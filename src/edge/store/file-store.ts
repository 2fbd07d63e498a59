// The store in one JSON file, replaced whole. Everything is in memory too, so reading costs nothing. Fits a small
// organisation; a larger one needs another implementation.
import { z } from '../../shared/schema.ts';
import { readKept, writeFileAtomically } from './atomic-file.ts';
import { createMemoryStore } from './memory-store.ts';
import { COLLECTIONS, type Store } from './store.ts';

const VERSION = 1;
const stateFile = z.object({
  version: z.literal(VERSION),
  collections: z.partialRecord(z.enum(COLLECTIONS), z.record(z.string(), z.unknown())),
});

/** Rejects when the file is there but cannot be read: an unreadable store must not look like an empty one. */
export async function openFileStore(path: string): Promise<Store> {
  const state = await readKept(path, stateFile, 'a state file');
  return createMemoryStore(state?.collections ?? {}, (collections) =>
    writeFileAtomically(path, JSON.stringify({ version: VERSION, collections })),
  );
}
