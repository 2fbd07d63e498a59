// Our path to one service: a closed union, its transition, and what may be done in each state.
import type { WireError } from '../errors.ts';
import { exhaustive } from '../exhaustive.ts';

export interface LocalAddress {
  /** `127.0.0.1`, another one of 127.0.0.0/8, or `::1`. */
  host: string;
  port: number;
}

/** A connection that the Access Tier refused while the tunnel itself stayed open. */
export interface Refusal {
  /** Milliseconds since the epoch. */
  at: number;
  error: WireError;
}

/** Payload and connections since the tunnel was opened. */
export interface Traffic {
  connections: number;
  bytesSent: number;
  bytesReceived: number;
}

interface Open {
  status: 'open';
  address: LocalAddress;
  /** Milliseconds since the epoch. */
  openedAt: number;
  lastRefusal?: Refusal;
  /** Why the Access Tier cannot be reached just now; it is tried again by itself. */
  trouble?: WireError;
  /** The certificate has expired: new connections wait until the person has signed in. */
  waiting?: 'for-sign-in';
  /** Absent until something has moved. */
  traffic?: Traffic;
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
  | { type: 'way-lost'; error: WireError }
  | { type: 'way-restored' }
  | { type: 'wait-started' }
  | { type: 'wait-ended' }
  | { type: 'traffic'; traffic: Traffic }
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
      return tunnel.status === 'open' && !isSameRefusal(tunnel.lastRefusal, event.refusal)
        ? { ...tunnel, lastRefusal: event.refusal }
        : tunnel;
    case 'way-lost':
      return tunnel.status === 'open' && !isSameError(tunnel.trouble, event.error)
        ? { ...tunnel, trouble: event.error }
        : tunnel;
    case 'way-restored': {
      if (tunnel.status !== 'open' || !tunnel.trouble) return tunnel;
      const { trouble: _, ...well } = tunnel;
      return well;
    }
    case 'wait-started':
      return tunnel.status === 'open' && !tunnel.waiting
        ? { ...tunnel, waiting: 'for-sign-in' }
        : tunnel;
    case 'wait-ended': {
      if (tunnel.status !== 'open' || !tunnel.waiting) return tunnel;
      const { waiting: _, ...going } = tunnel;
      return going;
    }
    case 'traffic':
      return tunnel.status === 'open' && !isSameTraffic(tunnel.traffic, event.traffic)
        ? { ...tunnel, traffic: event.traffic }
        : tunnel;
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

/** Told by the connection and by the event stream, a refusal is still one. */
const isSameRefusal = (one: Refusal | undefined, other: Refusal): boolean =>
  other.error.correlationId !== undefined && one?.error.correlationId === other.error.correlationId;

const isSameError = (one: WireError | undefined, other: WireError): boolean =>
  one?.code === other.code && one.message === other.message;

const isSameTraffic = (one: Traffic | undefined, other: Traffic): boolean =>
  one?.connections === other.connections &&
  one.bytesSent === other.bytesSent &&
  one.bytesReceived === other.bytesReceived;

export const canOpen = (tunnel: Tunnel): boolean =>
  tunnel.status === 'closed' || tunnel.status === 'failed';

export const canClose = (tunnel: Tunnel): boolean =>
  tunnel.status === 'opening' || tunnel.status === 'open';

/** How many programs' ways would end with the app. */
export const countOpen = (states: Readonly<Record<string, Tunnel>>): number =>
  Object.values(states).filter(({ status }) => status === 'open').length;
