import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { findTarget, fixedTarget, warningsOf } from '../../../../src/edge/access-tier/targets.ts';
import { backend as backendSpec } from '../../../../src/edge/command-center/documents.ts';

const backend = (spec: Record<string, unknown>) => backendSpec.parse(spec);

const NAMES: Record<string, string[]> = {
  'myvncservice.com': ['10.10.34.9'],
  'two.test': ['192.168.0.1', '10.9.0.1'],
};
const resolve = (name: string) => Promise.resolve(NAMES[name] ?? []);

describe('finding the address to dial', () => {
  const vnc = backend({
    http_connect: true,
    dns_overrides: { 'VNC1.com': 'myvncservice.com', 'myvncservice.com': '10.10.34.66' },
    allow_patterns: [{ hostnames: ['vnc1.com'], cidrs: ['10.10.34.0/24'] }],
  });

  test('overrides in one step, whatever the case', async () => {
    const target = await findTarget(
      vnc,
      { host: 'Vnc1.com', port: 5901, fixed: false },
      { resolve },
    );
    expect(target).toEqual({ ok: true, address: '10.10.34.9', port: 5901 });
  });

  test('judges the name that was asked for, not the one it is overridden to', async () => {
    const asked = { host: 'myvncservice.com', port: 5901, fixed: false };
    expect(await findTarget(vnc, asked, { resolve })).toMatchObject({ code: 'target_not_allowed' });
  });

  test('dials only an address that the ranges cover', async () => {
    const given = backend({
      http_connect: true,
      allow_patterns: [{ hostnames: ['two.test'], cidrs: ['10.9.0.0/24'] }],
    });
    const target = await findTarget(
      given,
      { host: 'two.test', port: 22, fixed: false },
      { resolve },
    );
    expect(target).toMatchObject({ ok: true, address: '10.9.0.1' });
  });

  test('a name without address is told as such', async () => {
    const given = backend({ http_connect: true });
    expect(
      await findTarget(given, { host: 'no.test', port: 22, fixed: false }, { resolve }),
    ).toMatchObject({ code: 'target_unresolvable' });
  });
});

describe("an open collection and the Access Tier's own machine", () => {
  const asked = (host: string) => ({ host, port: 22, fixed: false });

  test.each([{}, { allow_patterns: [{ cidrs: ['0.0.0.0/0', '::/0'] }] }])(
    'none of its addresses can be dialled: %j',
    async (spec) => {
      const open = backend({ http_connect: true, ...spec });
      const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
      for (const { address } of own) {
        const target = await findTarget(open, asked(address));
        expect(`${address} ${target.ok}`).toBe(`${address} false`);
      }
    },
  );

  test('a name that leads there is refused, and what is next to it is not', async () => {
    const open = backend({ http_connect: true });
    const surroundings = { resolve, ownAddresses: () => ['192.168.0.1'] };
    expect(await findTarget(open, asked('192.168.0.1'), surroundings)).toMatchObject({
      code: 'target_not_allowed',
    });
    expect(await findTarget(open, asked('two.test'), surroundings)).toMatchObject({
      address: '10.9.0.1',
    });
  });
});

describe('the target of a service without HTTP CONNECT', () => {
  test.each([
    [
      '{{ .Name }}-internal.{{ .Domain }}',
      '',
      'www.example.com',
      'www-internal.example.com',
      false,
    ],
    [
      '{{index .Parts 0}}.{{index .Parts 1}}.ec2',
      '--',
      'abc--def.example.com',
      'abc.def.ec2',
      false,
    ],
    ['10.1.2.3', '', 'www.example.com', '10.1.2.3', true],
  ])('%s with delimiter "%s" for %s is %s', (name, name_delimiter, sni, host, fixed) => {
    const given = backend({ target: { name, port: '8080', name_delimiter } });
    expect(fixedTarget(given, sni)).toEqual({ host, port: 8080, fixed });
  });
});

describe("the spec article's first example", () => {
  const example = backend({
    target: { name: '{{ .Name }}-internal.{{ .Domain }}', port: '8080', tls: true },
    dns_overrides: {
      'jira-internal.foo': '10.0.142.5',
      'gitlab-internal.foo': '10.0.142.6',
      'phase1-test.foo': '10.0.152.27',
      'phase2-test.foo': '10.0.152.38',
    },
    whitelist: ['jira-internal.foo', 'gitlab-internal.foo', '*-test.foo'],
  });
  const asked = (serverName: string) => findTarget(example, fixedTarget(example, serverName)!);

  test('a name of the whitelist is dialled at the address that stands for it, without DNS', async () => {
    const nobody = () => Promise.reject(new Error('DNS was asked'));
    const wanted = fixedTarget(example, 'gitlab.foo')!;
    expect(await findTarget(example, wanted, { resolve: nobody })).toEqual({
      ok: true,
      address: '10.0.142.6',
      port: 8080,
    });
  });

  test.each(['wiki.foo', 'phase1-test.foo', 'jira.bar'])('%s is not of it', async (serverName) => {
    expect(await asked(serverName)).toMatchObject({ code: 'target_not_allowed' });
  });
});

