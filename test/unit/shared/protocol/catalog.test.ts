import { describe, expect, it } from 'vitest';
import { catalogDocument, decodeService } from '../../../../src/shared/protocol/catalog.ts';
import { EVENTS } from '../../../../src/shared/protocol/events.ts';

const anEntry = (parts: object = {}): object => ({
  id: 'echo.demo.bnn',
  name: 'echo',
  service_app_type: 'GENERIC',
  domain: 'echo.demo.localhost',
  access_tier: 'echo.demo.localhost:8443',
  ...parts,
});

describe('an entry of the catalogue', () => {
  it.each(['echo.demo.bnn', 'a-1.cluster-2.bnn'])('is read with the id %s', (id) => {
    expect(decodeService(anEntry({ id }))).toMatchObject({ service: { id } });
  });

  // It stands in command lines and in files of other programs.
  it.each([
    `'(env>PWNED)'`,
    `\\'(env)\\'`,
    'a"&calc&"',
    'a\u0000b',
    'a;id',
    '$(id)',
    'a b',
    'ä.example.com',
  ])('is refused with an Access Tier at %j', (host) => {
    expect(decodeService(anEntry({ access_tier: `${host}:8443` }))).toHaveProperty('problem');
  });

  it.each(['10.0.0.7:8443', '[2001:db8::1]:8443', 'tier.example.com', 'tier_1.example.com:443'])(
    'is read with an Access Tier at %s',
    (access_tier) => {
      expect(decodeService(anEntry({ access_tier }))).toHaveProperty('service');
    },
  );

  // As a key, some of these are what every object has, and one replaces it.
  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'echo',
    'Echo.demo.bnn',
    'echo..bnn',
    '.bnn',
    'echo.demo.',
    '../../x.bnn',
    'echo.demo.bnn\n',
  ])('is left out with the id %j', (id) => {
    expect(decodeService(anEntry({ id }))).toHaveProperty('problem');
    const denied = { service: id, code: 'role', reason: '', correlation_id: 'c' };
    expect(EVENTS['connection.denied'].safeParse(denied).success).toBe(false);
  });
});

describe('the catalogue', () => {
  it('is refused when it lists more services than anybody can use', () => {
    const listing = (length: number) => ({
      version: 1,
      services: Array.from({ length }, () => anEntry()),
    });
    expect(catalogDocument.safeParse(listing(2_000)).success).toBe(true);
    expect(catalogDocument.safeParse(listing(2_001)).success).toBe(false);
  });
});

describe('a mode', () => {
  it.each(['CHAIN', 'HTTP_CONNECT', 'HTTP_CONNECT_DAISY_CHAIN'])('%s is the mode CHAIN', (mode) => {
    expect(decodeService(anEntry({ banyanproxy_mode: mode }))).toMatchObject({
      service: { mode: 'CHAIN' },
    });
  });

  it.each([
    ['TCP', undefined],
    ['CHAIN', undefined],
    ['HTTP_CONNECT', 'HTTP_CONNECT'],
    ['HTTP_CONNECT_DAISY_CHAIN', 'HTTP_CONNECT_DAISY_CHAIN'],
    [undefined, undefined],
  ])('%s keeps how it was written: %s', (mode, alias) => {
    const decoded = decodeService(anEntry({ banyanproxy_mode: mode }));
    expect('service' in decoded && decoded.service.modeAlias).toBe(alias);
    expect('service' in decoded && decoded.service.mode).toBe(alias ? 'CHAIN' : (mode ?? 'TCP'));
  });

  it.each(['__proto__', 'constructor', 'SOCKS'])('%s is named as no mode', (mode) => {
    const decoded = decodeService(anEntry({ banyanproxy_mode: mode }));
    expect('problem' in decoded && decoded.problem).toContain('expected one of');
  });
});
