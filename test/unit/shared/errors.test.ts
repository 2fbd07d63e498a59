// docs/errors.md is generated from the table of codes. After a change: `npx vitest run --project unit -u`.
import path from 'node:path';
import { expect, it } from 'vitest';
import { ERRORS } from '../../../src/shared/errors.ts';

const document = (): string =>
  [
    '# Error codes',
    '',
    'Generated from `src/shared/errors.ts`. Codes are API: never renamed or reused. The sentence a person reads names the',
    'particulars (which port, which organisation); beside it stands the advice. "Exit" is what `banyan` and `banyanproxy`',
    'exit with (`banyan-edge` for those of `edge/`): 1 failed, 2 usage, 3 sign-in needed, 4 denied, 5 port in use.',
    '',
    '| code | exit | title | what to do |',
    '|---|---|---|---|',
    ...Object.entries(ERRORS).map(
      ([code, { exit, title, advice }]) => `| \`${code}\` | ${exit} | ${title} | ${advice} |`,
    ),
    '',
  ].join('\n');

it('docs/errors.md lists every code as it is', async () => {
  const file = path.resolve(import.meta.dirname, '..', '..', '..', 'docs', 'errors.md');
  await expect(document()).toMatchFileSnapshot(file);
});
