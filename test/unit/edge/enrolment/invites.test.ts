// Who has claimed a use of an invite and never says what became of it does not keep it; who says so too late does not get it.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createInvites } from '../../../../src/edge/enrolment/invites.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

async function anInvite() {
  const invites = createInvites(createMemoryStore());
  const { code } = await invites.create(3600);
  return { invites, id: (await invites.find(code))!.id, code };
}

test('of two at one use, one gets it', async () => {
  const { invites, id, code } = await anInvite();
  const claims = await Promise.all([invites.claim(id), invites.claim(id)]);
  expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  expect(await invites.settle(id, claims[0]!, 'used')).toBe(true);
  expect(await invites.find(code)).toMatchObject({ state: 'used-up' });
  expect(await invites.claim(id)).toBeNull();
});

test('a claim that is not settled runs out; who settles it late finds another there', async () => {
  const { invites, id, code } = await anInvite();
  const dead = (await invites.claim(id))!;
  pass(59);
  expect(await invites.claim(id)).toBeNull();
  pass(2);
  const next = (await invites.claim(id))!;
  expect(await invites.settle(id, dead, 'used')).toBe(false);
  expect(await invites.settle(id, next, 'used')).toBe(true);
  expect(await invites.settle(id, next, 'used')).toBe(false);
  expect(await invites.find(code)).toMatchObject({ state: 'used-up' });
});

test('a claim that ran out is good while nobody else has made one', async () => {
  const { invites, id } = await anInvite();
  const slow = (await invites.claim(id))!;
  pass(120);
  expect(await invites.settle(id, slow, 'used')).toBe(true);
  expect(await invites.claim(id)).toBeNull();
});

test('what failed gives the use back', async () => {
  const { invites, id } = await anInvite();
  await invites.settle(id, (await invites.claim(id))!, 'open');
  expect(await invites.claim(id)).not.toBeNull();
});
