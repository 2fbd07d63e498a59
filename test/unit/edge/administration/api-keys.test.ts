import { expect, test } from 'vitest';
import { createApiKeys } from '../../../../src/edge/administration/api-keys.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import type { Store } from '../../../../src/edge/store/store.ts';

test('a key that is revoked while it is being used does not come back by the note of its use', async () => {
  const store = createMemoryStore();
  const keys = createApiKeys(store);
  const name = 'terraform';
  const key = await keys.create({ name, role: 'write', lifetimeSeconds: 60, by: 'test' });
  const revokedMeanwhile: Store = {
    ...store,
    async get(collection, id) {
      const found = await store.get(collection, id);
      await keys.revoke(name);
      return found;
    },
  };
  expect(await createApiKeys(revokedMeanwhile).check(key ?? '')).toMatchObject({ name });
  expect(await keys.list()).toEqual([]);
  expect(await keys.check(key ?? '')).toBeNull();
});
