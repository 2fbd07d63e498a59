// What crosses the engine's front door: plain data only, so that the engine can move into a worker thread
// (structured clone) without anyone noticing.
import type { WireError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';

/** Everything needed to run one local port. */
export interface TunnelSpec {
  /** Service id. */
  id: string;
  mode: 'TCP' | 'CHAIN';
  /** Loopback literal; port 0 lets the system choose. */
  listen: LocalAddress;
  /** Where to dial. */
  accessTier: { host: string; port: number };
  /** SNI, and the name the server certificate must carry. */
  serverName: string;
  ca: 'organisation' | 'system';
  /** CHAIN only: non-empty, only these go through the tunnel (exact, `*.x`, `.x`); the rest is dialled directly. */
  includeDomains: readonly string[];
}

/** Key, chain and trust as ONE value: replaced whole, or kept whole. PEM texts. */
export interface Credentials {
  key: string;
  /** Leaf first. */
  certificate: string;
  /** The organisation's root. */
  ca: string;
}

/** What happened in the engine. Facts are reported, never acted upon here. */
export type TunnelFact =
  | { type: 'connection-opened'; tunnel: string; connection: number; target: string }
  | {
      type: 'connection-closed';
      tunnel: string;
      connection: number;
      bytesSent: number;
      bytesReceived: number;
      durationMs: number;
    }
  | { type: 'connection-refused'; tunnel: string; target: string; error: WireError }
  /** The listener is gone; the tunnel is over. */
  | { type: 'failed'; tunnel: string; error: WireError };
