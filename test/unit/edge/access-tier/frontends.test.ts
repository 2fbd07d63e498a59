import { describe, expect, test } from 'vitest';
import { createFrontends } from '../../../../src/edge/access-tier/frontends.ts';
import { serviceDocument } from '../../../../src/edge/command-center/documents.ts';

const published = (name: string, domain: string, attributes: object) => ({
  id: name,
  enabled: true,
  document: serviceDocument.parse({
    kind: 'BanyanService',
    metadata: { name, cluster: 'c', tags: { domain, service_app_type: 'GENERIC' } },
    spec: { attributes, backend: { target: { name: '10.1.2.3', port: 80 } } },
  }),
});
const frontends = (
  services: ReturnType<typeof published>[],
  hostTags: Record<string, string> = {},
  outer = {},
) =>
  createFrontends({
    rulebook: { services: () => services },
    ownPort: () => 8443,
    outer,
    hostTags,
  });

describe('which service a connection is for', () => {
  const wide = published('wide', '*.corp.test', {});
  const exact = published('exact', 'a.corp.test', {});
  const both = frontends([wide, exact]);
  test.each([
    ['a.corp.test', 'exact'],
    ['A.CORP.test', 'exact'],
    ['b.corp.test', 'wide'],
    ['c.b.corp.test', undefined],
    ['corp.test', undefined],
    ['', undefined],
  ])('%j: %s', (serverName, id) => {
    expect(both.at({ port: 8443, serverName })?.id).toBe(id);
  });

  test('a port as people see it is the port behind the router', () => {
    const service = published('s', 's.test', { frontend_addresses: [{ port: '443' }] });
    const mapped = frontends([service], {}, { port: 443 });
    expect(mapped.portsOf(service.document)).toEqual([8443]);
    expect(mapped.addressOf(service)).toEqual({ host: 's.test', port: 443 });
  });

  test('a name that is asked for at a port of another service is nobody’s', () => {
    const own = published('own', 'own.test', {
      tls_sni: ['own.test'],
      frontend_addresses: [{ port: 9000 }],
    });
    const there = frontends([own, exact]);
    expect(there.at({ port: 9000, serverName: 'own.test' })?.id).toBe('own');
    expect(there.at({ port: 8443, serverName: 'own.test' })).toBeUndefined();
    expect(there.at({ port: 9000, serverName: 'a.corp.test' })).toBeUndefined();
  });

  test('a name of a service for another Access Tier is not taken by a *. service of this one', () => {
    const elsewhere = published('exact', 'a.corp.test', { host_tag_selector: [{ site: 'rome' }] });
    const here = frontends([wide, elsewhere], { site: 'berlin' });
    expect(here.at({ port: 8443, serverName: 'a.corp.test' })).toBeUndefined();
    expect(here.named('a.corp.test')).toBeUndefined();
    expect(here.at({ port: 8443, serverName: 'b.corp.test' })?.id).toBe('wide');
    const there = frontends([wide, elsewhere], { site: 'rome' });
    expect(there.at({ port: 8443, serverName: 'a.corp.test' })?.id).toBe('exact');
  });

  test('a *. domain has no one address', () => {
    expect(frontends([wide]).addressOf(wide)).toBeNull();
  });
});

describe('host tags', () => {
  const KEY = 'com.banyanops.hosttag.site_name';
  test.each<[object[], boolean]>([
    [[], true],
    [[{ [KEY]: '*' }], true],
    [[{ [KEY]: 'at-1' }], true],
    [[{ [KEY]: 'at-2|at-1' }], true],
    [[{ [KEY]: 'at-2' }], false],
    [[{ [KEY]: 'at-2' }, { site_name: 'at-1' }], true],
    [[{ [KEY]: 'at-1', 'com.banyanops.hosttag.access_tier_group': 'x' }], false],
    [[{ [KEY]: 'at-10' }], false],
  ])('%j', (host_tag_selector, isServed) => {
    const service = published('s', 's.test', { host_tag_selector });
    const here = frontends([service], { site_name: 'at-1' });
    expect(here.at({ port: 8443, serverName: 's.test' }) !== undefined).toBe(isServed);
    expect(here.addressOf(service) !== null).toBe(isServed);
  });
});

test('two services cannot have one name, nor both take whatever comes to one port', () => {
  const one = published('one', 'one.test', { frontend_addresses: [{ port: 9000 }] });
  const two = published('two', 'two.test', { frontend_addresses: [{ port: 9000 }] });
  const conflictOf = (others: (typeof one)[], id: string, document: typeof one.document) =>
    frontends(others).conflictOf(id, document);
  expect(conflictOf([one], 'two', two.document)).toBe('one');
  const named = published('two', 'two.test', {
    tls_sni: ['two.test'],
    frontend_addresses: [{ port: 9000 }],
  });
  expect(conflictOf([one], 'two', named.document)).toBeUndefined();
  const same = published('two', 'two.test', { tls_sni: ['two.test', 'one.test'] });
  expect(conflictOf([one], 'two', same.document)).toBe('one');
  expect(conflictOf([one], 'one', one.document)).toBeUndefined();
});

test('nor both take it where one names the port as people see it, and one as it is behind the router', () => {
  const outer = published('outer', 'outer.test', { frontend_addresses: [{ port: 443 }] });
  const inner = published('inner', 'inner.test', { frontend_addresses: [{ port: 8443 }] });
  const other = published('other', 'other.test', { frontend_addresses: [{ port: 444 }] });
  const mapped = frontends([outer], {}, { port: 443 });
  expect(mapped.conflictOf('inner', inner.document)).toBe('outer');
  expect(mapped.conflictOf('other', other.document)).toBeUndefined();
  expect(frontends([outer]).conflictOf('inner', inner.document)).toBeUndefined();
});
