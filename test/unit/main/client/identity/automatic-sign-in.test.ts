import { describe, expect, it } from 'vitest';
import { createAutomaticSignIn } from '../../../../../src/main/client/identity/automatic-sign-in.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';

const MINUTE = 60_000;
const error = new AppError('organisation/unreachable', 'Nobody answers.').toWire();

describe('a page that opens by itself', () => {
  it('is opened at most once in ten minutes, however often it is asked for', () => {
    const clock = manualClock();
    const automatic = createAutomaticSignIn(clock);
    const taken: number[] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      for (let each = 0; each < 100; each += 1) if (automatic.takePage()) taken.push(minute);
      clock.advance(MINUTE);
    }
    expect(taken).toEqual([0, 10, 20, 30, 40, 50]);
  });

  it('is not kept back by a clock that was set back', () => {
    let now = 1_000 * MINUTE;
    const automatic = createAutomaticSignIn({ now: () => now, after: () => () => {} });
    expect(automatic.takePage()).toBe(true);
    now = 0;
    expect(automatic.takePage()).toBe(true);
  });
});

describe('a try that failed', () => {
  it('speaks for the next five seconds', () => {
    const clock = manualClock();
    const automatic = createAutomaticSignIn(clock);
    expect(automatic.justFailed()).toBeNull();
    automatic.failed(error);
    clock.advance(4_999);
    expect(automatic.justFailed()).toBe(error);
    clock.advance(1);
    expect(automatic.justFailed()).toBeNull();
  });
});
