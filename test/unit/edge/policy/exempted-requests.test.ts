import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceDocument } from '../../../../src/edge/command-center/documents.ts';
import {
  isExempted,
  type RequestFacts,
  type RequestPattern,
} from '../../../../src/edge/policy/exempted-requests.ts';

const document = (httpSettings: unknown) =>
  serviceDocument.safeParse({
    kind: 'BanyanService',
    metadata: {
      name: 'site',
      cluster: 'demo',
      tags: { domain: 'site.example', service_app_type: 'WEB' },
    },
    spec: {
      backend: { target: { name: 'site.internal', port: '80' } },
      http_settings: httpSettings,
    },
  });
const exemptionsOf = (httpSettings: unknown) =>
  document(httpSettings).data!.spec.http_settings.exemptions;
const request = (facts: Partial<RequestFacts> = {}): RequestFacts => ({
  method: 'GET',
  path: '/index.html',
  secure: true,
  host: 'api.domain.com',
  headers: {},
  source: '203.0.113.9',
  ...facts,
});
const exempted = (enabled: boolean, paths: string[], patterns: unknown[] = []) =>
  exemptionsOf({ exempted_paths: { enabled, paths, patterns } });

describe('a path', () => {
  it.each([
    ['/*', '/anything/at/all', true],
    ['/banyan/*', '/banyan/', true],
    ['/banyan/*', '/banyan', false],
    ['/banyan*', '/banyan', true],
    ['/banyan*', '/banyans/x', true],
    ['/banyan', '/banyan/', false],
    ['/banyan', '/BANYAN', false],
    // Read by some backends as another path.
    ['/open/*', '/open/../admin', false],
    ['/open/*', '/open/%2e%2e/admin', false],
    ['/open/*', '/open/..%2fadmin', false],
    ['/open/*', '/open/.%7f./admin', false],
    ['/open/*', '/open/%252e%252e/admin', false],
    ['/open/*', '/open\\..\\admin', false],
    ['/open/*', '/open/..;/admin', false],
    ['/*', '/admin#/open', false],
    ['/open/*', '/open/%00', false],
    ['/open/*', '/open//admin', false],
    ['/open/*', '/open/./admin', false],
  ])('%s with %s: %s', (pattern, path, expected) => {
    expect(isExempted(exempted(true, [pattern]), request({ path }))).toBe(expected);
  });

  it('counts only where exemptions are enabled', () => {
    expect(isExempted(exempted(false, ['/*']), request())).toBe(false);
  });
});

/** The examples of the HostedService spec. */
const cors = (origins: string[], targets: string[], sources: string[] = []) =>
  exempted(
    true,
    [],
    [
      {
        source_cidrs: sources,
        hosts: [{ origin_header: origins, target: targets }],
        methods: ['GET', 'POST', 'OPTIONS'],
        mandatory_headers: ['origin'],
        paths: ['/index.html'],
      },
    ],
  );
const from = (origin: string) => ({ headers: { origin } });

describe('a single domain', () => {
  const single = cors(['https://www.domain-a.com:443'], ['*']);
  it.each<[string, Partial<RequestFacts>, boolean]>([
    ['from there', from('https://www.domain-a.com'), true],
    ['from there, with the port', from('https://www.domain-a.com:443'), true],
    ['by POST', { ...from('https://www.domain-a.com'), method: 'POST' }, true],
    ['by DELETE', { ...from('https://www.domain-a.com'), method: 'DELETE' }, false],
    ['from elsewhere', from('https://www.domain-b.com'), false],
    ['from there, unencrypted', from('http://www.domain-a.com'), false],
    ['from there, unencrypted at that port', from('http://www.domain-a.com:443'), false],
    ['from another port', from('https://www.domain-a.com:8443'), false],
    ['from nowhere', {}, false],
    ['from an opaque origin', from('null'), false],
    ['for another path', { ...from('https://www.domain-a.com'), path: '/admin' }, false],
  ])('%s', (_, facts, expected) => {
    expect(isExempted(single, request(facts))).toBe(expected);
  });
});

