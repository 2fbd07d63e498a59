// A person's catalogue: what they may use, and what is closed for now with the reason. All else is absent.
import { createHash } from 'node:crypto';
import { formatHostPort, type HostAndPort } from '../../shared/protocol/host-port.ts';
import type { CatalogDocument, CatalogEntry } from '../../shared/protocol/catalog.ts';
import type { RefusalCode } from '../../shared/protocol/refusals.ts';
import type { Subject } from '../policy/decide.ts';
import type { PublishedService, Rulebook } from './rulebook.ts';

/** Checks that this person passes on another device or at another time; a service that fails another one is not theirs. */
const CLOSED_FOR_NOW = new Set<RefusalCode>(['device', 'trust_level', 'time']);

export interface Catalog {
  document: CatalogDocument;
  etag: string;
}

/** Where a service is reached from elsewhere; null: there is no one name to dial, or not here. */
export type AddressOf = (service: PublishedService) => HostAndPort | null;

export function catalogFor(rulebook: Rulebook, subject: Subject, addressOf: AddressOf): Catalog {
  const services = rulebook.services().flatMap((service): CatalogEntry[] => {
    if (!service.enabled || !service.document.metadata.tags.user_facing) return [];
    const address = addressOf(service);
    if (!address) return [];
    const decision = rulebook.decide(subject, service);
    if (decision.allowed) return [entry(service, address, { status: 'allowed' })];
    if (!CLOSED_FOR_NOW.has(decision.code)) return [];
    const { code, reason } = decision;
    return [entry(service, address, { status: 'denied', code, reason })];
  });
  const document: CatalogDocument = { version: 1, services };
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('base64url');
  return { document, etag: `"${digest}"` };
}

function entry(
  { id, document: { metadata, spec } }: PublishedService,
  accessTier: HostAndPort,
  access: NonNullable<CatalogEntry['access']>,
): CatalogEntry {
  const { tags } = metadata;
  return {
    id,
    name: metadata.name,
    friendly_name: metadata.friendly_name ?? metadata.name,
    description: metadata.description ?? '',
    service_app_type: tags.service_app_type,
    domain: tags.domain,
    access_tier: formatHostPort(accessTier),
    // Files, and what an ACME directory issues, are of an authority that computers know.
    ca: spec.cert_settings.files || spec.cert_settings.byAcme ? 'system' : 'organisation',
    banyanproxy_mode: tags.banyanproxy_mode ?? 'TCP',
    app_listen_port: tags.app_listen_port ?? null,
    allow_user_override: tags.allow_user_override,
    include_domains: tags.include_domains,
    autorun: metadata.autorun,
    ...forPrograms(tags, spec.backend.http_connect),
    allowed_targets: allowedTargets(spec.backend),
    access,
  };
}

/** What programs on people's computers are set up with, where it is of the service's type. */
function forPrograms(
  tags: PublishedService['document']['metadata']['tags'],
  isCollection: boolean,
): Partial<CatalogEntry> {
  switch (tags.service_app_type) {
    case 'SSH':
      return {
        ssh_service_type: tags.ssh_service_type,
        ssh_chain_mode: tags.ssh_chain_mode ?? (tags.banyanproxy_mode ? undefined : isCollection),
        ssh_host_directive: tags.ssh_host_directive,
        write_ssh_config: tags.write_ssh_config,
      };
    case 'K8S':
      return { kube_cluster_name: tags.kube_cluster_name, kube_ca_key: tags.kube_ca_key };
    case 'RDP':
      return { rdp_settings: tags.rdp_settings };
    default:
      return {};
  }
}

/** What a collection allows, for people to read; empty when it allows everything. */
function allowedTargets(
  backend: PublishedService['document']['spec']['backend'],
): NonNullable<CatalogEntry['allowed_targets']> {
  if (!backend.http_connect) return [];
  if (backend.whitelist.length > 0) {
    return [{ hostnames: backend.whitelist, cidrs: [], ports: [] }];
  }
  const targets = backend.allow_patterns.map(({ hostnames, cidrs, ports }) => ({
    hostnames,
    cidrs,
    ports: [...ports.list.map(String), ...ports.ranges.map(({ min, max }) => `${min}-${max}`)],
  }));
  const everything = targets.some((each) =>
    Object.values(each).every((items) => items.length === 0),
  );
  return everything ? [] : targets;
}
