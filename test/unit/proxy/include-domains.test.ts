import { expect, it } from 'vitest';
import { isIncluded } from '../../../src/proxy/include-domains.ts';

it.each([
  ['db.corp.example', [], true],
  ['db.corp.example', ['db.corp.example'], true],
  ['DB.corp.example.', ['db.CORP.example'], true],
  ['db.corp.example', ['*.corp.example'], true],
  ['db.corp.example', ['.corp.example'], true],
  ['corp.example', ['*.corp.example'], false],
  ['evilcorp.example', ['.corp.example'], false],
  ['evilcorp.example', ['corp.example'], false],
  ['db.other.example', ['corp.example', '.corp.example'], false],
])('%s with domains %j goes through the tunnel: %s', (host, domains, expected) => {
  expect(isIncluded(host, domains)).toBe(expected);
});
