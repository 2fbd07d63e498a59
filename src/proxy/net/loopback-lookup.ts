// Name resolution as `net.connect` and `tls.connect` want it, with one addition: `localhost` and everything under it
// is loopback (RFC 6761 6.3). Node asks the system's resolver instead, which mostly does not know `x.localhost`.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

const LOOPBACK: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

export const isLocalhost = (name: string): boolean => /^(?:[^.]+\.)*localhost\.?$/i.test(name);

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
