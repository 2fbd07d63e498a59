import { expect, test } from 'vitest';
import { countErrors } from '../../../src/edge/log.ts';
import { family } from '../../../src/edge/operations/metrics.ts';

test('of the lines of the log, errors alone are counted, and all are written', () => {
  const written: string[] = [];
  const { log, errors } = countErrors((level) => void written.push(level));
  for (const level of ['info', 'error', 'warn', 'error'] as const) log(level, 'said');
  expect(errors()).toBe(2);
  expect(written).toEqual(['info', 'error', 'warn', 'error']);
});

test('a label ends neither its value nor its line', () => {
  const labels = { service: 'a"b\\c\nd' };
  expect(family('n', 'gauge', 'h.', [{ labels, value: 1 }])).toBe(
    '# HELP n h.\n# TYPE n gauge\nn{service="a\\"b\\\\c\\nd"} 1\n',
  );
});
