import { expect, test } from 'vitest';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { createThrottle } from '../../../../src/edge/trust-provider/throttle.ts';
import { createUsers } from '../../../../src/edge/trust-provider/users.ts';

const aThrottle = (clock: { now: number }) =>
  createThrottle({ freeAttempts: 3, firstDelayMs: 1_000, longestDelayMs: 4_000 }, () => clock.now);

test('the first failures cost nothing, later ones twice as long each, up to a limit', () => {
  const clock = { now: 0 };
  const throttle = aThrottle(clock);
  const delays = Array.from({ length: 7 }, () => {
    throttle.failed('dana');
    return throttle.delayMs('dana');
  });
  expect(delays).toEqual([0, 0, 1_000, 2_000, 4_000, 4_000, 4_000]);
  expect(throttle.delayMs('erik')).toBe(0);
  clock.now += 4_000;
  expect(throttle.delayMs('dana')).toBe(0);
});

test('a success and a long quiet time forget the failures', () => {
  const clock = { now: 0 };
  const throttle = aThrottle(clock);
  for (let i = 0; i < 3; i += 1) throttle.failed('dana');
  throttle.succeeded('dana');
  expect(throttle.delayMs('dana')).toBe(0);
  for (let i = 0; i < 3; i += 1) throttle.failed('dana');
  clock.now += 9_000;
  throttle.failed('dana');
  expect(throttle.delayMs('dana')).toBe(0);
});

test('many guesses at once do not get around the lock, and the right password waits too', async () => {
  const users = createUsers(createMemoryStore(), aThrottle({ now: 0 }));
  await users.put({
    id: 'u',
    email: 'dana@demo.example',
    name: 'Dana',
    groups: [],
    password: 'right',
  });
  expect(await users.check('Dana@Demo.Example', 'right')).toMatchObject({ ok: true });
  const guesses = await Promise.all(
    Array.from({ length: 8 }, (_, index) => users.check('dana@demo.example', `guess ${index}`)),
  );
  expect(guesses.filter((each) => !each.ok && each.why === 'locked')).toHaveLength(5);
  expect(await users.check('dana@demo.example', 'right')).toEqual({ ok: false, why: 'locked' });
});

test('an unknown person is answered like a wrong password', async () => {
  const users = createUsers(createMemoryStore(), aThrottle({ now: 0 }));
  expect(await users.check('nobody@demo.example', 'x')).toEqual({ ok: false, why: 'wrong' });
});
