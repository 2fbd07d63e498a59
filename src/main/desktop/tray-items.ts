// What the tray menu offers, from what the client says. Pure: the tray itself only turns these into native items.
import type { Slices, Snapshot } from '../../shared/ipc/contract.ts';
import { mayQuit, showsServices } from '../../shared/model/managed.ts';
import { canExtend, canSignIn, isSignedIn } from '../../shared/model/session.ts';
import {
  type ConnectHindrance,
  type Service,
  whyNotConnectable,
} from '../../shared/model/service.ts';
import { favouritesOf } from '../../shared/model/settings.ts';
import { type Glyph, summary } from '../../shared/model/summary.ts';
import {
  canClose,
  canOpen,
  closed,
  type LocalAddress,
  type Tunnel,
} from '../../shared/model/tunnel.ts';
import type { Updates } from '../../shared/model/updates.ts';
import { formatHostPort } from '../../shared/protocol/text.ts';
import { plainText } from './plain-text.ts';

export type TrayAction =
  | { do: 'connect' | 'disconnect' | 'open'; service: string }
  | { do: 'copy'; text: string }
  /** So many services are connected: programs that use them lose their connections. */
  | { do: 'quit' | 'sign-out'; connected: number }
  | { do: 'switch'; organisation: string; name: string; connected: number }
  | { do: 'sign-in' | 'open-window' | 'update' };

export type TrayItem =
  /** With `isOn` it carries a tick, or none. */
  | { label: string; action: TrayAction; isOn?: boolean }
  /** Cannot be chosen: says something, or says why not. */
  | { label: string; action: null }
  | { label: string; items: TrayItem[] }
  | 'separator';

export interface TrayFace {
  glyph: Glyph;
  tooltip: string;
  items: TrayItem[];
}

/** A menu longer than a screen helps nobody; the window has the rest. */
const MOST_SERVICES = 20;

/** @param now milliseconds since the epoch */
export function trayFace({ slices }: Snapshot, now: number): TrayFace {
  const { session, catalog, tunnels } = slices;
  const { glyph, headline } = summary(slices);
  const left = isSignedIn(session) ? ` · ${timeLeft(session.expiresAt - now)}` : '';
  const connected = catalog.services.flatMap((service) => {
    const tunnel = tunnels.states[service.id];
    return tunnel?.status === 'open' ? [{ service, address: tunnel.address }] : [];
  });
  const hasServices = showsServices(slices.managed);
  const groups: TrayItem[][] = [
    [{ label: headline + left, action: null }],
    canExtend(session) ? [{ label: 'Extend the session…', action: { do: 'sign-in' } }] : [],
    ...(hasServices && isSignedIn(session) ? serviceGroups(slices) : []),
    hasServices && connected.length > 0
      ? [{ label: 'Copy address', items: connected.map(copyItem) }]
      : [],
    [
      ...organisationItems(slices.organisations, connected.length),
      ...sessionItems(slices, connected.length),
    ],
    [
      { label: 'Open Banyan', action: { do: 'open-window' } },
      ...updateItems(slices.updates),
      ...(mayQuit(slices.managed) ? [quitItem(connected.length)] : []),
    ],
  ];
  const items = groups
    .filter((group) => group.length > 0)
    .flatMap((group, index): TrayItem[] => (index === 0 ? group : ['separator', ...group]));
  return { glyph, tooltip: `Banyan: ${headline}${left}`, items };
}

const quitItem = (connected: number): TrayItem => ({
  label: connected === 0 ? 'Quit' : `Quit (${connected} connected)…`,
  action: { do: 'quit', connected },
});

const updateItems = (updates: Updates): TrayItem[] =>
  updates.status === 'ready'
    ? [{ label: `Restart to update to ${updates.version}`, action: { do: 'update' } }]
    : [];

/** As in the window. */
const NAMES = new Intl.Collator(undefined, { numeric: true });

