import { describe, expect, it } from 'vitest';
import {
  completeFingerprint,
  fingerprintEnd,
  missingOf,
} from '../../../../src/shared/model/fingerprint.ts';

const whole = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';
const end = fingerprintEnd(whole);

describe('a fingerprint that is compared', () => {
  it('is shown without its first three groups', () => {
    expect(end).toBe('L-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg');
  });

  it.each([
    'n4bQ gYhM fWWa',
    'n4bQgYhMfWWa',
    ' n4bQ  gYhM\tfWWa ',
    whole,
    `n4bQ ${whole.slice(4)}`,
  ])('is complete with %j', (typed) => {
    expect(completeFingerprint(typed, end)).toBe(whole);
  });

  it('keeps what was typed wrong, so that it is found out', () => {
    expect(completeFingerprint('N4bQ gYhM fWWa', end)).toBe(`N4bQgYhMfWWa${end}`);
  });

  it.each(['', 'n4bQ gYhM', 'n4bQ gYhM fWW!', `${whole}x`, 'n4bQ-gYhM-fWWa'])(
    'is not complete with %j',
    (typed) => {
      expect(completeFingerprint(typed, end)).toBeNull();
    },
  );
});

it.each([
  ['', 12],
  ['n4bQ gY', 6],
  ['n4bQ gYhM fWWa', 0],
  ['n4bQ gYhM fWWa L', -1],
  [whole, 0],
])('of %j so many characters are missing: %i', (typed, missing) => {
  expect(missingOf(typed)).toBe(missing);
});
