// Which fields of a document are told as not read, and what was meant by them.
import { expect, test } from 'vitest';
import { DOCUMENTS } from '../../../../src/edge/command-center/documents.ts';
import { unread } from '../../../../src/edge/json/unread.ts';
import { z } from '../../../../src/shared/schema.ts';

const told = (schema: z.ZodType, document: unknown): string[] =>
  unread(schema, document).map(({ path, near }) => `${path.join('.')} ${near}`);

test.for<[string, z.ZodType, unknown, string[]]>([
  [
    'another name, and one that is like it',
    z.object({ groups: z.string() }),
    { gruops: 1, x: 2 },
    ['gruops groups', 'x null'],
  ],
  [
    'one whose like is there',
    z.object({ port: z.number() }),
    { port: 1, ports: 2 },
    ['ports null'],
  ],
  [
    'within lists, alternatives and what is read into something else',
    z.object({
      rules: z
        .array(z.union([z.string(), z.object({ action: z.string() })]))
        .nullish()
        .transform(String),
    }),
    { rules: ['a', { action: 'b', actoin: 'c' }, { acton: 'd' }] },
    ['rules.1.actoin null', 'rules.2.acton action'],
  ],
  [
    'nothing where any name goes',
    z.object({ any: z.record(z.string(), z.number()), what: z.unknown() }),
    { any: { a: 1 }, what: { b: 2 } },
    [],
  ],
  [
    'nothing of what is no object',
    z.object({ list: z.array(z.string()) }),
    { list: [{ a: 1 }, null] },
    [],
  ],
])('%s', ([, schema, document, expected]) => {
  expect(told(schema, document)).toEqual(expected);
});

test('the documents of administrators are looked into everywhere', () => {
  expect(
    told(DOCUMENTS.service, {
      kind: 'BanyanService',
      metadata: { tags: { domian: 1, icon: 2 } },
      spec: {
        attributes: { frontend_addresses: [{ cdir: '10.0.0.0/8', port: '443' }], tls_snis: [] },
        backend: {
          whitlist: [],
          dns_overrides: { whitlist: '' },
          allow_patterns: [{ ports: { prot_list: [] } }],
        },
        cert_settings: { letsencript: true },
        http_settings: { exempted_paths: { patern: [] } },
      },
    }),
  ).toEqual([
    'metadata.tags.domian domain',
    'metadata.tags.icon null',
    'spec.attributes.frontend_addresses.0.cdir cidr',
    'spec.attributes.tls_snis tls_sni',
    'spec.backend.whitlist whitelist',
    'spec.backend.allow_patterns.0.ports.prot_list port_list',
    'spec.cert_settings.letsencript letsencrypt',
    'spec.http_settings.exempted_paths.patern patterns',
  ]);
  expect(
    told(DOCUMENTS.policy, {
      spec: {
        access: [{ roles: [], conditions: {}, rules: { conditions: { trust_levl: 'High' } } }],
      },
    }),
  ).toEqual([
    'spec.access.0.conditions null',
    'spec.access.0.rules.conditions.trust_levl trust_level',
  ]);
  expect(told(DOCUMENTS.role, { spec: { groups: ['Ops'] } })).toEqual(['spec.groups group']);
});
