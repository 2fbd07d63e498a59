// Services, roles, policies and attachments as administrators write them (field names of the product's documents).
// Unknown fields are kept where they are stored and ignored here.
import { z } from '../../shared/schema.ts';
import { SERVICE_TYPES } from '../../shared/model/service.ts';
import {
  kubeCa,
  kubeClusterName,
  rdpSetting,
  SSH_CERTIFICATES,
  sshHosts,
} from '../../shared/protocol/program-settings.ts';
import { hostName, label, portNumber, sentence } from '../../shared/protocol/text.ts';
import { parseCidr } from '../policy/addresses.ts';
import { type Exemptions, parseOrigin } from '../policy/exempted-requests.ts';

/** Administrators' tools write null, nothing and [] for the same. */
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .max(1000)
    .nullish()
    .transform((items) => items ?? []);
const text = z
  .string()
  .max(1000)
  .nullish()
  .transform((value) => value ?? '');
const flag = (fallback: boolean) =>
  z
    .union([z.boolean(), z.enum(['true', 'false', 'TRUE', 'FALSE'])])
    .nullish()
    .transform((value) => (value == null ? fallback : String(value).toLowerCase() === 'true'));

const orEmpty = <Text extends z.ZodType<string>>(decoder: Text) =>
  decoder.nullish().transform((value) => value ?? '');

/** RFC 9110 5.6.2. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/);

const cidr = z.string().refine((value) => parseCidr(value) !== null, 'is not an address or a CIDR');

/** `Min`/`Max` in the product's examples, `min`/`max` in its structures: both are read. */
const portRange = z
  .record(z.string(), z.unknown())
  .transform((range) => {
    const of = (name: string): unknown =>
      Object.entries(range).find(([key]) => key.toLowerCase() === name)?.[1];
    return { min: of('min'), max: of('max') };
  })
  .pipe(z.object({ min: portNumber, max: portNumber }))
  .refine(({ min, max }) => min <= max, 'ends before it begins');

const allowPattern = z
  .object({
    hostnames: list(z.string().min(1).max(255)),
    cidrs: list(cidr),
    ports: z
      .object({ port_list: list(portNumber), port_ranges: list(portRange) })
      .nullish()
      .transform((ports) => ({ list: ports?.port_list ?? [], ranges: ports?.port_ranges ?? [] })),
    match: z.enum(['all', 'any']).default('all'),
  })
  .transform((pattern) => pattern);

const backend = z
  .object({
    target: z
      .object({
        name: text,
        port: z.union([z.literal(''), portNumber]).nullish(),
        tls: flag(false),
        tls_insecure: flag(false),
        client_certificate: flag(false),
        name_delimiter: text,
      })
      .nullish(),
    dns_overrides: z
      .record(z.string(), z.string().min(1).max(255))
      .nullish()
      .transform((overrides) => overrides ?? {}),
    whitelist: list(z.string().min(1).max(255)),
    allow_patterns: list(allowPattern),
    http_connect: flag(false),
  })
  .superRefine((value, context) => {
    if (value.target?.client_certificate) {
      context.addIssue({
        code: 'custom',
        path: ['target', 'client_certificate'],
        message: 'this edge shows backends no certificate',
      });
    }
    if (value.http_connect) return;
    if (!value.target?.name || !value.target.port) {
      context.addIssue({
        code: 'custom',
        path: ['target'],
        message: 'without http_connect a target with name and port is needed',
      });
    }
    if (
      value.whitelist.length === 0 &&
      value.allow_patterns.some((p) => p.hostnames.length === 0)
    ) {
      context.addIssue({
        code: 'custom',
        path: ['allow_patterns'],
        message: 'without http_connect a pattern without hostnames matches nothing',
      });
    }
  });

