// `banyan://open` links: what is one, and what only looks like one.
import { expect, test } from 'vitest';
import { parseOpenLink } from '../../../../src/shared/protocol/open-link.ts';

test.each([
  'banyan://open/wiki.demo.bnn',
  'BANYAN://OPEN/wiki.demo.bnn',
  ' banyan://open/wiki.demo.bnn/ ',
])('%s asks for the wiki', (link) => expect(parseOpenLink(link)).toBe('wiki.demo.bnn'));

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
  'https://open/wiki.demo.bnn',
  `banyan://open/${'a'.repeat(400)}.bnn`,
])('%j does not', (link) => expect(parseOpenLink(link)).toBeNull());
