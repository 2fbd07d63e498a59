// docs/seeds.md names files and titles of tests: whoever moves or renames one has to say so there.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const KINDS: Record<string, string> = { i: 'integration', u: 'unit' };

interface Row {
  statement: string;
  where: string;
  proof: string;
}

const rows = readFileSync(path.join(ROOT, 'docs', 'seeds.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:statement|field|-+) /.test(line))
  .map((line): Row => {
    const [, statement = '', where = '', proof = ''] = line
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    return { statement, where, proof };
  });

const testFile = (name: string): string => {
  const [kind = '', ...rest] = name.split('/');
  return path.join(ROOT, 'test', KINDS[kind] ?? kind, `${rest.join('/')}.test.ts`);
};

/** Test files, and what is quoted behind them. */
function* namedIn(proof: string): Generator<{ file: string; title: string | null }> {
  let file = '';
  for (const [, name, title] of proof.matchAll(/`((?:i|u|e2e|contract)\/[^`]+)`|"([^"]+)"/g)) {
    if (name) file = testFile(name);
    if (file) yield { file, title: title ?? null };
  }
}

test('each statement has a row with where it is true, and what proves it or why nothing does', () => {
  expect(rows.length).toBeGreaterThan(130);
  expect(rows.filter(({ statement, where }) => statement === '' || where === '')).toEqual([]);
  const unproven = rows.filter(({ proof, where }) => proof === '' && !where.includes('**not'));
  expect(unproven).toEqual([]);
});

test('each source file and each test that it names is there', () => {
  const missing = rows.flatMap(({ where, proof }) => {
    const sources = [...where.matchAll(/`((?:edge|proxy|main|cli|renderer|shared)\/[^`]+)`/g)]
      .map(([, name = '']) => path.join(ROOT, 'src', name))
      .filter((file) => !existsSync(file));
    const tests = [...namedIn(proof)]
      .filter(({ file, title }) => {
        if (!existsSync(file)) return true;
        const text = readFileSync(file, 'utf8').replaceAll("\\'", "'");
        return title !== null && !text.includes(title);
      })
      .map(({ file, title }) => `${file} ${title ?? ''}`);
    return [...sources, ...tests];
  });
  expect(missing).toEqual([]);
});
