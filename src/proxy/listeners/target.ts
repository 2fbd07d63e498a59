// Where a local program wants to go, as it wrote it. Only what can be nothing but a host passes: the text goes on into
// the head of another request.
import { isIP, isIPv6 } from 'node:net';
import { type HostAndPort, parseHostPort } from '../../shared/protocol/host-port.ts';

// Names as DNS carries them; underscores are no host names by the book and common in companies.
const NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_.])?$/i;

/** null: no host, or port 0. */
export function targetOf(host: string, port: number): HostAndPort | null {
  if (port < 1 || port > 65_535) return null;
  // A zone (`%eth0`) means something on one machine only.
  const isHost = isIP(host) ? !host.includes('%') : NAME.test(host) && !host.includes('..');
  return isHost ? { host: host.toLowerCase(), port } : null;
}

/** `name`, `1.2.3.4`, `[v6]`, each with a port; `defaultPort` 0: the port is not optional. */
export function parseTarget(text: string, defaultPort: number): HostAndPort | null {
  const parsed = parseHostPort(text, defaultPort);
  if (!parsed || (text.startsWith('[') && !isIPv6(parsed.host))) return null;
  return targetOf(parsed.host, parsed.port);
}