/** Favourites first: they are among the few that fit, and where the hand expects them. */
function serviceGroups({ device, settings, catalog: { services }, tunnels }: Slices): TrayItem[][] {
  const starred = new Set(favouritesOf(device, settings));
  const sorted = services.toSorted((a, b) => NAMES.compare(a.friendlyName, b.friendlyName));
  const shown = [true, false]
    .flatMap((is) => sorted.filter(({ id }) => starred.has(id) === is))
    .slice(0, MOST_SERVICES);
  const left = services.length - shown.length;
  const itemsOf = (is: boolean): TrayItem[] =>
    shown
      .filter(({ id }) => starred.has(id) === is)
      .map((service) => serviceItem(service, tunnels.states[service.id] ?? closed));
  const more: TrayItem[] = left > 0 ? [{ label: `${left} more in the window`, action: null }] : [];
  return [itemsOf(true), [...itemsOf(false), ...more]];
}

/** One line for each, chosen to connect and chosen again to disconnect; the tick says which it will be. */
function serviceItem(service: Service, tunnel: Tunnel): TrayItem {
  const name = menuText(service.friendlyName);
  const disconnect: TrayAction = { do: 'disconnect', service: service.id };
  if (tunnel.status === 'open') {
    const { host, port } = tunnel.address;
    const where = tunnel.trouble ? 'reconnecting' : `${host}:${port}`;
    return { label: `${name} (${where})`, action: disconnect, isOn: true };
  }
  if (canClose(tunnel)) return { label: `${name} (connecting…)`, action: disconnect, isOn: false };
  if (!canOpen(tunnel)) return { label: `${name} (disconnecting…)`, action: null };
  const hindrance = whyNotConnectable(service);
  if (hindrance === 'web') {
    return { label: `Open ${name}`, action: { do: 'open', service: service.id } };
  }
  if (hindrance) return { label: `${name} (${HINDRANCES[hindrance]})`, action: null };
  const why = tunnel.status === 'failed' ? ' (failed)' : '';
  return { label: name + why, action: { do: 'connect', service: service.id }, isOn: false };
}

function copyItem({ service, address }: { service: Service; address: LocalAddress }): TrayItem {
  const text = formatHostPort(address);
  return { label: `${menuText(service.friendlyName)}: ${text}`, action: { do: 'copy', text } };
}

function organisationItems(organisations: Slices['organisations'], connected: number): TrayItem[] {
  const active = organisations.find(({ isActive }) => isActive);
  if (organisations.length < 2) return [];
  const items = organisations.map(({ id, name, host, isActive }): TrayItem => ({
    label: `${menuText(name)} (${menuText(host)})`,
    action: { do: 'switch', organisation: id, name: plainText(name, 60), connected },
    isOn: isActive,
  }));
  return [{ label: `Organisation: ${menuText(active?.name ?? 'none')}`, items }];
}

function sessionItems({ device, session }: Slices, connected: number): TrayItem[] {
  if (isSignedIn(session)) {
    const label = `Sign out ${menuText(session.person.name)}`;
    return [{ label, action: { do: 'sign-out', connected } }];
  }
  const maySignIn = device.status === 'registered' && canSignIn(session);
  return maySignIn ? [{ label: 'Sign in…', action: { do: 'sign-in' } }] : [];
}

const MINUTE_MS = 60_000;

/** In whole hours as long as there are any: an open menu closes whenever its words change. */
function timeLeft(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h left`;
  return minutes < 1 ? 'less than a minute left' : `${minutes} min left`;
}

const HINDRANCES: Record<Exclude<ConnectHindrance, 'web'>, string> = {
  denied: 'not allowed',
  'rdp-gateway': 'not supported yet',
  'kubernetes-domains': 'not set up correctly',
  'daisy-chain-domains': 'not set up correctly',
};

/** "&" would underline the next letter instead of being shown; doubled after the cut, which would take half of one. */
const menuText = (text: string): string => plainText(text, 60).replaceAll('&', '&&');