describe('of several in one list', () => {
  const given = exempted(
    true,
    [],
    [
      {
        hosts: [
          { origin_header: ['https://a.example'], target: ['https://x.example'] },
          { origin_header: ['https://b.example'], target: ['https://y.example'] },
        ],
        methods: ['*'],
        mandatory_headers: ['Content-Type', 'Access-Control-Request-Method'],
        paths: ['/one', '/two/*'],
      },
    ],
  );
  const both = { 'content-type': 'text/plain', 'access-control-request-method': 'PUT' };
  const facts = {
    path: '/two/x',
    host: 'x.example',
    headers: { ...both, origin: 'https://a.example' },
  };
  it.each<[string, Partial<RequestFacts>, boolean]>([
    ['headers, all are there', {}, true],
    [
      'headers, one is there',
      { headers: { origin: 'https://a.example', 'content-type': 'a' } },
      false,
    ],
    ['paths, one is asked for', { path: '/one' }, true],
    ['paths, none is asked for', { path: '/two' }, false],
    ['hosts, origin and target are of one', { host: 'y.example' }, false],
  ])('%s', (_, changes, expected) => {
    expect(isExempted(given, request({ ...facts, ...changes }))).toBe(expected);
  });
});

describe('several domains', () => {
  const multi = cors(
    ['https://www.app.domain.com:443', 'https://www.games.domain.com:443'],
    ['https://www.api.domain.com:443'],
  );
  it.each<[string, string, boolean]>([
    ['https://www.app.domain.com', 'www.api.domain.com', true],
    ['https://www.games.domain.com', 'www.api.domain.com:443', true],
    ['https://www.games.domain.com', 'www.everybody.domain.com', false],
    ['https://www.everybody.domain.com', 'www.api.domain.com', false],
  ])('from %s to %s: %s', (origin, host, expected) => {
    expect(isExempted(multi, request({ ...from(origin), host }))).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['https://*.domain.com', 'https://a.domain.com', true],
    ['https://*.domain.com', 'https://a.b.domain.com', false],
    ['https://*.domain.com', 'https://domain.com', false],
    ['https://*.domain.com', 'https://evil.example/.domain.com', false],
    ['https://api.*.domain.com:443', 'https://api.eu.domain.com', true],
    ['https://api.*.domain.com:443', 'https://api.eu.domain.com.evil.example', false],
  ])('%s with %s: %s', (wanted, origin, expected) => {
    expect(isExempted(cors([wanted], ['*']), request(from(origin)))).toBe(expected);
  });
});

describe('addresses', () => {
  const both = cors(['https://www.domain-a.com:443'], ['*'], ['30.0.0.0/24', '10.0.0.5/32']);
  const alone = exempted(
    true,
    [],
    [
      {
        source_cidrs: ['20.0.0.1', '192.168.1.0/29'],
        hosts: [{ origin_header: ['*'], target: ['*'] }],
        methods: ['*'],
        mandatory_headers: ['*'],
        paths: ['/*'],
      },
    ],
  );
  it.each([
    ['30.0.0.77', true],
    ['::ffff:10.0.0.5', true],
    ['30.0.1.1', false],
    ['', false],
  ])('and an origin: %s: %s', (source, expected) => {
    const facts = { ...from('https://www.domain-a.com'), source };
    expect(isExempted(both, request(facts))).toBe(expected);
  });
  it.each([
    ['20.0.0.1', true],
    ['192.168.1.7', true],
    ['192.168.1.8', false],
  ])('alone: %s: %s', (source, expected) => {
    expect(isExempted(alone, request({ source, method: 'PATCH', path: '/x' }))).toBe(expected);
  });
});

describe('a health check', () => {
  const check = (parts: object) =>
    exemptionsOf({ http_health_check: { enabled: true, path: '/health', https: true, ...parts } });
  it.each<[string, object, Partial<RequestFacts>, boolean]>([
    ['as it is by default', {}, { path: '/health' }, true],
    ['switched off', { enabled: false }, { path: '/health' }, false],
    ['on another path', {}, { path: '/health/x' }, false],
    ['by another method', {}, { path: '/health', method: 'POST' }, false],
    ['by its method', { method: 'head' }, { path: '/health', method: 'HEAD' }, true],
    ['unencrypted', {}, { path: '/health', secure: false }, false],
    [
      'by its program',
      { user_agent: 'kube-probe' },
      { path: '/health', headers: { 'user-agent': 'kube-probe/1.29' } },
      true,
    ],
    ['by another program', { user_agent: 'kube-probe' }, { path: '/health' }, false],
    ['from its place', { from_address: ['203.0.113.0/24'] }, { path: '/health' }, true],
    ['from elsewhere', { from_address: ['198.51.100.1'] }, { path: '/health' }, false],
  ])('%s', (_, parts, facts, expected) => {
    expect(isExempted(check(parts), request(facts))).toBe(expected);
  });
});

