// Services, roles, policies and attachments as administrators write them (field names of the product's documents).
// Unknown fields are kept where they are stored and ignored here.
import { isIP } from 'node:net';
import { L7_ACTIONS } from '../policy/l7-rules.ts';
import { z } from '../../shared/schema.ts';
import { SERVICE_TYPES } from '../../shared/model/service.ts';
import {
  kubeCa,
  kubeClusterName,
  rdpSetting,
  SSH_CERTIFICATES,
  sshHosts,
} from '../../shared/protocol/program-settings.ts';
import { label, portNumber, sentence } from '../../shared/protocol/text.ts';
import { coversName } from '../policy/names.ts';
import { absent, cidr, domainName, flag, list, orEmpty, portOr, text } from './fields.ts';
import { attributes, certSettings, clientCidrs } from './frontend-settings.ts';
import { httpSettings } from './http-settings.ts';

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

const TEMPLATES = /\{\{\s*(?:\.Name|\.Domain|index \.Parts \d+)\s*\}\}/g;
const targetName = text.refine(
  (name) => !/\{\{|\}\}/.test(name.replace(TEMPLATES, '')),
  'knows {{ .Name }}, {{ .Domain }} and {{index .Parts 0}} alone',
);
const dialled = z
  .string()
  .min(1)
  .max(255)
  .refine(
    (host) => isIP(host) !== 0 || !/[\s:/*[\]]/.test(host),
    'is neither a name nor an address',
  );

export const backend = z
  .object({
    target: z
      .object({
        name: targetName,
        port: portOr('').nullish(),
        tls: flag(false),
        tls_insecure: flag(false),
        client_certificate: flag(false),
        name_delimiter: text,
      })
      .nullish(),
    dns_overrides: z
      .record(z.string(), dialled)
      .nullish()
      .transform((overrides) => overrides ?? {}),
    whitelist: list(z.string().min(1).max(255)),
    allow_patterns: list(allowPattern),
    http_connect: flag(false),
  })
  .superRefine((value, context) => {
    if (value.http_connect) return;
    if (!value.target?.name || !value.target.port) {
      context.addIssue({
        code: 'custom',
        path: ['target'],
        message:
          'without http_connect a target with name and port is needed: connections do not tell where they were meant to go',
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

const definition = z.object({
  kind: z.literal('BanyanService'),
  metadata: z.object({
    name: z
      .string()
      .regex(
        /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
        'is not of small letters, digits and dashes',
      ),
    friendly_name: label.nullish(),
    description: sentence.nullish(),
    cluster: z.string().regex(/^[a-z0-9-]{1,63}$/, 'is not of small letters, digits and dashes'),
    autorun: flag(false),
    tags: z.object({
      user_facing: flag(true),
      domain: domainName,
      service_app_type: z.enum(SERVICE_TYPES),
      banyanproxy_mode: z
        .enum(['TCP', 'CHAIN', 'HTTP_CONNECT', 'HTTP_CONNECT_DAISY_CHAIN', 'RDPGATEWAY'])
        .nullish(),
      app_listen_port: portOr('', 'None').nullish(),
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
  spec: z.object({
    attributes,
    backend,
    cert_settings: certSettings,
    http_settings: httpSettings,
    client_cidrs: clientCidrs,
  }),
});

const consistent = definition.superRefine(({ metadata, spec }, context) => {
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
/** What is refused above is not looked at any further: it may be of any shape. */
export const serviceDocument = consistent
  .transform((document) => document)
  .superRefine(refineFrontend);
export type ServiceDocument = z.output<typeof serviceDocument>;

/** Where it could not be met, or nobody could be asked who they are. */
function refineFrontend({ metadata, spec }: z.output<typeof definition>, context: z.RefinementCtx) {
  const { domain, service_app_type: type } = metadata.tags;
  const { names, frontends } = spec.attributes;
  if (names.length > 0 && !names.some((name) => coversName(name, domain))) {
    context.addIssue({
      code: 'custom',
      path: ['spec', 'attributes', 'tls_sni'],
      message: `does not hold ${domain}, the name that apps ask for`,
    });
  }
  if (type !== 'WEB') return;
  if (!spec.http_settings.signsIn) {
    context.addIssue({
      code: 'custom',
      path: ['spec', 'http_settings'],
      message:
        'people sign in to a WEB service: enabled and oidc_settings.enabled have to be true, or its type another one',
    });
  }
  const known = names.length > 0 ? names : [domain];
  const isAnyName = names.length === 0 && frontends.length > 0;
  for (const origin of isAnyName ? [] : spec.http_settings.origins) {
    const { hostname } = new URL(origin);
    if (known.some((name) => coversName(name, hostname))) continue;
    context.addIssue({
      code: 'custom',
      path: ['spec', 'http_settings', 'oidc_settings'],
      message: `${hostname} is no name of this service; its names are ${known.join(', ')}`,
    });
  }
}

const ofWorkloads = absent('is about workloads: roles are of people and their devices here');

/** By it others refer to it, at a terminal too. */
const documentName = label.min(1).regex(/^[^\p{Cc}\p{Cs}]+$/u, 'has characters that nobody sees');

export const roleDocument = z.object({
  kind: z.literal('BanyanRole'),
  metadata: z.object({ name: documentName }),
  spec: z.object({
    group: list(label),
    email: list(label),
    device_ownership: list(label),
    platform: list(label),
    serial_numbers: list(label),
    mdm_present: flag(false),
    known_device_only: flag(false),
    service_account: ofWorkloads,
    container_fqdn: ofWorkloads,
    image: ofWorkloads,
    repo_tag: ofWorkloads,
    label_selector: ofWorkloads,
  }),
});

const moment = text.refine((value) => value === '' || !Number.isNaN(Date.parse(value)), 'no time');

const RESOURCE = /^!?(?:\*|[/*][^*]*\*?)$/;
const actions = z
  .union([z.enum(L7_ACTIONS).transform((action) => [action]), z.array(z.enum(L7_ACTIONS)).max(10)])
  .nullish()
  .transform((given) => given ?? []);
const l7Rule = z
  .object({
    resources: z
      .array(label.regex(RESOURCE, 'has to be *, or a path with a * at its beginning or end'))
      .min(1)
      .max(1000),
    actions,
    /** As it was called once. */
    action: actions,
  })
  .transform(({ resources, actions, action }) => ({ resources, actions: [...actions, ...action] }))
  .refine(({ actions }) => actions.length > 0, { path: ['actions'], message: 'names none' });

const policySpec = z
  .object({
    options: z
      .object({
        disable_tls_client_authentication: flag(false),
        l7_protocol: z.enum(['', 'http'], 'is not read here: only "http", or empty').nullish(),
      })
      .nullish(),
    access: list(
      z.object({
        roles: list(label),
        rules: z
          .object({
            l7_access: list(l7Rule),
            l4_access: absent('is about service tunnels, which are not here'),
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
  })
  // Of bytes nobody can tell what they ask for.
  .superRefine(({ options, access }, context) => {
    if (options?.l7_protocol === 'http') return;
    for (const [at, { rules }] of access.entries()) {
      if (!rules || rules.l7_access.length === 0) continue;
      const path = ['access', at, 'rules', 'l7_access'];
      const message = 'is about requests: options.l7_protocol has to be "http"';
      context.addIssue({ code: 'custom', path, message });
    }
  });

export const policyDocument = z.object({
  kind: z.literal('BanyanPolicy'),
  metadata: z.object({ name: documentName }),
  spec: policySpec,
});

export type PolicyDocument = z.output<typeof policyDocument>;

/** Why it can decide about web services alone; null: about any. */
export function whyForWebOnly({ spec }: PolicyDocument): string | null {
  if (spec.options?.l7_protocol === 'http') return 'is for web services';
  // Nobody signs in on a TCP connection: without a certificate all would be strangers.
  if (spec.options?.disable_tls_client_authentication)
    return 'asks for no client certificate, which only web services can do without';
  return null;
}

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
