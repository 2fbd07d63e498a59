// Names to addresses for the client's own connections.
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** `localhost` and all below it are this computer (RFC 6761 6.3); Node's resolver does not know the names below. */
export function isLocalhost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost');
}

const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

export function lookupHost(host: string, options: LookupOptions, callback: Callback): void {
  if (!isLocalhost(host)) {
    lookup(host, options, callback);
    return;
  }
  const family = options.family === 6 || options.family === 'IPv6' ? 6 : options.family ? 4 : 0;
  const addresses = LOOPBACK.filter((entry) => family === 0 || entry.family === family);
  const [first] = addresses;
  if (options.all || !first) callback(null, addresses);
  else callback(null, first.address, first.family);
}
