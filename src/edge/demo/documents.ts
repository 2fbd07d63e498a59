// The demo organisation's services, roles and policies, written as an administrator would.
import type { Documents } from '../command-center/rulebook.ts';
import type { DemoBackends } from './backends.ts';

const CLUSTER = 'demo';
export const demoServiceId = (name: string): string => `${name}.${CLUSTER}.bnn`;

interface DemoService {
  name: string;
  friendlyName: string;
  description: string;
  backend: Record<string, unknown>;
  policy: string;
  tags?: Record<string, unknown>;
  headers?: Record<string, string>;
}

const WEB = {
  template: 'WEB_USER',
  protocol: 'https',
  service_app_type: 'WEB',
  banyanproxy_mode: undefined,
};

const backendAt = (port: number) => ({ target: { name: '127.0.0.1', port: String(port) } });
const loopback = (hostname: string, port: number) => ({
  hostnames: [hostname],
  cidrs: ['127.0.0.1/32'],
  ports: { port_list: [port] },
});

export function demoDocuments({ ports }: DemoBackends): Documents {
  const services: DemoService[] = [
    {
      name: 'api',
      friendlyName: 'HTTP API',
      description: 'Answers in JSON which path was asked for',
      backend: backendAt(ports.api),
      policy: 'engineers',
    },
    {
      name: 'echo',
      friendlyName: 'Echo',
      description: 'Sends every byte back',
      backend: backendAt(ports.echo),
      policy: 'engineers',
    },
    {
      name: 'lab',
      friendlyName: 'Lab collection',
      description: 'Two hosts behind one port: alpha.lab.internal and beta.lab.internal',
      backend: {
        target: {},
        http_connect: true,
        dns_overrides: { 'alpha.lab.internal': '127.0.0.1', 'beta.lab.internal': '127.0.0.1' },
        allow_patterns: [
          loopback('alpha.lab.internal', ports.alpha),
          loopback('beta.lab.internal', ports.beta),
        ],
      },
      policy: 'engineers',
      tags: { banyanproxy_mode: 'CHAIN' },
    },
    {
      name: 'reports',
      friendlyName: 'Reports',
      description: 'Its local port is set by the administrator',
      backend: backendAt(ports.reports),
      policy: 'engineers',
      tags: { app_listen_port: '18082', allow_user_override: false },
    },
    {
      name: 'vault',
      friendlyName: 'Vault',
      description: 'Open to devices at trust level High',
      backend: backendAt(ports.api),
      policy: 'engineers-on-trusted-devices',
    },
    {
      name: 'payroll',
      friendlyName: 'Payroll',
      description: 'For Finance',
      backend: backendAt(ports.api),
      policy: 'finance',
    },
    {
      name: 'wiki',
      friendlyName: 'Wiki',
      description: 'A web page that says who you are',
      backend: backendAt(ports.wiki),
      policy: 'engineers',
      tags: WEB,
      headers: { 'X-Email': '{{.Email}}', 'X-Device': '{{.DeviceID}}' },
    },
  ];
  return {
    services: services.map(serviceDocument),
    roles: [role('Engineers', ['Engineering']), role('Accountants', ['Finance'])],
    policies: [
      policy('engineers', 'Engineers', ''),
      policy('engineers-on-trusted-devices', 'Engineers', 'High'),
      policy('finance', 'Accountants', ''),
    ],
    attachments: services.map(({ name, policy: PolicyID }) => ({
      PolicyID,
      ServiceID: demoServiceId(name),
      Enabled: 'TRUE',
    })),
  };
}

const envelope = (kind: string, metadata: Record<string, unknown>, spec: unknown) => ({
  kind,
  apiVersion: 'rbac.banyanops.com/v1',
  type: 'origin',
  metadata,
  spec,
});

const serviceDocument = ({
  name,
  friendlyName,
  description,
  backend,
  tags,
  headers,
}: DemoService) =>
  envelope(
    'BanyanService',
    {
      name,
      friendly_name: friendlyName,
      description,
      cluster: CLUSTER,
      autorun: false,
      tags: {
        template: 'TCP_USER',
        user_facing: 'true',
        protocol: 'tcp',
        domain: `${name}.demo.localhost`,
        port: '8443',
        icon: '',
        service_app_type: 'GENERIC',
        banyanproxy_mode: 'TCP',
        app_listen_port: '',
        allow_user_override: true,
        include_domains: [],
        ...tags,
      },
    },
    {
      attributes: {
        tls_sni: [`${name}.demo.localhost`],
        frontend_addresses: [],
      },
      backend,
      cert_settings: { dns_names: [`${name}.demo.localhost`] },
      http_settings: headers
        ? { enabled: true, oidc_settings: { enabled: true }, headers }
        : { enabled: false },
      client_cidrs: [],
    },
  );

const role = (name: string, group: string[]) =>
  envelope('BanyanRole', { name, tags: { template: 'USER' } }, { group, known_device_only: true });

const policy = (name: string, roleName: string, trustLevel: string) =>
  envelope(
    'BanyanPolicy',
    { name, tags: { template: 'USER' } },
    {
      options: { disable_tls_client_authentication: false, l7_protocol: '' },
      access: [
        { roles: [roleName], rules: { l7_access: [], conditions: { trust_level: trustLevel } } },
      ],
    },
  );
