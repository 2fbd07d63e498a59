// What crosses the engine's front door: plain data only, because the engine runs in a worker thread (structured clone).
import type { WireError } from '../shared/errors.ts';
import type { AllowedTargets } from '../shared/model/service.ts';
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
  /** CHAIN only: what its definition lets through, for browsers to send no more than that; absent: not known. */
  allowedTargets?: readonly AllowedTargets[];
  /** The proxy through which this machine reaches the Access Tier; null: straight. Loopback is always dialled straight. */
  upstreamProxy: UpstreamProxy | null;
  /** Who may use the local port. `anyone` is the unsafe switch; see guard/. */
  localUsers: 'own' | 'anyone';
}

export interface UpstreamProxy {
  host: string;
  port: number;
  /** Value of `Proxy-Authorization` (RFC 9110 11.7.2), e.g. `Basic …`; null: none. */
  authorization: string | null;
}

/** Key, chain and trust as ONE value: replaced whole, or kept whole. PEM texts. */
export interface Credentials {
  key: string;
  /** Leaf first. */
  certificate: string;
  /** The organisation's root. */
  ca: string;
}

/**
 * How a connection ended. `reset` is ordinary: a peer closed abruptly. `closed`: the tunnel was, or the engine.
 * `refused`: a web page had made it.
 */
export type ConnectionEnd = 'finished' | 'reset' | 'idle' | 'lifetime' | 'closed' | 'refused';

/** What happened in the engine. Facts are reported, never acted upon here. */
export type TunnelFact =
  | { type: 'connection-opened'; tunnel: string; connection: number; target: string }
  | {
      type: 'connection-closed';
      tunnel: string;
      connection: number;
      target: string;
      /** Milliseconds since the epoch. */
      startedAt: number;
      /** Payload from the local program. */
      bytesSent: number;
      /** Payload to the local program. */
      bytesReceived: number;
      /** From the local connection to the first byte that came back; null: none came. */
      firstByteMs: number | null;
      durationMs: number;
      ended: ConnectionEnd;
    }
  /** About once a second while something moves: totals of the tunnel since it was opened. */
  | {
      type: 'traffic';
      tunnel: string;
      connections: number;
      bytesSent: number;
      bytesReceived: number;
    }
  | { type: 'connection-refused'; tunnel: string; target: string; error: WireError }
  /** The certificate has expired and connections wait for a new one. Told once per wait. */
  | { type: 'certificate-needed'; tunnel: string }
  /** The Access Tier cannot be reached; tried again by itself until it can, or the tunnel is closed. */
  | { type: 'way-lost'; tunnel: string; error: WireError }
  | { type: 'way-restored'; tunnel: string }
  /** The worker had gone; its ports are back, its connections were lost. */
  | { type: 'engine-restarted'; reason: string }
  /** The listener is gone; the tunnel is over. */
  | { type: 'failed'; tunnel: string; error: WireError };
