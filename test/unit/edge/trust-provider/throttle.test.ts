import { expect, test } from 'vitest';
import { createThrottle } from '../../../../src/edge/trust-provider/throttle.ts';

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
