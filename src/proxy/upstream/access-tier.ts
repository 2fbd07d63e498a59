// The way to the Access Tier: mutual TLS, and inside it what the mode wants.
import type { SecureContext, TLSSocket } from 'node:tls';
import { dialFailure, noCredentials } from '../failures.ts';
import type { TunnelSpec } from '../messages.ts';
import type { TlsContexts } from '../net/credentials.ts';
import { dialTls } from '../net/dial.ts';

const DIAL_DEADLINE_MS = 20_000;

export interface UpstreamParts {
  spec: TunnelSpec;
  /** Asked for every connection, so that a renewal reaches the next one. */
  contexts: () => TlsContexts | null;
}

export async function dialAccessTier(
  { spec, contexts }: UpstreamParts,
  signal?: AbortSignal,
): Promise<TLSSocket> {
  const current = contexts();
  if (!current) throw noCredentials();
  const secureContext: SecureContext = current[spec.ca];
  try {
    const socket = await dialTls({
      ...spec.accessTier,
      serverName: spec.serverName,
      secureContext,
      deadlineMs: DIAL_DEADLINE_MS,
      signal,
    });
    // From here on somebody must always listen: an unheard 'error' ends the process.
    socket.on('error', () => {});
    return socket;
  } catch (error) {
    throw dialFailure(spec, error);
  }
}
