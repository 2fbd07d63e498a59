// What every local protocol does: find out where the local program wants to go, and have the way opened.
import type { Duplex } from 'node:stream';
import type { LocalAddress } from '../../shared/model/tunnel.ts';
import type { HostAndPort } from '../../shared/protocol/host-port.ts';
import type { TunnelSpec } from '../messages.ts';

export interface RouteParts {
  spec: TunnelSpec;
  /** Where the local port listens; null: the connection came by standard input and output. */
  listening: LocalAddress | null;
  /**
   * Opens the way to `target` (null, TCP mode: the service itself): through the tunnel, or directly where "Domains to
   * Proxy" says so. `early`: what the local program sent right behind its request; it travels along, so that a
   * program which does not wait for the answer gets its first byte after one round trip.
   * Rejects with AppError: every refusal and failure there is. `tunnel/cancelled`: the local program has gone.
   */
  open: (target: HostAndPort | null, early?: Buffer) => Promise<Duplex>;
}

/**
 * Reads the request, opens the way, answers: with the protocol's own "yes", or its own refusal. Resolves with the far
 * side, both sockets paused, or with null when the request was answered here and the connection is over.
 * Throws TargetError after a refusal was sent.
 */
export type Route = (near: Duplex, parts: RouteParts) => Promise<Routed | null>;

export interface Routed {
  far: Duplex;
  /** For the activity list. */
  target: string;
}

/** A refusal that belongs to one target; carries which, for the activity list. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly target: string;

  constructor(target: string, cause: unknown) {
    super('target failed', { cause });
    this.target = target;
  }
}
