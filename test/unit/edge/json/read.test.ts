import { expect, test } from 'vitest';
import { readJson } from '../../../../src/edge/json/read.ts';
import { z } from '../../../../src/shared/schema.ts';

const schema = z.object({ group: z.array(z.string()) });
const wrong = (count: number) =>
  readJson(JSON.stringify({ group: Array.from({ length: count }, () => 1) }), schema);

test('of what is wrong, a hundred problems are told, each with its place', () => {
  const read = wrong(9_000);
  expect(read).toMatchObject({ ok: false });
  if (read.ok) return;
  expect(read.problems).toHaveLength(100);
  expect(read.problems.at(-1)).toMatchObject({ path: 'group[99]', line: 1, column: 209 });
});

test('of more values than any document has, only that there are too many', () => {
  expect(wrong(500_000)).toMatchObject({
    ok: false,
    problems: [{ path: '', reason: 'it has more than 10000 values' }],
  });
});
