// What the log says of a thrown thing: a reason, always.
import { expect, test } from 'vitest';
import { reason } from '../../../src/edge/log.ts';

test.each<[string, unknown, string]>([
  ['an error', new TypeError('no'), 'TypeError: no'],
  [
    'a name with several addresses, of which none answers',
    new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('and the next')]),
    'Error: connect ECONNREFUSED ::1:5432',
  ],
  ['an empty one of these', new AggregateError([]), 'AggregateError: '],
  ['what is no error', 'a text', 'unknown'],
])('of %s', (_, thrown, said) => {
  expect(reason(thrown)).toBe(said);
});