describe('at save is told of', () => {
  test.each([
    ['an entry of a whitelist with a * within', { whitelist: ['a.corp', 'vnc*'] }, 'whitelist[1]'],
    ['one with a port', { whitelist: ['vnc.corp:22'] }, 'whitelist[0]'],
    ['one with a dot at its end', { whitelist: ['vnc.corp.'] }, 'whitelist[0]'],
    [
      'a target that its whitelist does not name',
      { http_connect: false, target: { name: 'db.corp', port: 1 }, whitelist: ['*.test'] },
      'whitelist does not name',
    ],
    [
      'a target that its patterns do not name',
      {
        http_connect: false,
        target: { name: 'db.corp', port: 1 },
        allow_patterns: [{ hostnames: ['a.corp'] }],
      },
      'allow_patterns does not name',
    ],
  ])('%s', (_, given, where) => {
    expect(warningsOf(backend({ http_connect: true, ...given }))).toEqual([
      expect.stringContaining(`spec.backend.${where}`),
    ]);
  });

  test.each<[string, object]>([
    ['a whitelist with a * in front', { whitelist: ['*.corp', '*', '*-test.foo'] }],
    ['a target that is named', { target: { name: 'DB.corp', port: 1 }, whitelist: ['*.corp'] }],
    ['a template', { target: { name: '{{ .Name }}.corp', port: 1 }, whitelist: ['a.corp'] }],
  ])('nothing: %s', (_, given) => {
    expect(warningsOf(backend({ http_connect: !('target' in given), ...given }))).toEqual([]);
  });
});

test('a name that is overridden with a dot at its end is the same name', async () => {
  const given = backend({ http_connect: true, dns_overrides: { 'DB.corp.': '10.0.0.7' } });
  for (const host of ['db.corp', 'db.corp.']) {
    expect(await findTarget(given, { host, port: 1, fixed: false })).toMatchObject({
      address: '10.0.0.7',
    });
  }
});

describe('a pattern that lets nothing through is told of', () => {
  const spec = (pattern: object, dns_overrides: Record<string, string>) =>
    warningsOf(backend({ http_connect: true, dns_overrides, allow_patterns: [{}, pattern] }));
  const pattern = {
    hostnames: ['jira-internal.foo', 'GITLAB-internal.foo'],
    cidrs: ['10.0.34.2', '34.70.156.134'],
  };
  const overrides = { 'jira-internal.foo': '10.0.142.5', 'gitlab-internal.foo': '10.0.142.6' };

  test("in the spec article's second example", () => {
    expect(spec(pattern, overrides)).toEqual([
      expect.stringContaining('spec.backend.allow_patterns[1] lets nothing through'),
    ]);
  });

  test.each(['vnc*.corp', 'vnc.corp.', 'vnc.corp:22', 'https://vnc.corp'])(
    'where its one name is %s',
    (name) => {
      expect(spec({ hostnames: [name] }, {})).toHaveLength(1);
      expect(spec({ hostnames: [name, '*vnc*', '::1', '*'] }, {})).toEqual([]);
      const byAddress = { hostnames: [name], cidrs: ['10.0.0.0/8'], match: 'any' };
      expect(spec(byAddress, {})).toEqual([]);
    },
  );

  test.each<[string, object, Record<string, string>]>([
    ['either suffices', { ...pattern, match: 'any' }, overrides],
    ['an address fits', pattern, { ...overrides, 'gitlab-internal.foo': '34.70.156.134' }],
    ['DNS is asked for one', pattern, { 'jira-internal.foo': '10.0.142.5' }],
    ['a name leads to a name', pattern, { ...overrides, 'jira-internal.foo': 'jira.int' }],
    ['names are open', { ...pattern, hostnames: ['*.foo'] }, overrides],
    ['addresses are open', { hostnames: pattern.hostnames }, overrides],
  ])('and not where %s', (_, given, dns) => {
    expect(spec(given, dns)).toEqual([]);
  });
});
