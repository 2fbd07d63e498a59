import { expect, it } from 'vitest';
import { localTime } from '../../../src/shared/local-time.ts';

const at = Date.UTC(2026, 10, 22, 13, 5, 59);

it.each([
  [60, '2026-11-22 14:05 (+01:00)'],
  [-300, '2026-11-22 08:05 (-05:00)'],
  [330, '2026-11-22 18:35 (+05:30)'],
  [-210, '2026-11-22 09:35 (-03:30)'],
  [840, '2026-11-23 03:05 (+14:00)'],
  [0, '2026-11-22 13:05 (+00:00)'],
])('a moment %i minutes east of Greenwich reads %s', (offset, words) => {
  expect(localTime(at, offset)).toBe(words);
});

it('is said in the zone of this computer', () => {
  const here = new Date(at);
  const [, hour, minute] = / (\d\d):(\d\d) /.exec(localTime(at)) ?? [];
  expect([Number(hour), Number(minute)]).toEqual([here.getHours(), here.getMinutes()]);
});
