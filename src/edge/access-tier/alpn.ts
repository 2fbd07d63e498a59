// What is spoken inside the TLS session, chosen from what the client offers (RFC 7301). Who offers nothing gets nothing.
import { PROBE_PROTOCOL } from '../../shared/protocol/probe.ts';

/** By which an ACME directory asks for proof (RFC 8737 3). */
export const ACME_PROTOCOL = 'acme-tls/1';

/** It offers nothing else. Whoever offers more asks for a service. */
export const isChallenge = (offered: readonly string[]): boolean =>
  offered.length === 1 && offered[0] === ACME_PROTOCOL;

/**
 * Always one of the offered: Node can answer "none of these" only with a fatal alert, and no client is refused for
 * what it offers. Except `acme-tls/1`: a service would seem to prove something by it.
 */
export function chooseProtocol(
  offered: readonly string[],
  isCollection: boolean,
): string | undefined {
  const known = isCollection ? [PROBE_PROTOCOL, 'h2', 'http/1.1'] : [PROBE_PROTOCOL, 'http/1.1'];
  // In TCP mode only the backend knows what it speaks: `http/1.1` means the same as no answer, else the client's first.
  return (
    known.find((protocol) => offered.includes(protocol)) ??
    offered.find((protocol) => protocol !== ACME_PROTOCOL)
  );
}
