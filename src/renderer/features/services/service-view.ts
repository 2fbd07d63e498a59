// What the list shows, as plain functions: which group a service is in, what a search finds, how an address reads.
import { exhaustive } from '../../../shared/exhaustive.ts';
import { SERVICE_TYPES, type Service, type ServiceType } from '../../../shared/model/service.ts';
import { closed, type Tunnel } from '../../../shared/model/tunnel.ts';
import type { Filters, StateFilter } from '../../stores/view.ts';
import { kindOf } from '../../text/services.ts';

export interface Shown {
  service: Service;
  tunnel: Tunnel;
}

export interface Row extends Shown {
  isFavourite: boolean;
}

const GROUPS = ['attention', 'connected', 'available', 'denied'] as const;
export type ServiceGroup = (typeof GROUPS)[number];

export interface Group {
  group: ServiceGroup;
  rows: Row[];
}

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

/** What a person can see of a service, for searching; made once per catalogue, not per keystroke. */
export interface Findable {
  service: Service;
  text: string;
}

const names = new Intl.Collator(undefined, { numeric: true });

/** In the order of their names. */
export const findable = (services: readonly Service[]): Findable[] =>
  services
    .map((service) => ({
      service,
      text: [
        service.friendlyName,
        service.name,
        service.domain,
        kindOf(service),
        service.description,
      ]
        .join(' ')
        .toLowerCase(),
    }))
    .sort((a, b) => names.compare(a.service.friendlyName, b.service.friendlyName));

/** Every word of the query must occur somewhere. */
export function found(all: readonly Findable[], query: string): Service[] {
  const wanted = query.trim().toLowerCase().split(/\s+/);
  return all
    .filter(({ text }) => wanted.every((word) => text.includes(word)))
    .map(({ service }) => service);
}

/** Types that there are, in the order of the model; what a person may narrow the list to. */
export function typesOf(services: readonly Service[]): ServiceType[] {
  const there = new Set(services.map(({ type }) => type));
  return SERVICE_TYPES.filter((type) => there.has(type));
}

export const rowsOf = (
  services: readonly Service[],
  states: Readonly<Record<string, Tunnel>>,
  favourites: ReadonlySet<string> = new Set(),
): Row[] =>
  services.map((service) => ({
    service,
    tunnel: tunnelOf(states, service.id),
    isFavourite: favourites.has(service.id),
  }));

export function isAmong(row: Row, { state, type }: Filters): boolean {
  return (type === null || row.service.type === type) && isIn(row, state);
}

function isIn(row: Row, state: StateFilter | null): boolean {
  switch (state) {
    case null:
      return true;
    case 'favourites':
      return row.isFavourite;
    case 'connected':
      // As many as the rail counts: what is still on its way is not connected.
      return row.tunnel.status === 'open';
    case 'failed':
      // As in the groups: what has failed needs a hand, and what runs is not called denied.
      return groupOf(row) === 'attention';
    case 'denied':
      return groupOf(row) === 'denied';
    default:
      return exhaustive(state);
  }
}

/** Groups in their order, without the empty ones; inside a group favourites come first, and the order stays else. */
export function grouped(listed: readonly Row[]): Group[] {
  const rows: Record<ServiceGroup, Row[]> = {
    attention: [],
    connected: [],
    available: [],
    denied: [],
  };
  const [starred, others] = [true, false].map((is) =>
    listed.filter(({ isFavourite }) => isFavourite === is),
  );
  for (const row of [...(starred ?? []), ...(others ?? [])]) rows[groupOf(row)].push(row);
  return GROUPS.map((group) => ({ group, rows: rows[group] })).filter(
    ({ rows }) => rows.length > 0,
  );
}
