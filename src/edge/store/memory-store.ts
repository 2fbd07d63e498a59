// The store in memory: for what need not survive a restart, and the base of the file store.
import type { CollectionName, Collections, Store } from './store.ts';

export type Contents = Partial<Record<CollectionName, Record<string, unknown>>>;

/**
 * `persist` gets everything there is and is awaited before a change resolves; changes that come while it runs share the
 * next one. When it rejects, everything that was not kept yet is taken back and all of it rejects: nobody is told of a
 * failure that is there all the same, and nothing that stays was made from what was taken back.
 */
export function createMemoryStore(
  contents: Contents = {},
  persist: (contents: Contents) => Promise<void> = () => Promise.resolve(),
): Store {
  const collections = new Map<string, Map<string, unknown>>();
  for (const [name, records] of Object.entries(contents)) {
    collections.set(name, new Map(Object.entries(records)));
  }
  const collection = (name: CollectionName): Map<string, unknown> => {
    const existing = collections.get(name);
    if (existing) return existing;
    const created = new Map<string, unknown>();
    collections.set(name, created);
    return created;
  };
  const snapshot = (): Contents =>
    Object.fromEntries([...collections].map(([name, map]) => [name, Object.fromEntries(map)]));
  const read = <Name extends CollectionName>(name: Name, id: string) =>
    structuredClone(collection(name).get(id)) as Collections[Name] | undefined;

  /** How to take back what is not kept yet, the newest last. */
  let undos: (() => void)[] = [];
  const set = (name: CollectionName, id: string, record: unknown): void => {
    const records = collection(name);
    const before = records.get(id);
    undos.push(() => (before === undefined ? records.delete(id) : records.set(id, before)));
    if (record === undefined) records.delete(id);
    else records.set(id, structuredClone(record));
  };

  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    if (next) running = next;
    next = null;
    const written = undos.length;
    try {
      await persist(snapshot());
      undos.splice(0, written);
    } catch (error) {
      for (const undo of undos.toReversed()) undo();
      undos = [];
      // Who waits for the next one is rejected with this; who comes from now on starts afresh.
      running = Promise.resolve();
      next = null;
      throw error;
    }
  };
  const keep = (): Promise<void> => (next ??= running.then(write));

  return {
    get: (from, id) => Promise.resolve(read(from, id)),
    list: (from) =>
      Promise.resolve(
        [...collection(from)].map(([id, record]) => [id, structuredClone(record)]) as [
          string,
          never,
        ][],
      ),
    async put(into, id, record) {
      set(into, id, record);
      await keep();
    },
    async delete(from, id) {
      if (!collection(from).has(id)) return;
      set(from, id, undefined);
      await keep();
    },
    async change(name, id, change) {
      const changed = change(read(name, id));
      if (changed === undefined) return false;
      set(name, id, changed);
      await keep();
      return true;
    },
    close: keep,
  };
}
