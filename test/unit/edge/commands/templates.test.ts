// What flags say, as documents that the edge accepts.
import { describe, expect, test } from 'vitest';
import { type Arguments, parseArguments } from '../../../../src/edge/commands/arguments.ts';
import {
  policyTemplate,
  roleTemplate,
  serviceTemplate,
} from '../../../../src/edge/commands/templates.ts';
import { DOCUMENTS } from '../../../../src/edge/command-center/documents.ts';

const given = (line: string): Arguments => parseArguments(line.split(' ')) as Arguments;
const service = (flags: string) => serviceTemplate('x', given(`service create x ${flags}`));

test('the collection article: hostnames, CIDRs, port range, override, port that is not to be changed', () => {
  const document = service(
    '--domain tcpcollection.example.com --http-connect --allow-hostname vnc1.com --allow-cidr 10.10.34.0/24 --allow-port 5901-5999 --allow-port 22 --dns-override vnc1.com=myvncservice.com --listen-port 8081 --no-override',
  );
  expect(document).toMatchObject({
    kind: 'BanyanService',
    apiVersion: 'rbac.banyanops.com/v1',
    type: 'origin',
    metadata: {
      tags: {
        template: 'TCP_USER',
        port: '8443',
        banyanproxy_mode: 'CHAIN',
        app_listen_port: '8081',
        allow_user_override: false,
        include_domains: [],
      },
    },
    spec: {
      backend: {
        http_connect: true,
        dns_overrides: { 'vnc1.com': 'myvncservice.com' },
        allow_patterns: [
          {
            hostnames: ['vnc1.com'],
            cidrs: ['10.10.34.0/24'],
            ports: { port_list: [22], port_ranges: [{ min: 5901, max: 5999 }] },
          },
        ],
      },
    },
  });
  expect(DOCUMENTS.service.safeParse(document).success).toBe(true);
});

test('one backend, and a web service', () => {
  const tcp = service('--domain a.example --backend [fd00::1]:5432 --type DATABASE');
  expect(DOCUMENTS.service.parse(tcp).spec.backend.target).toMatchObject({
    name: 'fd00::1',
    port: 5432,
  });
  const web = service('--domain a.example --backend intra:8080 --backend-tls --type WEB');
  expect(web).toMatchObject({ metadata: { tags: { template: 'WEB_USER', protocol: 'https' } } });
  expect(web).not.toHaveProperty('metadata.tags.banyanproxy_mode');
  expect(DOCUMENTS.service.safeParse(web).success).toBe(true);
});

describe('is refused before the edge is asked:', () => {
  test.each([
    ['--http-connect', '--domain is needed'],
    ['--domain a.example', 'either --backend HOST:PORT or --http-connect'],
    ['--domain a.example --backend a:1 --http-connect', 'either --backend'],
    ['--domain a.example --backend a', '--backend takes HOST:PORT'],
    ['--domain a.example --backend a:1 --allow-cidr ::1', 'goes with --http-connect'],
    ['--domain a.example --http-connect --allow-port x', '--allow-port takes'],
    ['--domain a.example --http-connect --dns-override x', '--dns-override takes'],
    ['--domain a.example --http-connect --listen-port 0', '--listen-port takes a number'],
    ['--domain a.example --http-connect --type VNC', '--type takes one of'],
  ])('%s', (flags, told) => {
    expect(() => service(flags)).toThrow(told);
  });
});

test('Kubernetes with domains to proxy is refused by the edge, at that very field', () => {
  const document = service('--domain a.example --type K8S --http-connect --proxy-domain x.example');
  const issues = DOCUMENTS.service.safeParse(document).error?.issues ?? [];
  expect(issues).toMatchObject([
    {
      path: ['metadata', 'tags', 'include_domains'],
      message: expect.stringContaining('blank') as string,
    },
  ]);
});

test('a role of every attribute', () => {
  const flags =
    '--group A --group B --email a@b.c --ownership Other --platform Linux --serial 1 --known-device-only --managed-only';
  expect(DOCUMENTS.role.parse(roleTemplate('r', given(`role create r ${flags}`))).spec).toEqual({
    group: ['A', 'B'],
    email: ['a@b.c'],
    device_ownership: ['Other'],
    platform: ['Linux'],
    serial_numbers: ['1'],
    known_device_only: true,
    mdm_present: true,
  });
});

test('a basic policy for TCP, and one for the web', () => {
  const policy = (flags: string) => policyTemplate('p', given(`policy create p ${flags}`));
  expect(policy('--role R --trust-level medium')).toMatchObject({
    type: 'USER',
    spec: {
      options: { disable_tls_client_authentication: false, l7_protocol: '' },
      access: [{ roles: ['R'], rules: { l7_access: [], conditions: { trust_level: 'Medium' } } }],
    },
  });
  expect(policy('--role R --for web')).toMatchObject({
    spec: {
      options: { disable_tls_client_authentication: true, l7_protocol: 'http' },
      access: [{ rules: { l7_access: [{ resources: ['*'], actions: ['*'] }] } }],
    },
  });
  expect(() => policy('--trust-level High')).toThrow('--role is needed');
});