const path = z
  .string()
  .max(1000)
  .regex(/^\/[^*?#\s]*\*?$/, 'has to begin with a slash, and may have a * at its end only');
const origin = z
  .string()
  .refine(
    (value) => value === '*' || parseOrigin(value) !== null,
    'is neither * nor scheme://host:port',
  );
/** What is mandatory in a pattern: left out, it would match nothing, or everything. */
const some = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(1000);

const requestPattern = z
  .object({
    source_cidrs: list(cidr),
    hosts: some(z.object({ origin_header: some(origin), target: some(origin) })),
    methods: some(z.union([z.literal('*'), z.string().regex(/^[A-Za-z]{1,20}$/)])),
    mandatory_headers: some(z.union([z.literal('*'), headerName])),
    paths: some(path),
  })
  .transform(({ source_cidrs, hosts, methods, mandatory_headers, paths }) => ({
    sourceCidrs: source_cidrs,
    hosts: hosts.map(({ origin_header, target }) => ({ origins: origin_header, targets: target })),
    methods,
    mandatoryHeaders: mandatory_headers,
    paths,
  }));

const exemptedPaths = z.object({
  enabled: flag(false),
  paths: list(path),
  patterns: list(requestPattern),
});

const healthCheck = z
  .object({
    enabled: flag(false),
    path: text,
    method: text,
    user_agent: text,
    from_address: list(cidr),
    https: flag(false),
  })
  .refine((check) => !check.enabled || /^\/[^*?#\s]*$/.test(check.path), {
    path: ['path'],
    message: 'has to begin with a slash',
  });

/** What this edge reads of it. A web service always asks for a TrustToken, whatever `enabled` says. */
const httpSettings = z
  .object({
    oidc_settings: z
      .object({
        suppress_device_trust_verification: flag(false),
        api_path: path.or(z.literal('')).nullish(),
        post_auth_redirect_path: path.or(z.literal('')).nullish(),
      })
      .nullish(),
    http_health_check: healthCheck.nullish(),
    exempted_paths: exemptedPaths.nullish(),
    /** Added to every request of somebody who has signed in; values are templates, see access-tier/web/headers.ts. */
    headers: z.record(headerName, z.string().max(1000)).nullish(),
  })
  .nullish()
  .transform((settings) => ({
    exemptsUnregisteredDevices:
      settings?.oidc_settings?.suppress_device_trust_verification ?? false,
    apiPath: settings?.oidc_settings?.api_path || '/api',
    /** Where a browser goes after signing in; empty: to where it came from. */
    returnPath: settings?.oidc_settings?.post_auth_redirect_path || '',
    exemptions: exemptionsOf(settings?.exempted_paths, settings?.http_health_check),
    headers: settings?.headers ?? {},
  }));

function exemptionsOf(
  exempted: z.output<typeof exemptedPaths> | null | undefined,
  check: z.output<typeof healthCheck> | null | undefined,
): Exemptions {
  return {
    paths: exempted?.enabled ? exempted.paths : [],
    patterns: exempted?.enabled ? exempted.patterns : [],
    healthCheck: check?.enabled
      ? {
          path: check.path,
          method: check.method || 'GET',
          userAgent: check.user_agent,
          fromAddresses: check.from_address,
          https: check.https,
        }
      : null,
  };
}

const definition = z.object({
  kind: z.literal('BanyanService'),
  metadata: z.object({
    name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
    friendly_name: label.nullish(),
    description: sentence.nullish(),
    cluster: z.string().regex(/^[a-z0-9-]{1,63}$/),
    autorun: flag(false),
    tags: z.object({
      user_facing: flag(true),
      domain: hostName,
      service_app_type: z.enum(SERVICE_TYPES),
      banyanproxy_mode: z
        .enum(['TCP', 'CHAIN', 'HTTP_CONNECT', 'HTTP_CONNECT_DAISY_CHAIN', 'RDPGATEWAY'])
        .nullish(),
      app_listen_port: z.union([z.literal(['', 'None']), portNumber]).nullish(),
      allow_user_override: flag(true),
      include_domains: list(z.string().max(255)),
      ssh_service_type: z.enum(SSH_CERTIFICATES).default('TRUSTCERT'),
      ssh_chain_mode: z.union([z.boolean(), z.stringbool()]).nullish(),
      ssh_host_directive: orEmpty(sshHosts),
      write_ssh_config: flag(true),
      kube_cluster_name: orEmpty(kubeClusterName),
      kube_ca_key: orEmpty(kubeCa),
      rdp_settings: list(rdpSetting),
    }),
  }),
  spec: z.object({ backend, http_settings: httpSettings }),
});

export const serviceDocument = definition.superRefine(({ metadata, spec }, context) => {
  const isWeb = metadata.tags.service_app_type === 'WEB';
  if (isWeb && spec.backend.http_connect) {
    context.addIssue({
      code: 'custom',
      path: ['spec', 'backend', 'http_connect'],
      message: 'a WEB service is one backend: this does not go with it',
    });
  }
  const { service_app_type, ssh_chain_mode } = metadata.tags;
  if (
    service_app_type === 'SSH' &&
    (ssh_chain_mode ?? spec.backend.http_connect) !== spec.backend.http_connect
  ) {
    context.addIssue('ssh_chain_mode: has to be what http_connect is');
  }
  if (spec.backend.http_connect && spec.backend.target?.tls) {
    context.addIssue({
      code: 'custom',
      path: ['spec', 'backend', 'target', 'tls'],
      message: 'with http_connect the client speaks to the target itself',
    });
  }
  const { service_app_type: type, banyanproxy_mode: mode, include_domains } = metadata.tags;
  const isDaisyChain = type === 'K8S' || mode === 'HTTP_CONNECT_DAISY_CHAIN';
  if (isDaisyChain && include_domains.length > 0) {
    context.addIssue({
      code: 'custom',
      path: ['metadata', 'tags', 'include_domains'],
      message: 'Domains to Proxy have to be blank here, otherwise banyanproxy will not start',
    });
  }
});
export type ServiceDocument = z.output<typeof serviceDocument>;

export const roleDocument = z.object({
  kind: z.literal('BanyanRole'),
  metadata: z.object({ name: label.min(1) }),
  spec: z.object({
    group: list(label),
    email: list(label),
    device_ownership: list(label),
    platform: list(label),
    serial_numbers: list(label),
    mdm_present: flag(false),
    known_device_only: flag(false),
  }),
});

const moment = text.refine((value) => value === '' || !Number.isNaN(Date.parse(value)), 'no time');

export const policyDocument = z.object({
  kind: z.literal('BanyanPolicy'),
  metadata: z.object({ name: label.min(1) }),
  spec: z.object({
    access: list(
      z.object({
        roles: list(label),
        rules: z
          .object({
            conditions: z
              .object({
                trust_level: z
                  .enum(['', 'Low', 'Medium', 'High', 'AlwaysAllow', 'AlwaysDeny'])
                  .nullish(),
                start_time: moment,
                end_time: moment,
              })
              .nullish(),
          })
          .nullish(),
      }),
    ),
  }),
});

/** `Enabled` "TRUE" is Enforcing, "FALSE" Permissive. */
export const attachmentDocument = z.object({
  PolicyID: label.min(1),
  ServiceID: label.min(1),
  Enabled: flag(true),
});

export const DOCUMENTS = {
  service: serviceDocument,
  role: roleDocument,
  policy: policyDocument,
  attachment: attachmentDocument,
} as const;

export const serviceId = ({ metadata }: ServiceDocument): string =>
  `${metadata.name}.${metadata.cluster}.bnn`;
