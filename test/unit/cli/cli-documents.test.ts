// docs/cli.md and docs/cli.schema.json are generated. After a change: `npx vitest run --project unit cli-documents -u`.
import path from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { helpOf } from '../../../src/cli/banyan-arguments.ts';
import { type CommandName, COMMANDS } from '../../../src/cli/command-table.ts';
import { PROXY_HELP } from '../../../src/cli/proxy-arguments.ts';
import { cliSchemas, failure } from '../../support/cli-schemas.ts';

const inDocs = (name: string): string =>
  path.resolve(import.meta.dirname, '..', '..', '..', 'docs', name);

const document = (): string =>
  [
    '# The terminal',
    '',
    'Generated from `src/cli/command-table.ts`. `--json` prints one object on standard output, of the shape that',
    '[cli.schema.json](cli.schema.json) gives under the name of the command; what happens on the way goes to standard error, one',
    'object a line. Fields may be added; none goes or changes its meaning. A command that fails prints `failure`.',
    '',
    '## Exit codes',
    '',
    'Of `banyan` and `banyanproxy`. Which code an error has stands in [errors.md](errors.md).',
    '',
    '| exit | meaning |',
    '|---|---|',
    '| 0 | done |',
    '| 1 | failed; `diagnose`: a step fails (its object says `"ok": true`, as the diagnosis itself was made) |',
    '| 2 | not a command, or not with these words |',
    '| 3 | this device is not registered, or nobody is signed in |',
    '| 4 | denied by policy, or not allowed by the administrator: an override, an entry, a setting. What no role of hers lists is not found: 1, unless `kube-token` is given its id |',
    '| 5 | the local port is in use |',
    '| 130, 143 | ended by a second Ctrl-C or SIGTERM before it was done |',
    '',
    '## Commands',
    '',
    ...(Object.keys(COMMANDS) as CommandName[]).flatMap((name) => [
      `### ${name}`,
      '',
      '```',
      helpOf(name).trim(),
      '```',
      '',
    ]),
    '## banyanproxy',
    '',
    'Without the app, for one service; `src/cli/proxy-arguments.ts`. What goes wrong is one line on standard error, its code in brackets.',
    '',
    '```',
    PROXY_HELP.trim(),
    '```',
    '',
  ].join('\n');

it('docs/cli.md tells what the terminal tells', async () => {
  await expect(document()).toMatchFileSnapshot(inDocs('cli.md'));
});

it('docs/cli.schema.json gives the shape of every answer', async () => {
  const shapes = Object.entries({ ...cliSchemas, failure }).map(([name, schema]) => {
    const { $schema: _, ...shape } = z.toJSONSchema(schema);
    return [name, shape] as const;
  });
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'What banyan prints with --json',
    $defs: Object.fromEntries(shapes),
  };
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(
    inDocs('cli.schema.json'),
  );
});
