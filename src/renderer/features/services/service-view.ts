// What the list shows, as plain functions: which group a service is in, what a search finds, how an address reads.
import { exhaustive } from '../../../shared/exhaustive.ts';
import type { Service } from '../../../shared/model/service.ts';
import { closed, type Tunnel } from '../../../shared/model/tunnel.ts';
import { kindOf } from '../../text/services.ts';

export interface Row {
  service: Service;
  tunnel: Tunnel;
}

const GROUPS = ['attention', 'connected', 'available', 'denied'] as const;
export type ServiceGroup = (typeof GROUPS)[number];

export const tunnelOf = (states: Readonly<Record<string, Tunnel>>, id: string): Tunnel =>
  states[id] ?? closed;

function groupOf({ service, tunnel }: Row): ServiceGroup {
  switch (tunnel.status) {
    case 'failed':
      return 'attention';
    case 'opening':
    case 'open':
    case 'closing':
      return 'connected';
    case 'closed':
      return service.access.status === 'denied' ? 'denied' : 'available';
    default:
      return exhaustive(tunnel);
  }
}

/** Every word of the query must occur somewhere in what a person can see of the service. */
export function matches(service: Service, query: string): boolean {
  const text = [
    service.friendlyName,
    service.name,
    service.domain,
    kindOf(service),
    service.description,
  ]
    .join(' ')
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const byName = (a: Row, b: Row): number =>
  a.service.friendlyName.localeCompare(b.service.friendlyName, undefined, { numeric: true });

/** Groups in their order, without the empty ones. */
export function grouped(
  services: readonly Service[],
  states: Readonly<Record<string, Tunnel>>,
  query: string,
): { group: ServiceGroup; rows: Row[] }[] {
  const rows = services
    .filter((service) => matches(service, query.trim()))
    .map((service) => ({ service, tunnel: tunnelOf(states, service.id) }))
    .sort(byName);
  return GROUPS.map((group) => ({
    group,
    rows: rows.filter((row) => groupOf(row) === group),
  })).filter(({ rows }) => rows.length > 0);
}
