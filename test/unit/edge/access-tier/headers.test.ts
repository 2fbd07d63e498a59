// The templating example of the HostedService spec, letter by letter: template, TrustToken, and what the backend gets.
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import {
  fieldsForBackend,
  unknownTemplates,
} from '../../../../src/edge/access-tier/web/headers.ts';
import { trustTokenClaims } from '../../../../src/shared/protocol/trust-token.ts';

const CONFIGURED = {
  'X-Email': '{{.Email}}',
  'X-Groups': '{{.Groups}}',
  'X-DevicePlatform': '{{.Platform}}',
  'Y-User': '{{.Email.User}}',
  'Y-Domain': '{{.Email.Domain}}',
  'Z-Token': '{{.JWT}}',
};
const TRUST_TOKEN = {
  at_hash: 'sJEbAwFXmfUVTDiPuBJEEQ',
  aud: 'Yeqzf9nMdKzCnal-1SeJAg',
  device_id: '9c93cb4788be663fedf2',
  email: 'adam@medsoft.digital',
  email_verified: true,
  exp: 1616091761,
  groups: ['Everyone', 'Admins'],
  'https://banyansecurity.io': {
    device_ownership: 'Corporate Dedicated',
    is_staged_install: false,
    mdm_present: false,
    orgname: 'test-drive',
    platform: 'Windows',
  },
  iat: 1616005361,
  iss: 'https://test-drive.trust-preview.banyanops.com/v2',
  name: 'Adam Admin',
  nonce: 'D3zDrJaFolAiI5KnwEvpr',
  preferred_username: 'adam@medsoft.digital',
  serial_number: '9c93cb4788be663fedf2',
  sub: 'ChQwMHU1b3E4OXU5aWxFZDVnVTVkNhIUdGVzdC1kcml2ZS1jb25uZWN0b3I',
};

const request = (): IncomingMessage => {
  const given: Pick<IncomingMessage, 'headers' | 'headersDistinct' | 'method'> = {
    method: 'GET',
    headers: {},
    headersDistinct: {},
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is read of a request
  return { ...given, socket: { remoteAddress: '192.0.2.1' } } as IncomingMessage;
};

const sent = (templates: Record<string, string>, claims: object = {}) =>
  fieldsForBackend(request(), {
    person: {
      claims: trustTokenClaims.parse({ ...TRUST_TOKEN, ...claims }),
      token: 'eyJhbGci.e30.c2ln',
    },
    templates,
    protocol: 'https',
  });

test('the example gives what the spec says', () => {
  expect(sent(CONFIGURED)).toMatchObject({
    'X-Email': 'adam@medsoft.digital',
    'X-Groups': 'Everyone,Admins',
    'X-DevicePlatform': 'Windows',
    'Y-User': 'adam',
    'Y-Domain': 'medsoft.digital',
    'Z-Token': 'eyJhbGci.e30.c2ln',
  });
});

test('a value makes no line of its own, and arrives as UTF-8', () => {
  const name = 'Zoë\r\nX-Admin: yes\u0000\u007f';
  const fields = sent({ 'X-Name': '{{.Name}}' }, { name });
  // One character for each byte, as Node sends it.
  expect(Buffer.from(String(fields['X-Name']), 'latin1').toString()).toBe('Zoë  X-Admin: yes  ');
});

test('what is no variable is empty, and known before', () => {
  const headers = { 'X-Odd': 'a{{ .Email }}b{{.Emial}}c{{constructor}}d{{.Email | upper}}e{{}}f' };
  expect(sent(headers)['X-Odd']).toBe('aadam@medsoft.digitalbcdef');
  expect(unknownTemplates(headers['X-Odd'])).toEqual([
    '{{.Emial}}',
    '{{constructor}}',
    '{{.Email | upper}}',
    '{{}}',
  ]);
});
