// The catalogue: `GET <command_center>/services`. See docs/protocol.md 6.
import { z } from '../schema.ts';
import {
  MODE_ALIASES,
  type ModeAlias,
  PROXY_MODES,
  type ProxyMode,
  SERVICE_TYPES,
  type Service,
} from '../model/service.ts';
import {
  kubeCa,
  kubeClusterName,
  rdpSetting,
  SSH_CERTIFICATES,
  sshHosts,
} from './program-settings.ts';
import { hostName, label, parseHostPort, portNumber, sentence, serviceId } from './text.ts';

const isAlias = (mode: string): mode is ModeAlias =>
  (MODE_ALIASES as readonly string[]).includes(mode);

/** Aliases mean CHAIN; which one it was is kept, as one of them has a rule of its own. */
const proxyMode = z
  .string()
  .max(40)
  .transform((written): { mode: string; alias?: ModeAlias | undefined } =>
    isAlias(written) ? { mode: 'CHAIN', alias: written } : { mode: written },
  )
  .pipe(z.object({ mode: z.enum(PROXY_MODES), alias: z.enum(MODE_ALIASES).optional() }));

const address = z
  .string()
  .max(300)
  .transform((text, context) => {
    const parsed = parseHostPort(text, 8443);
    // It stands in command lines and in files of other programs: nothing but a name or an address.
    if (parsed && hostName.safeParse(parsed.host).success) return parsed;
    context.addIssue('not host:port');
    return z.NEVER;
  });

/** `""`, `"None"` and null all mean "none assigned": the seeds' tools write each. */
const assignedPort = z.union([
  z.union([z.literal(''), z.literal('None'), z.null()]).transform(() => null),
  portNumber,
]);

/** Host names of a collection as the definition gives them: a leading or trailing `*` is allowed. */
const hostPattern = z
  .string()
  .max(255)
  .regex(/^[a-z0-9*._:-]+$/i);

/** One entry; unknown fields are ignored so that an older app can read a newer catalogue. */
export const catalogEntry = z.object({
  id: serviceId,
  name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/),
  friendly_name: label.default(''),
  description: sentence.default(''),
  service_app_type: z.enum(SERVICE_TYPES),
  domain: hostName,
  access_tier: address,
  ca: z.enum(['organisation', 'system']).default('organisation'),
  banyanproxy_mode: proxyMode.prefault('TCP'),
  app_listen_port: assignedPort.default(null),
  allow_user_override: z.boolean().default(true),
  include_domains: z.array(z.string().max(255)).max(1000).default([]),
  autorun: z.boolean().default(false),
  ssh_service_type: z.enum(SSH_CERTIFICATES).optional(),
  ssh_chain_mode: z.boolean().optional(),
  ssh_host_directive: sshHosts.default(''),
  write_ssh_config: z.boolean().default(true),
  kube_cluster_name: kubeClusterName.default(''),
  kube_ca_key: kubeCa.default(''),
  rdp_settings: z.array(z.string()).max(100).default([]),
  allowed_targets: z
    .array(
      z.object({
        hostnames: z.array(hostPattern).max(1000).default([]),
        cidrs: z.array(z.string().max(60)).max(1000).default([]),
        ports: z
          .array(z.string().regex(/^\d{1,5}(?:-\d{1,5})?$/))
          .max(1000)
          .default([]),
      }),
    )
    .max(100)
    .default([]),
  access: z
    .discriminatedUnion('status', [
      z.object({ status: z.literal('allowed') }),
      z.object({ status: z.literal('denied'), code: label, reason: sentence }),
    ])
    .default({ status: 'allowed' }),
});
export type CatalogEntry = z.input<typeof catalogEntry>;

/** More would flood the window, and no person finds anything among them. */
const MOST_SERVICES = 2_000;

export const catalogDocument = z.object({
  version: z.literal(1),
  services: z.array(z.unknown()).max(MOST_SERVICES),
});
export type CatalogDocument = { version: 1; services: CatalogEntry[] };

/**
 * One entry as the model's Service, or the reason why it is not one: a bad entry must not hide the good ones. `setAside`: why
 * lines for its program are left out. Without them the service is still what it is for; an edge may know more of them than this app.
 */
export function decodeService(
  entry: unknown,
): { service: Service; setAside: string[] } | { problem: string } {
  const result = catalogEntry.safeParse(entry);
  if (!result.success) return { problem: z.prettifyError(result.error) };
  const { lines, setAside } = takenRdpSettings(result.data.rdp_settings);
  const value = { ...result.data, rdp_settings: lines };
  return {
    setAside,
    service: {
      id: value.id,
      name: value.name,
      friendlyName: value.friendly_name || value.name,
      description: value.description,
      type: value.service_app_type,
      domain: value.domain,
      accessTier: value.access_tier,
      ca: value.ca,
      mode: modeOf(value),
      ...(value.banyanproxy_mode.alias && { modeAlias: value.banyanproxy_mode.alias }),
      assignedPort: value.app_listen_port,
      allowUserOverride: value.allow_user_override,
      includeDomains: value.include_domains,
      autorun: value.autorun,
      allowedTargets: value.allowed_targets,
      access: value.access,
      ...forPrograms(value),
    },
  };
}

function takenRdpSettings(settings: readonly string[]): { lines: string[]; setAside: string[] } {
  const judged = settings.map((line) => ({ line, error: rdpSetting.safeParse(line).error }));
  return {
    lines: judged.filter(({ error }) => !error).map(({ line }) => line),
    // The reason alone: the value may be a password.
    setAside: judged.flatMap(({ error }, at) =>
      (error?.issues ?? []).map(({ message }) => `rdp_settings[${at}]: ${message}`),
    ),
  };
}

type Decoded = z.output<typeof catalogEntry>;

/** SSH services of administrators' tools have no `banyanproxy_mode`: there `ssh_chain_mode` says the same. */
function modeOf({ service_app_type, ssh_chain_mode, banyanproxy_mode }: Decoded): ProxyMode {
  if (service_app_type !== 'SSH' || ssh_chain_mode === undefined) return banyanproxy_mode.mode;
  return ssh_chain_mode ? 'CHAIN' : 'TCP';
}

/** Only where it is of the service's type, and something is set. */
function forPrograms(value: Decoded): Partial<Service> {
  switch (value.service_app_type) {
    case 'SSH':
      return {
        ...(value.ssh_service_type && { sshCertificates: value.ssh_service_type }),
        ...(value.ssh_host_directive && { sshHosts: value.ssh_host_directive }),
        ...(!value.write_ssh_config && { keepsOutOfSshConfig: true }),
      };
    case 'K8S':
      return {
        ...(value.kube_cluster_name && { kubeCluster: value.kube_cluster_name }),
        ...(value.kube_ca_key && { kubeCa: value.kube_ca_key }),
      };
    case 'RDP':
      return value.rdp_settings.length > 0 ? { rdpSettings: value.rdp_settings } : {};
    default:
      return {};
  }
}
