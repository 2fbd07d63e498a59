import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serviceDocument } from '../../../../src/edge/command-center/documents.ts';
import {
  matchAddress,
  matchName,
  type TargetRules,
} from '../../../../src/edge/policy/allow-patterns.ts';

const rules = (backend: Record<string, unknown>): TargetRules => {
  const document = serviceDocument.parse({
    kind: 'BanyanService',
    metadata: {
      name: 'a',
      cluster: 'c',
      tags: { domain: 'a.example', service_app_type: 'GENERIC' },
    },
    spec: { backend },
  });
  const { http_connect: httpConnect, whitelist, allow_patterns: patterns } = document.spec.backend;
  return { httpConnect, whitelist, patterns };
};

/** Addresses of the machine in its networks. */
const OWN = ['10.20.30.40', '2001:db8::40', '127.0.0.1'];

const allows = (given: TargetRules, host: string, port: number, address: string): boolean =>
  matchAddress(matchName(given, host, port), address, { fixed: false, ownAddresses: () => OWN });

/** The collection article's fragment; it has no http_connect, which is added here. */
const collectionArticle = rules({
  http_connect: true,
  target: {},
  dns_overrides: { 'vnc1.com': 'myvncservice.com' },
  allow_patterns: [
    {
      hostnames: ['vnc1.com'],
      cidrs: ['10.10.34.0/24'],
      ports: { port_ranges: [{ Min: 5901, Max: 5999 }] },
    },
  ],
});

const specArticle = (match?: 'any') =>
  rules({
    http_connect: true,
    whitelist: [],
    allow_patterns: [
      {
        hostnames: ['jira-internal.foo', 'gitlab-internal.foo'],
        cidrs: ['10.0.34.2', '34.70.156.134'],
        ports: { port_list: [80, 5901], port_ranges: [{ Min: 5905, Max: 5911 }] },
        ...(match && { match }),
      },
      { hostnames: ['*test.foo'] },
    ],
  });

describe("the collection article's example", () => {
  test.each([
    ['vnc1.com', 5901, '10.10.34.7', true],
    ['VNC1.com.', 5999, '10.10.34.255', true],
    ['vnc1.com', 5900, '10.10.34.7', false],
    ['vnc1.com', 6000, '10.10.34.7', false],
    ['vnc1.com', 5901, '10.10.35.1', false],
    ['vnc2.com', 5901, '10.10.34.7', false],
    ['10.10.34.7', 5901, '10.10.34.7', false],
  ] as const)('%s:%i at %s: %s', (host, port, address, expected) => {
    expect(allows(collectionArticle, host, port, address)).toBe(expected);
  });
});

describe("the spec article's second example", () => {
  test('host name and address must both match, so its overridden names match nothing', () => {
    expect(allows(specArticle(), 'jira-internal.foo', 80, '10.0.142.5')).toBe(false);
    expect(allows(specArticle(), 'jira-internal.foo', 80, '10.0.34.2')).toBe(true);
  });
  test('with "match": "any" either suffices, and the port still counts', () => {
    expect(allows(specArticle('any'), 'jira-internal.foo', 80, '10.0.142.5')).toBe(true);
    expect(allows(specArticle('any'), '34.70.156.134', 5907, '34.70.156.134')).toBe(true);
    expect(allows(specArticle('any'), '34.70.156.134', 81, '34.70.156.134')).toBe(false);
    expect(allows(specArticle('any'), 'other.foo', 80, '10.0.142.5')).toBe(false);
  });
  test('a leading wildcard matches any port and address', () => {
    expect(allows(specArticle(), 'phase1-test.foo', 4242, '10.0.152.27')).toBe(true);
    expect(allows(specArticle(), 'phase1-test.foo.evil', 4242, '10.0.152.27')).toBe(false);
  });
});

describe('what is not said does not restrict', () => {
  test.each([
    [{}],
    [{ allow_patterns: [{}] }],
    [{ allow_patterns: [{ hostnames: [], cidrs: null, ports: {} }] }],
    [{ allow_patterns: [], whitelist: [] }],
  ])('%j lets everything through', (backend) => {
    expect(allows(rules({ http_connect: true, ...backend }), 'x.test', 1, '10.0.0.1')).toBe(true);
  });
});

describe('wildcards', () => {
  test.each([
    ['*.lab', 'a.lab', true],
    ['*.lab', 'lab', false],
    ['db-*', 'db-7.example', true],
    ['*core*', 'my.core.test', true],
    ['*', 'anything', true],
    ['a*b', 'axb', false],
  ])('%s and %s: %s', (pattern, host, expected) => {
    const given = rules({ http_connect: true, allow_patterns: [{ hostnames: [pattern] }] });
    expect(allows(given, host, 22, '10.0.0.1')).toBe(expected);
  });
});

describe('whitelist', () => {
  const given = rules({
    http_connect: true,
    whitelist: ['jira-internal.foo', '*-test.foo'],
    allow_patterns: [{}],
  });
  test.each([
    ['jira-internal.foo', true],
    ['phase1-test.foo', true],
    ['gitlab-internal.foo', false],
  ])('counts alone when it is filled in: %s %s', (host, expected) => {
    expect(allows(given, host, 8080, '10.0.0.1')).toBe(expected);
  });
});

