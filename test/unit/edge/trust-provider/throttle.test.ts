import { expect, test } from 'vitest';
import { networkOf } from '../../../../src/edge/trust-provider/device-code.ts';
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

test('a right answer among many guesses takes back itself, and no guess', () => {
  const throttle = aThrottle({ now: 0 });
  for (let round = 0; round < 3; round += 1) {
    throttle.failed('eve'); // a guess
    throttle.failed('eve'); // an answer of her own
    throttle.forgiven('eve');
  }
  throttle.failed('eve');
  expect(throttle.delayMs('eve')).toBeGreaterThan(0);
});

test.each([
  ['2a01:4f8::1:1', '2a01:4f8:0:0'],
  ['2a01:4f8::', '2a01:4f8:0:0'],
  ['::1', '0:0:0:0'],
  ['2a01:4f8:1:2:3:4:5:6', '2a01:4f8:1:2'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['192.0.2.1', '192.0.2.1'],
])('%s guesses for %s', (address, network) => expect(networkOf(address)).toBe(network));