describe('one pattern with nothing in it, as product tools write it for infrastructure', () => {
  const lists = { origin_header: [], target: [''] };
  const empty = { methods: [], paths: [], mandatory_headers: [''], source_cidrs: null };
  const placeholders: unknown[] = [{}, { hosts: [] }, { template: '', hosts: [lists], ...empty }];

  it.each(placeholders)('%j exempts nothing, also where exemptions are enabled', (pattern) => {
    for (const enabled of [true, false]) {
      const exemptions = exempted(enabled, [], [pattern]);
      const requests = fc.record({
        method: fc.constantFrom('GET', 'POST', 'OPTIONS', ''),
        path: fc.oneof(fc.webPath(), fc.constantFrom('/', '', '*')),
        secure: fc.boolean(),
        host: fc.constantFrom('api.domain.com', ''),
        headers: fc.constantFrom({}, { origin: '' }, { origin: 'https://a.example', '': '' }),
        source: fc.constantFrom('203.0.113.9', ''),
      });
      fc.assert(fc.property(requests, (facts) => !isExempted(exemptions, request(facts))));
    }
  });

  it('takes nothing from what is exempted by path', () => {
    const exemptions = exempted(true, ['/open/*'], [{}]);
    expect(isExempted(exemptions, request({ path: '/open/a' }))).toBe(true);
    expect(isExempted(exemptions, request({ path: '/a' }))).toBe(false);
  });
});

it.each([
  [
    'an empty pattern beside another',
    {
      exempted_paths: {
        enabled: true,
        patterns: [
          {},
          {
            hosts: [{ origin_header: ['*'], target: ['*'] }],
            methods: ['*'],
            mandatory_headers: ['*'],
            paths: ['/a'],
          },
        ],
      },
    },
  ],
  ['a path without a slash', { exempted_paths: { enabled: true, paths: ['banyan'] } }],
  ['a star in the middle', { exempted_paths: { enabled: true, paths: ['/a*/b'] } }],
  [
    'a pattern that leaves out what is mandatory',
    { exempted_paths: { enabled: true, patterns: [{ source_cidrs: ['10.0.0.0/8'] }] } },
  ],
  ['a health check without a path', { http_health_check: { enabled: true } }],
])('%s is refused when it is written', (_, httpSettings) => {
  expect(document(httpSettings).success).toBe(false);
});

it('a pattern never lets more through than each of its parts', () => {
  const path = fc.constantFrom('/', '/a', '/a/b', '/a/../b', '/%2e', '/b');
  const origin = fc.constantFrom('https://a.example', 'https://b.example:8443', 'null', undefined);
  const facts = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path,
    secure: fc.boolean(),
    host: fc.constantFrom('x.example', 'y.example:444'),
    headers: origin.map((value) => ({ origin: value })),
    source: fc.constantFrom('10.0.0.1', '10.9.0.1', '::1', ''),
  });
  const parts = fc.record({
    sourceCidrs: fc.subarray(['10.0.0.0/16', '::1']),
    hosts: fc.constant([{ origins: ['https://*.example'], targets: ['https://x.example', '*'] }]),
    methods: fc.subarray(['GET', 'PUT'], { minLength: 1 }),
    mandatoryHeaders: fc.subarray(['origin', '*'], { minLength: 1 }),
    paths: fc.subarray(['/a*', '/b', '/'], { minLength: 1 }),
  });
  const wide: RequestPattern = {
    sourceCidrs: [],
    hosts: [{ origins: ['*'], targets: ['*'] }],
    methods: ['*'],
    mandatoryHeaders: ['*'],
    paths: ['/*'],
  };
  const allows = (pattern: RequestPattern, given: RequestFacts) =>
    isExempted({ paths: [], patterns: [pattern], healthCheck: null }, given);
  fc.assert(
    fc.property(parts, facts, (pattern, given) => {
      if (!allows(pattern, given)) return;
      for (const part of Object.keys(wide) as (keyof RequestPattern)[]) {
        expect(allows({ ...wide, [part]: pattern[part] }, given)).toBe(true);
      }
    }),
  );
});
