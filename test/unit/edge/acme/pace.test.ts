import { describe, expect, test } from 'vitest';
import { waitOf } from '../../../../src/edge/acme/order.ts';
import { nextOrderAt, PACE, retryAfter } from '../../../../src/edge/acme/pace.ts';
import { createTestPki } from '../../../support/pki.ts';

const HOUR = 3_600_000;
const wish = { names: ['a.example.com'], directory: 'https://acme.example.com/dir' };

describe('when the next order is', () => {
  const failed = { ...wish, times: 3, reason: 'no', until: 5_000 };

  test('at once, where nothing was tried', () => {
    expect(nextOrderAt({}, wish, PACE)).toBe(0);
  });

  test('a third of the life before its end', async () => {
    // A day of the past, and ten of life.
    const { certificate: cert } = await (
      await createTestPki()
    ).issue({ commonName: 'a.example.com', lifeMs: 9 * 24 * HOUR });
    const issued = { ...wish, cert, sealedKey: '', at: 0 };
    const days = (nextOrderAt({ issued }, wish, PACE) - Date.now()) / (24 * HOUR);
    expect(days).toBeCloseTo(10 * (2 / 3) - 1, 1);
  });

  test('not again within the hour, however the dates look to a clock that is wrong', async () => {
    const { certificate: cert } = await (
      await createTestPki()
    ).issue({ commonName: 'a.example.com', lifeMs: -HOUR });
    const issued = { ...wish, cert, sealedKey: '', at: Date.now() };
    expect(nextOrderAt({ issued }, wish, PACE)).toBe(issued.at + HOUR);
  });

  test('when the wait after a failure is over, and not before another edge has to be done', () => {
    expect(nextOrderAt({ failed }, wish, PACE)).toBe(5_000);
    const ordered = { by: 'other', until: 9_000 };
    expect(nextOrderAt({ failed, ordered }, wish, PACE)).toBe(9_000);
  });

  test.each([
    ['names', { ...wish, names: ['a.example.com', 'b.example.com'] }],
    ['a directory', { ...wish, directory: 'https://other.example.com/dir' }],
  ])('at once for %s that were not tried', (_, other) => {
    expect(nextOrderAt({ failed }, other, PACE)).toBe(0);
  });
});

describe('after a failure', () => {
  test('each wait is twice the one before, up to a day, a quarter more or less', () => {
    for (let times = 1; times < 40; times += 1) {
      const wait = retryAfter(times, PACE, 0);
      const usual = Math.min(PACE.retryMs * 2 ** (times - 1), 24 * HOUR);
      expect(wait).toBeGreaterThanOrEqual(usual * 0.75);
      expect(wait).toBeLessThanOrEqual(usual * 1.25);
    }
  });

  test('two edges do not come back at the same moment', () => {
    expect(new Set(Array.from({ length: 10 }, () => retryAfter(1, PACE, 0))).size).toBeGreaterThan(
      1,
    );
  });

  test('the directory says for how long at least, a week at most', () => {
    expect(retryAfter(1, PACE, 2 * HOUR)).toBe(2 * HOUR);
    expect(retryAfter(1, PACE, 1_000 * 24 * HOUR)).toBe(7 * 24 * HOUR);
  });

  test.each([
    ['120', 120_000],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', 0],
    ['', 0],
    ['-5', 0],
  ])('Retry-After "%s" is %d ms', (text, wait) => {
    expect(waitOf(text, Date.parse('2026-11-22T12:00:00Z'))).toBe(wait);
  });
});
