// Backend names by template: whatever is asked for and whatever is written, an answer and no exception.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fixedTarget } from '../../../../src/edge/access-tier/targets.ts';
import { backend } from '../../../../src/edge/command-center/documents.ts';

const pieces = fc.constantFrom(
  '{{ .Name }}',
  '{{.Domain}}',
  '{{index .Parts 0}}',
  '{{ index .Parts 99999999999 }}',
  '{{',
  '}}',
  '{{}}',
  '{{ .Other }}',
  '$&',
  '$1',
  '.',
  '--',
  'a',
);

test('a template never throws, and names its own machine as fixed only without one', () => {
  fc.assert(
    fc.property(
      fc.array(pieces, { minLength: 1, maxLength: 12 }),
      fc.string({ maxLength: 60 }),
      fc.constantFrom('', '-', '--', '.'),
      (parts, serverName, name_delimiter) => {
        const name = parts.join('');
        const target = { name: 'a', port: 80, name_delimiter };
        const parsed = backend.parse({ target });
        const given = { ...parsed, target: parsed.target && { ...parsed.target, name } };
        const found = fixedTarget(given, serverName);
        // What is stored leaves nothing empty that was meant to be filled in.
        const isKnown = backend.safeParse({ target: { ...target, name } }).success;
        if (isKnown) expect(name).not.toMatch(/\{\{\}\}|Other/);
        expect(found?.port).toBe(80);
        // A name that somebody sends with braces in it is no name anywhere, and its braces are no template.
        if (!/[{}]/.test(serverName)) expect(found?.host).not.toMatch(/\{\{.*\}\}/);
        // What comes from outside is never taken for what the administrator has written.
        if (found?.fixed) expect(found.host).toBe(name);
      },
    ),
    { numRuns: 2_000 },
  );
});
