// A service as the person's catalogue lists it. Decoded from the wire in protocol/catalog.ts.
import type { LocalAddress } from './tunnel.ts';

export const SERVICE_TYPES = ['WEB', 'SSH', 'RDP', 'K8S', 'DATABASE', 'GENERIC'] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** How the local port speaks; aliases of the seeds are folded into these when decoded. */
export const PROXY_MODES = ['TCP', 'CHAIN', 'RDPGATEWAY'] as const;
export type ProxyMode = (typeof PROXY_MODES)[number];

/** Other spellings of CHAIN. */
export const MODE_ALIASES = ['HTTP_CONNECT', 'HTTP_CONNECT_DAISY_CHAIN'] as const;
export type ModeAlias = (typeof MODE_ALIASES)[number];

export type ServiceAccess =
  | { status: 'allowed' }
  /** Listed but closed: `code` names the failed check, `reason` is a sentence for the person. */
  | { status: 'denied'; code: string; reason: string };

/** One allow pattern of a collection, shown to the person; empty lists mean "any". */
export interface AllowedTargets {
  hostnames: readonly string[];
  cidrs: readonly string[];
  /** e.g. `['22', '5901-5999']`. */
  ports: readonly string[];
}

/** What tells a browser which addresses are a collection's. */
export interface SentThrough {
  includeDomains: readonly string[];
  allowedTargets?: readonly Omit<AllowedTargets, 'ports'>[];
}

/** Neither "Domains to Proxy" nor what it lets through names any host, or the latter names any there is. */
export const sendsEverything = ({ includeDomains, allowedTargets = [] }: SentThrough): boolean =>
  includeDomains.length === 0 &&
  (allowedTargets.length === 0 ||
    allowedTargets.some(
      ({ hostnames, cidrs }) => hostnames.includes('*') || hostnames.length + cidrs.length === 0,
    ));

export interface Service {
  /** `<name>.<cluster>.bnn`, unique in the organisation. */
  id: string;
  /** Lower-case letters, digits and "-": what people type in a terminal. */
  name: string;
  friendlyName: string;
  description: string;
  type: ServiceType;
  /** SNI of the TLS session, and the name in the server certificate. */
  domain: string;
  /** Where to dial; not the same as `domain`, which need not resolve. */
  accessTier: { host: string; port: number };
  /** Trust anchor of the server certificate. */
  ca: 'organisation' | 'system';
  mode: ProxyMode;
  /** How the administrator wrote CHAIN, where it was another word. */
  modeAlias?: ModeAlias;
  /** Assigned by the administrator, or null: then a free one is chosen once and kept. */
  assignedPort: number | null;
  allowUserOverride: boolean;
  includeDomains: readonly string[];
  /** The administrator's word: connect by itself when signed in. */
  autorun: boolean;
  /** What a collection allows; empty for a single service and for "everything". */
  allowedTargets: readonly AllowedTargets[];
  access: ServiceAccess;
  /** SSH: which certificates it asks for, where the administrator has said so. */
  sshCertificates?: 'TRUSTCERT' | 'SSHCERT' | 'BOTH';
  /** SSH: patterns of the `Host` line; absent: the service's name. */
  sshHosts?: string;
  /** SSH: the administrator wants no entry in people's SSH configuration. */
  keepsOutOfSshConfig?: true;
  /** Kubernetes: name of the cluster in a kubeconfig; absent: the service's name. */
  kubeCluster?: string;
  /** Kubernetes: certificates of the cluster's own authority, PEM or PEM in base64. */
  kubeCa?: string;
  /** Remote desktop: lines of the .rdp file. */
  rdpSettings?: readonly string[];
}

/** The local address and port in effect, and where they come from. */
export interface PortChoice {
  /** Of the person's own choice; else `127.0.0.1`. */
  host: string;
  /** null until a free one has been chosen by the first Connect. */
  port: number | null;
  source: 'override' | 'assigned' | 'chosen';
  /** An override that was saved while allowed and is set aside while it is not. */
  setAside?: LocalAddress;
}

export const canOverride = (service: Service): boolean => service.allowUserOverride;

/** What stands between a person and Connect; each is a different sentence. */
export type ConnectHindrance =
  'denied' | 'web' | 'rdp-gateway' | 'kubernetes-domains' | 'daisy-chain-domains';

export function whyNotConnectable(service: Service): ConnectHindrance | null {
  if (service.access.status === 'denied') return 'denied';
  if (service.type === 'WEB') return 'web';
  if (service.mode === 'RDPGATEWAY') return 'rdp-gateway';
  // The seeds: with "Domains to Proxy" filled in, banyanproxy does not start for these two.
  if (service.includeDomains.length === 0) return null;
  if (service.type === 'K8S') return 'kubernetes-domains';
  return service.modeAlias === 'HTTP_CONNECT_DAISY_CHAIN' ? 'daisy-chain-domains' : null;
}

export const canConnect = (service: Service): boolean => whyNotConnectable(service) === null;

/** What the level of this device closes, as one text: when that changes, so has the level. */
export const closedByLevel = (services: readonly Service[]): string =>
  services
    .flatMap(({ id, access }) =>
      access.status === 'denied' && access.code === 'trust_level' ? [`${id} ${access.reason}`] : [],
    )
    .join('\n');

/** After a sign-in, unless nothing does: the person's own choice goes before the administrator's. */
export const connectsByItself = (
  service: Service,
  own: Readonly<Record<string, boolean>>,
): boolean =>
  canConnect(service) &&
  (Object.hasOwn(own, service.id) ? own[service.id] === true : service.autorun);
