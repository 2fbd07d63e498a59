// What is this machine: loopback addresses, and `localhost` with everything under it (RFC 6761 6.3).
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const isLocalhost = (name: string): boolean => /^(?:[^.]+\.)*localhost\.?$/i.test(name);

const ADDRESSES = new BlockList();
ADDRESSES.addSubnet('127.0.0.0', 8, 'ipv4');
ADDRESSES.addAddress('::1', 'ipv6');

/** A name or an address in whatever spelling, ::ffff:127.0.0.1 included; without brackets. */
export function isThisMachine(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? isLocalhost(host) : ADDRESSES.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** As `net.connect` and `tls.connect` want it. Node asks the system's resolver, which mostly does not know `x.localhost`. */
export const loopbackLookup: LookupFunction = (hostname, options, callback) => {
  if (!isLocalhost(hostname)) {
    systemLookup(hostname, options, callback);
    return;
  }
  const wanted = LOOPBACK.filter(({ family }) => !options.family || options.family === family);
  const [first = LOOPBACK[0] as LookupAddress] = wanted;
  process.nextTick(() => {
    if (options.all) callback(null, wanted);
    else callback(null, first.address, first.family);
  });
};
