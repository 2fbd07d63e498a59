import { expect, test } from 'vitest';
import { chooseProtocol, isChallenge } from '../../../../src/edge/access-tier/alpn.ts';

test.each([
  [['http/1.1', 'h2'], false, 'http/1.1'],
  [['http/1.1', 'h2'], true, 'h2'],
  [['postgresql'], false, 'postgresql'],
  [['acme-tls/1', 'postgresql'], false, 'postgresql'],
  [['acme-tls/1'], false, undefined],
  [['acme-tls/1'], true, undefined],
])('of %j, to a collection: %s, is spoken %s', (offered, isCollection, spoken) => {
  expect(chooseProtocol(offered, isCollection)).toBe(spoken);
});

test('proof is asked for by acme-tls/1 and nothing else (RFC 8737 3)', () => {
  expect(isChallenge(['acme-tls/1'])).toBe(true);
  expect(isChallenge(['acme-tls/1', 'h2'])).toBe(false);
  expect(isChallenge(['h2'])).toBe(false);
  expect(isChallenge([])).toBe(false);
});
