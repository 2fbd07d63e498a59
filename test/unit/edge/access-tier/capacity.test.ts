import { expect, test } from 'vitest';
import { CAPACITY, createCapacity } from '../../../../src/edge/access-tier/capacity.ts';

const LIMITS = { most: 4, mostOfSource: 3, mostUnprovenOfSource: 2 };

test('one source takes neither all places nor, unproven, all of its own', () => {
  const capacity = createCapacity(LIMITS);
  const [first, second] = [capacity.enter('a'), capacity.enter('a')];
  expect(capacity.enter('a')).toBeNull();
  first?.proven();
  expect(capacity.enter('a')).not.toBeNull();
  second?.proven();
  expect(capacity.enter('a')).toBeNull(); // three are its own
  expect(capacity.enter('b')).not.toBeNull();
  expect(capacity.enter('c')).toBeNull(); // four are all
  expect(capacity.turnedAway()).toBe(3);
});

test('of the places that there are, one source leaves some to others', () => {
  const capacity = createCapacity(CAPACITY);
  for (let place = 0; place < CAPACITY.most; place += 1) capacity.enter('a')?.proven();
  expect(capacity.enter('b')).not.toBeNull();
});

test('a place is free again once, however often it is left', () => {
  const capacity = createCapacity({ most: 2, mostOfSource: 2, mostUnprovenOfSource: 2 });
  const place = capacity.enter('a');
  place?.leave();
  place?.leave();
  place?.proven();
  expect(capacity.count()).toBe(0);
  expect([capacity.enter('a'), capacity.enter('a')]).not.toContain(null);
  expect(capacity.enter('a')).toBeNull();
});
