// Our path to one service: a closed union, its transition, and what may be done in each state.
import type { WireError } from '../errors.ts';
import { exhaustive } from '../exhaustive.ts';

export interface LocalAddress {
  /** `127.0.0.1` or `::1`. */
  host: string;
  port: number;
}

/** A connection that the Access Tier refused while the tunnel itself stayed open. */
export interface Refusal {
  /** Milliseconds since the epoch. */
  at: number;
  error: WireError;
}

interface Open {
  status: 'open';
  address: LocalAddress;
  /** Milliseconds since the epoch. */
  openedAt: number;
  lastRefusal?: Refusal;
}

export type Tunnel =
  | { status: 'closed' }
  | { status: 'opening'; startedAt: number }
  | Open
  | { status: 'closing' }
  | { status: 'failed'; error: WireError };

export type TunnelEvent =
  | { type: 'open-requested'; at: number }
  | { type: 'opened'; address: LocalAddress; at: number }
  | { type: 'connection-refused'; refusal: Refusal }
  | { type: 'failed'; error: WireError }
  | { type: 'close-requested' }
  | { type: 'closed' };

export const closed: Tunnel = { status: 'closed' };

/** Pure transition; an event that means nothing now returns the same object. `closing` latches: only `closed` leaves it. */
export function nextTunnel(tunnel: Tunnel, event: TunnelEvent): Tunnel {
  switch (event.type) {
    case 'open-requested':
      return canOpen(tunnel) ? { status: 'opening', startedAt: event.at } : tunnel;
    case 'opened':
      return tunnel.status === 'opening'
        ? { status: 'open', address: event.address, openedAt: event.at }
        : tunnel;
    case 'connection-refused':
      return tunnel.status === 'open' ? { ...tunnel, lastRefusal: event.refusal } : tunnel;
    case 'failed':
      return tunnel.status === 'opening' || tunnel.status === 'open'
        ? { status: 'failed', error: event.error }
        : tunnel;
    case 'close-requested':
      if (tunnel.status === 'failed') return closed;
      return canClose(tunnel) ? { status: 'closing' } : tunnel;
    case 'closed':
      return tunnel.status === 'closing' ? closed : tunnel;
    default:
      return exhaustive(event);
  }
}

export const canOpen = (tunnel: Tunnel): boolean =>
  tunnel.status === 'closed' || tunnel.status === 'failed';

export const canClose = (tunnel: Tunnel): boolean =>
  tunnel.status === 'opening' || tunnel.status === 'open';
