// The store in memory: for what need not survive a restart, and the base of the file store.
import type { CollectionName, Collections, Store } from './store.ts';

export type Contents = Partial<Record<CollectionName, Record<string, unknown>>>;

/** `persist` is called after every change with everything there is, and awaited before the change resolves. */
export function createMemoryStore(
  contents: Contents = {},
  persist: (snapshot: () => Contents) => Promise<void> = () => Promise.resolve(),
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
      collection(into).set(id, structuredClone(record));
      await persist(snapshot);
    },
    async delete(from, id) {
      if (collection(from).delete(id)) await persist(snapshot);
    },
    async change(name, id, change) {
      const changed = change(read(name, id));
      if (changed === undefined) return false;
      collection(name).set(id, structuredClone(changed));
      await persist(snapshot);
      return true;
    },
    close: () => persist(snapshot),
  };
}
