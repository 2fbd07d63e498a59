// What every local protocol does: from the local socket, find out where to and open the way there.
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { TunnelSpec } from '../messages.ts';

export interface RouteParts {
  spec: TunnelSpec;
  /** A fresh TLS session to the Access Tier; rejects with AppError. */
  dial: () => Promise<TLSSocket>;
  /** The local program has gone: whatever is still being opened for it is given up. */
  gone: AbortSignal;
}

/** Resolves with the far side, or null when the request was answered here and the connection is over. */
export type Route = (
  near: Duplex,
  parts: RouteParts,
) => Promise<{ far: Duplex; target: string } | null>;

/** A refusal that belongs to one target; carries which, for the activity list. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly target: string;

  constructor(target: string, cause: unknown) {
    super('target failed', { cause });
    this.target = target;
  }
}