describe('without http_connect', () => {
  const target = { name: '{{ .Name }}.int', port: '80' };
  test('only host names count', () => {
    const given = rules({
      target,
      allow_patterns: [{ hostnames: ['a.int'], cidrs: ['10.0.0.0/8'], ports: { port_list: [1] } }],
    });
    expect(allows(given, 'a.int', 80, '192.168.0.1')).toBe(true);
    expect(allows(given, 'b.int', 80, '10.0.0.1')).toBe(false);
  });
  test('a pattern that can match nothing is refused when it is saved', () => {
    expect(() => rules({ target, allow_patterns: [{ cidrs: ['10.0.0.0/8'] }] })).toThrow(
      'matches nothing',
    );
  });
});

describe("the Access Tier's own machine", () => {
  const own = [
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '::',
    'fe80::1',
    '10.20.30.40',
    '::ffff:10.20.30.40',
    '2001:db8::40',
    'fd00:ec2::254',
    '168.63.129.16',
    '100.100.100.200',
    '::10.20.30.40',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
  ];
  test.each(own)(
    '%s is closed where nothing is said, and for ranges that merely span it',
    (address) => {
      for (const cidrs of [[], ['0.0.0.0/0', '::/0']]) {
        const given = rules({ http_connect: true, allow_patterns: [{ cidrs }] });
        expect(allows(given, 'x.test', 80, address)).toBe(false);
      }
    },
  );
  test('opens for a range that lies within', () => {
    const given = rules({ http_connect: true, allow_patterns: [{ cidrs: ['127.0.0.1/32'] }] });
    expect(allows(given, 'x.test', 80, '127.0.0.1')).toBe(true);
    expect(allows(given, 'x.test', 80, '127.0.0.2')).toBe(false);
  });
  test('opens for its address in a network only when that very address is written', () => {
    const open = (cidr: string) =>
      rules({ http_connect: true, allow_patterns: [{ cidrs: [cidr] }] });
    expect(allows(open('10.20.30.0/24'), 'x.test', 80, '10.20.30.40')).toBe(false);
    expect(allows(open('10.20.30.0/24'), 'x.test', 80, '10.20.30.41')).toBe(true);
    expect(allows(open('10.20.30.40'), 'x.test', 80, '10.20.30.40')).toBe(true);
    expect(allows(open('64:ff9b::/96'), 'x.test', 80, '64:ff9b::a01:101')).toBe(true);
    expect(allows(open('::/96'), 'x.test', 80, '::1')).toBe(false);
  });
  test('opens for a target that the definition itself names', () => {
    expect(
      matchAddress(matchName(rules({ http_connect: true }), 'x', 1), '::1', {
        fixed: true,
        ownAddresses: () => OWN,
      }),
    ).toBe(true);
  });
});

test.each(['10.0.0.0/33', '10.0.0.0/8/24', 'ten', '10.0.0.0/', '1.2.3', '::1/129'])(
  '%s is no range',
  (cidr) => {
    expect(() => rules({ http_connect: true, allow_patterns: [{ cidrs: [cidr] }] })).toThrow();
  },
);

test('a pattern never allows more than each of its parts alone, and patterns together no more than each allows', () => {
  const parts = fc.record({
    hostnames: fc.subarray(['*.lab', 'db-*', '*core*', 'a.lab', '10.0.0.7']),
    cidrs: fc.subarray(['10.0.0.0/8', '10.0.34.2', '192.0.2.0/24', '127.0.0.1', '0.0.0.0/0']),
    port_list: fc.subarray([22, 80, 5901]),
    port_ranges: fc.subarray([
      { Min: 79, Max: 81 },
      { Min: 5900, Max: 5999 },
    ]),
  });
  const asked = fc.tuple(
    fc.constantFrom('a.lab', 'A.LAB.', 'lab', 'db-7.example', 'my.core.test', '10.0.0.7', 'other'),
    fc.constantFrom(22, 79, 80, 443, 5901, 6000),
    fc.constantFrom('10.0.0.7', '10.0.34.2', '192.0.2.9', '127.0.0.1', '169.254.169.254', '::1'),
  );
  type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;
  const written = ({ hostnames, cidrs, port_list, port_ranges }: Parts) => ({
    hostnames,
    cidrs,
    ports: { port_list, port_ranges },
  });
  const isAllowed = (patterns: object[], target: [string, number, string]) =>
    allows(rules({ http_connect: true, allow_patterns: patterns }), ...target);
  fc.assert(
    fc.property(parts, parts, asked, (one, other, target) => {
      const { hostnames, cidrs, port_list, port_ranges } = one;
      const [pattern, second] = [written(one), written(other)];
      if (isAllowed([pattern], target)) {
        expect(isAllowed([{ hostnames }], [target[0], target[1], '10.0.0.1'])).toBe(true);
        // Without a range of its own an address of our machine is closed, so the part is asked where there is one.
        if (cidrs.length > 0) expect(isAllowed([{ cidrs }], target)).toBe(true);
        expect(
          isAllowed([{ ports: { port_list, port_ranges } }], ['x', target[1], '10.0.0.1']),
        ).toBe(true);
      }
      if (isAllowed([pattern, second], target)) {
        expect(isAllowed([pattern], target) || isAllowed([second], target)).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});
