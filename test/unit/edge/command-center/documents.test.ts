import { describe, expect, test } from 'vitest';
import {
  policyDocument,
  roleDocument,
  serviceDocument,
  serviceId,
} from '../../../../src/edge/command-center/documents.ts';

const service = (tags: Record<string, unknown>, backend: Record<string, unknown> = {}) => ({
  kind: 'BanyanService',
  apiVersion: 'rbac.banyanops.com/v1',
  type: 'origin',
  metadata: {
    name: 'ledger-tcp',
    description: 'ledger',
    cluster: 'cluster1',
    tags: { domain: 'ledger.corp.test', service_app_type: 'GENERIC', ...tags },
  },
  spec: { backend: { target: { name: '10.1.2.3', port: '6006' }, ...backend } },
});

describe('a service document', () => {
  test('has the id that the product gives it, and its defaults', () => {
    const document = serviceDocument.parse(service({}));
    expect(serviceId(document)).toBe('ledger-tcp.cluster1.bnn');
    expect(document.metadata.tags).toMatchObject({ user_facing: true, allow_user_override: true });
    expect(document.spec.backend).toMatchObject({ http_connect: false, whitelist: [] });
  });

  test.each([
    ['8081', 8081],
    [8081, 8081],
    ['', ''],
    ['None', 'None'],
    [null, null],
  ])('reads an assigned port written as %j', (written, read) => {
    const { tags } = serviceDocument.parse(service({ app_listen_port: written })).metadata;
    expect(tags.app_listen_port).toBe(read);
  });

  test('reads flags as booleans and as words', () => {
    const { tags } = serviceDocument.parse(
      service({ user_facing: 'false', allow_user_override: false }),
    ).metadata;
    expect(tags).toMatchObject({ user_facing: false, allow_user_override: false });
  });

  test.each<[string, Record<string, unknown>]>([
    ['no target and no http_connect', { target: {} }],
    ['a target without port', { target: { name: 'a.int', port: '' } }],
    ['TLS to a target that the client names', { http_connect: true, target: { tls: true } }],
    ['a range that ends before it begins', ports({ Min: 9, Max: 5 })],
    ['a range without end', ports({ Min: 9 })],
    ['a port beyond 65535', ports({ min: 1, max: 65536 })],
    ['a template of nothing known', { target: { name: '{{ .Foo }}.int', port: 1 } }],
    ['a template that does not end', { target: { name: '{{ .Name .int', port: 1 } }],
    ['an override with a port', { dns_overrides: { 'a.int': '10.0.0.1:22' } }],
    ['an override in brackets', { dns_overrides: { 'a.int': '[fd00::1]' } }],
  ])('is refused with %s', (_, backend) => {
    expect(serviceDocument.safeParse(service({}, backend)).success).toBe(false);
  });
});

function ports(range: Record<string, number>) {
  return { http_connect: true, allow_patterns: [{ ports: { port_ranges: [range] } }] };
}

describe('a restriction that is not enforced here is refused, or it would let in whom it shuts out', () => {
  const role = (spec: object) => ({ kind: 'BanyanRole', metadata: { name: 'r' }, spec });
  const policy = (rules: object) => ({
    kind: 'BanyanPolicy',
    metadata: { name: 'p' },
    spec: { access: [{ roles: ['r'], rules }] },
  });

  test.each([
    ['service_account', ['bot@corp.test']],
    ['container_fqdn', ['api.corp.test']],
    ['image', ['nginx']],
    ['repo_tag', ['1.2']],
    ['label_selector', [{ 'com.docker.compose.service': 'api' }]],
  ])('%s of a role', (name, value) => {
    expect(roleDocument.safeParse(role({ group: ['Eng'], [name]: value })).error?.issues).toEqual([
      expect.objectContaining({ path: ['spec', name] }),
    ]);
    for (const nothing of [null, []]) roleDocument.parse(role({ [name]: nothing }));
  });

  test('l4_access of a policy', () => {
    const deny = [{ cidrs: ['10.0.0.0/8'], protocols: ['ALL'], ports: ['*'] }];
    expect(
      policyDocument.safeParse(policy({ l4_access: { allow: [], deny } })).error?.issues,
    ).toEqual([expect.objectContaining({ path: ['spec', 'access', 0, 'rules', 'l4_access'] })]);
    for (const nothing of [null, { allow: [], deny: [] }]) {
      policyDocument.parse(policy({ l4_access: nothing }));
    }
  });
});

test('null, nothing and [] mean the same in a role', () => {
  const role = (spec: Record<string, unknown>) =>
    roleDocument.parse({ kind: 'BanyanRole', metadata: { name: 'r' }, spec }).spec;
  expect(role({ group: null, email: [] })).toEqual(role({}));
});

test.each(['tomorrow', 'Highest'])('a policy with %s where a value belongs is refused', (text) => {
  const conditions = text === 'tomorrow' ? { start_time: text } : { trust_level: text };
  const document = {
    kind: 'BanyanPolicy',
    metadata: { name: 'p' },
    spec: { access: [{ roles: ['r'], rules: { conditions } }] },
  };
  expect(policyDocument.safeParse(document).success).toBe(false);
});

test.for([
  ['Engineering — Zürich & Co.', true],
  ['two\nlines', false],
  ['nothing\u0000behind', false],
  ['half \ud800', false],
] as const)('a role or a policy may be called %j: %s', ([name, isGood]) => {
  const role = { kind: 'BanyanRole', metadata: { name }, spec: {} };
  const policy = { kind: 'BanyanPolicy', metadata: { name }, spec: {} };
  expect(roleDocument.safeParse(role).success).toBe(isGood);
  expect(policyDocument.safeParse(policy).success).toBe(isGood);
});
