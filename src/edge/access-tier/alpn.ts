// What is spoken inside the TLS session, chosen from what the client offers (RFC 7301). Who offers nothing gets nothing.

/** Asks only whether a connection would be let in (protocol 8). */
export const PROBE = 'banyan-probe/1';

/**
 * Always one of the offered: Node can answer "none of these" only with a fatal alert, and no client is refused for
 * what it offers.
 */
export function chooseProtocol(
  offered: readonly string[],
  isCollection: boolean,
): string | undefined {
  const known = isCollection ? [PROBE, 'h2', 'http/1.1'] : [PROBE, 'http/1.1'];
  // In TCP mode only the backend knows what it speaks: `http/1.1` means the same as no answer, else the client's first.
  return known.find((protocol) => offered.includes(protocol)) ?? offered[0];
}
