// What the tray menu offers, from what the client says. Pure: the tray itself only turns these into native items.
import type { Snapshot } from '../../shared/ipc/contract.ts';
import { canExtend, canSignIn, isSignedIn } from '../../shared/model/session.ts';
import {
  type ConnectHindrance,
  type Service,
  whyNotConnectable,
} from '../../shared/model/service.ts';
import { type Glyph, summary } from '../../shared/model/summary.ts';
import { canClose, canOpen, closed, type Tunnel } from '../../shared/model/tunnel.ts';

export type TrayAction =
  | { do: 'connect' | 'disconnect' | 'open'; service: string }
  | { do: 'sign-in' | 'open-window' | 'quit' };

export type TrayItem =
  | { label: string; action: TrayAction }
  /** Cannot be chosen: says something, or says why not. */
  | { label: string; action: null }
  | 'separator';

export interface TrayFace {
  glyph: Glyph;
  tooltip: string;
  items: TrayItem[];
}

/** A menu longer than a screen helps nobody; the window has the rest. */
const MOST_SERVICES = 20;

export function trayFace({ slices }: Snapshot): TrayFace {
  const { device, session, catalog, tunnels } = slices;
  const { glyph, headline } = summary(device, session, tunnels.states);
  const items: TrayItem[] = [{ label: headline, action: null }, 'separator'];
  if (canExtend(session)) {
    items.push({ label: 'Extend the session…', action: { do: 'sign-in' } }, 'separator');
  }
  if (isSignedIn(session)) {
    const shown = catalog.services.slice(0, MOST_SERVICES);
    for (const service of shown) {
      items.push(serviceItem(service, tunnels.states[service.id] ?? closed));
    }
    const left = catalog.services.length - shown.length;
    if (left > 0) items.push({ label: `${left} more in the window`, action: null });
    if (shown.length > 0) items.push('separator');
  } else if (device.status === 'registered' && canSignIn(session)) {
    items.push({ label: 'Sign in…', action: { do: 'sign-in' } }, 'separator');
  }
  items.push(
    { label: 'Open Banyan', action: { do: 'open-window' } },
    { label: 'Quit', action: { do: 'quit' } },
  );
  return { glyph, tooltip: `Banyan: ${headline}`, items };
}

function serviceItem(service: Service, tunnel: Tunnel): TrayItem {
  const name = menuText(service.friendlyName);
  if (tunnel.status === 'open') {
    const { host, port } = tunnel.address;
    const label = `Disconnect ${name} (${tunnel.trouble ? 'reconnecting' : `${host}:${port}`})`;
    return { label, action: { do: 'disconnect', service: service.id } };
  }
  if (canClose(tunnel)) {
    const action: TrayAction = { do: 'disconnect', service: service.id };
    return { label: `Stop connecting ${name}`, action };
  }
  if (!canOpen(tunnel)) return { label: `Disconnecting ${name}…`, action: null };
  const hindrance = whyNotConnectable(service);
  if (hindrance === 'web') {
    return { label: `Open ${name}`, action: { do: 'open', service: service.id } };
  }
  if (hindrance) return { label: `${name} (${HINDRANCES[hindrance]})`, action: null };
  return { label: `Connect ${name}`, action: { do: 'connect', service: service.id } };
}

const HINDRANCES: Record<Exclude<ConnectHindrance, 'web'>, string> = {
  denied: 'not allowed',
  'rdp-gateway': 'not supported yet',
  'kubernetes-domains': 'not set up correctly',
  'daisy-chain-domains': 'not set up correctly',
};

/** Names come from the organisation; "&" would underline the next letter instead of being shown. */
const menuText = (text: string): string =>
  text
    .replaceAll(/\p{Cc}|\p{Cf}/gu, ' ')
    .replaceAll('&', '&&')
    .slice(0, 60);
