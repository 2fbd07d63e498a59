// What is stored and what counts: records of a later version, and changes that come while others are read.
import { expect, test } from 'vitest';
import { createChanges } from '../../../../src/edge/changes.ts';
import { openRulebook } from '../../../../src/edge/command-center/rulebook.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import type { Store } from '../../../../src/edge/store/store.ts';

const role = (name: string) => ({ kind: 'BanyanRole', metadata: { name }, spec: {} });
/** As an edge of a later version may have stored it. */
const later = {
  kind: 'role' as const,
  enabled: true,
  version: 7,
  definition: {
    kind: 'BanyanRole',
    metadata: { name: 'Later', of: 2 },
    spec: { group: { any: ['x'] } },
  },
};

async function open(store: Store = createMemoryStore()) {
  const logged: string[] = [];
  const rulebook = await openRulebook(store, createChanges(), (level, message, fields) => {
    logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
  });
  return { rulebook, logged, store };
}
const names = ({ rulebook }: Awaited<ReturnType<typeof open>>) =>
  rulebook.stored('role').map(({ id }) => id);

test('a record that this version cannot read counts as not there, and keeps nothing else from counting', async () => {
  const store = createMemoryStore();
  await store.put('documents', 'role/Later', later);
  await store.put('documents', 'role/Known', {
    kind: 'role',
    enabled: true,
    definition: role('Known'),
  });
  const opened = await open(store);
  expect(names(opened)).toEqual(['Known']);
  expect(opened.logged).toEqual([expect.stringMatching(/^error .*cannot be read.*role\/Later/)]);

  // One that was good is not what it says any more: what it allowed, nobody knows.
  await store.put('documents', 'role/Known', {
    ...later,
    definition: { kind: 'BanyanRole', metadata: { name: 'Known' }, spec: 1 },
  });
  await store.put('documents', 'role/New', {
    kind: 'role',
    enabled: true,
    definition: role('New'),
  });
  await opened.rulebook.reread();
  expect(names(opened)).toEqual(['New']);
  // Said once for each, not at every change.
  await opened.rulebook.reread();
  expect(opened.logged).toHaveLength(2);
});

test('it can be overwritten, as its next version, and removed', async () => {
  const store = createMemoryStore();
  await store.put('documents', 'role/Later', later);
  const { rulebook } = await open(store);
  expect(await rulebook.put('role', role('Later'), 'dana')).toMatchObject({
    id: 'Later',
    version: 8,
  });
  await store.put('documents', 'role/Later', later);
  await rulebook.reread();
  expect(await rulebook.remove('role', 'Later')).toBe(true);
  expect(await store.list('documents')).toEqual([]);
});

test('a change that comes while all is read again is not lost', async () => {
  const memory = createMemoryStore();
  const { rulebook } = await open({
    ...memory,
    async list(from) {
      const read = await memory.list(from);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return read;
    },
  });
  const reread = rulebook.reread();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await rulebook.put('role', role('Meanwhile'), 'dana');
  await reread;
  expect(rulebook.stored('role').map(({ id }) => id)).toEqual(['Meanwhile']);
});
