// What is spoken inside the TLS session, chosen from what the client offers (RFC 7301). Who offers nothing gets nothing.
import { PROBE_PROTOCOL } from '../../shared/protocol/probe.ts';

/**
 * Always one of the offered: Node can answer "none of these" only with a fatal alert, and no client is refused for
 * what it offers.
 */
export function chooseProtocol(
  offered: readonly string[],
  isCollection: boolean,
): string | undefined {
  const known = isCollection ? [PROBE_PROTOCOL, 'h2', 'http/1.1'] : [PROBE_PROTOCOL, 'http/1.1'];
  // In TCP mode only the backend knows what it speaks: `http/1.1` means the same as no answer, else the client's first.
  return known.find((protocol) => offered.includes(protocol)) ?? offered[0];
}
