// `banyan://open` and `banyan://connect` links: what is one, and what only looks like one.
import { expect, test } from 'vitest';
import { parseServiceLink } from '../../../../src/shared/protocol/service-link.ts';

test.each([
  'banyan://open/wiki.demo.bnn',
  'BANYAN://OPEN/wiki.demo.bnn',
  ' banyan://open/wiki.demo.bnn/ ',
])('%s asks for the wiki', (link) =>
  expect(parseServiceLink(link)).toEqual({ wants: 'open', service: 'wiki.demo.bnn' }),
);

test('banyan://connect asks for a connection', () =>
  expect(parseServiceLink('banyan://Connect/db.demo.bnn')).toEqual({
    wants: 'connect',
    service: 'db.demo.bnn',
  }));

test.each([
  '',
  'banyan://open',
  'banyan://open/',
  'banyan://open/wiki',
  'banyan://open/wiki.demo.bnn?url=https://evil.example',
  'banyan://open/wiki.demo.bnn#x',
  'banyan://open/wiki.demo.bnn/../payroll.demo.bnn',
  'banyan://open/wiki.demo.bnn\n--flag',
  'banyan://open/%77iki.demo.bnn',
  'banyan://open/WIKI.demo.bnn',
  'banyan://open/__proto__',
  'banyan://open/<script>.bnn',
  'banyan://evil@open/wiki.demo.bnn',
  'banyan://register/wiki.demo.bnn',
  'banyan://disconnect/wiki.demo.bnn',
  'banyan://connect',
  'banyan://connect/wiki.demo.bnn?port=22',
  'https://open/wiki.demo.bnn',
  `banyan://open/${'a'.repeat(400)}.bnn`,
])('%j does not', (link) => expect(parseServiceLink(link)).toBeNull());
