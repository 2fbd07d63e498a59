import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../src/shared/errors.ts';
import { createRecentLog } from '../../../../../src/main/client/activity/recent-log.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';

const clock = { now: () => 5 };

describe('the last lines of the log', () => {
  it('are numbered, know their service, and are written to the log as well', () => {
    const file = recordingLog();
    const { log, after } = createRecentLog(file, clock);
    log.info('tunnel', { service: 'echo.demo.bnn', status: 'open' });
    log.warn('a connection was refused', { tunnel: 'echo.demo.bnn', target: 'db:5432' });
    log.error('a file', { size: 3 });
    expect(after(0)).toEqual({
      newest: 3,
      lines: [
        {
          number: 1,
          at: 5,
          level: 'info',
          message: 'tunnel',
          service: 'echo.demo.bnn',
          facts: 'status=open',
        },
        {
          number: 2,
          at: 5,
          level: 'warn',
          message: 'a connection was refused',
          service: 'echo.demo.bnn',
          facts: 'target=db:5432',
        },
        { number: 3, at: 5, level: 'error', message: 'a file', service: null, facts: 'size=3' },
      ],
    });
    expect(after(2).lines.map(({ number }) => number)).toEqual([3]);
    expect(after(3).lines).toEqual([]);
    expect(file.lines).toHaveLength(3);
  });

  it('leave out what every connection has', () => {
    const { log, after } = createRecentLog(recordingLog(), clock);
    log.debug('connection-opened', { tunnel: 'x' });
    expect(after(0)).toEqual({ lines: [], newest: 0 });
  });

  it('say an error in words, with what was behind it', () => {
    const { log, after } = createRecentLog(recordingLog(), clock);
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:1');
    log.warn('not reached', {
      error: new AppError('organisation/unreachable', 'It does not answer.', { cause }),
    });
    expect(after(0).lines[0]?.facts).toBe(
      'error=organisation/unreachable: It does not answer. (connect ECONNREFUSED 127.0.0.1:1)',
    );
  });

  it('are redacted before they are kept', () => {
    const { log, after } = createRecentLog(recordingLog(), clock);
    log.warn('Bearer abcdefghijklmnop', {
      refreshToken: 'hunter2',
      error: new Error('code=hunter2'),
    });
    const [line] = after(0).lines;
    expect(JSON.stringify(line)).not.toMatch(/hunter2|abcdefghijklmnop/);
    expect(line?.facts).toContain('[redacted]');
  });

  it('are no more than they may be, the oldest gone first, a thousand at a time', () => {
    const { log, after } = createRecentLog(recordingLog(), clock, 2_500);
    for (let each = 1; each <= 6_000; each += 1) log.info(`line ${each}`);
    const seen: number[] = [];
    for (let at = 0; ;) {
      const { lines, newest } = after(at);
      expect(newest).toBe(6_000);
      expect(lines.length).toBeLessThanOrEqual(1_000);
      if (lines.length === 0) break;
      for (const { number, message } of lines) {
        expect(message).toBe(`line ${number}`);
        seen.push(number);
      }
      at = seen.at(-1)!;
    }
    expect(seen).toHaveLength(2_500);
    expect(seen[0]).toBe(3_501);
  });
});
