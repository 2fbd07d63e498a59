// The proxy auto-configuration of a CHAIN port: which addresses a browser sends through it. Served, never fetched.
import { isIPv4 } from 'node:net';
import { type SentThrough, sendsEverything } from '../../shared/model/service.ts';

export const PAC_TYPE = 'application/x-ns-proxy-autoconfig';

/** Of 127.0.0.0/8. Who lets a wider network through means other computers, not the one that asks. */
const LOOPBACK_MASK = 0xff000000;

/** Names in lower case, and networks as two 32-bit numbers. */
interface Matched {
  exact: string[];
  ends: string[];
  begins: string[];
  networks: [address: number, mask: number][];
}

/**
 * "Domains to Proxy", read as include-domains.ts does; where there are none, what the definition lets through, as far as an
 * address tells it: ports, and the addresses behind a name, are for the Access Tier to judge. Where neither says anything,
 * everything goes through the port but what is on this computer itself. In the oldest JavaScript there is, because Windows
 * runs it in an engine of 1999. `proxy`: `host:port` of the local port.
 */
export function pacScript(proxy: string, sent: SentThrough): string {
  const { includeDomains, allowedTargets = [] } = sent;
  const { exact, ends, begins, networks } =
    includeDomains.length > 0 ? ofDomains(includeDomains) : ofTargets(allowedTargets);
  return `var proxy = ${literal(`PROXY ${proxy}`)};
var everything = ${literal(sendsEverything(sent))};
var exact = ${literal(exact)};
var ends = ${literal(ends)};
var begins = ${literal(begins)};
var networks = ${literal(networks)};

function endsWith(name, end) {
  return name.length >= end.length && name.substring(name.length - end.length) === end;
}

function isLoopback(name) {
  return name === "localhost" || endsWith(name, ".localhost") || name === "::1" || name === "[::1]" ||
    /^127\\.\\d+\\.\\d+\\.\\d+$/.test(name);
}

function numberOf(name) {
  var parts = /^(\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)$/.exec(name);
  return parts ? ((parts[1] << 24) | (parts[2] << 16) | (parts[3] << 8) | parts[4]) >>> 0 : -1;
}

function FindProxyForURL(url, host) {
  var name = String(host).toLowerCase().replace(/\\.$/, "");
  var number = numberOf(name);
  var i;
  if (everything) return isLoopback(name) ? "DIRECT" : proxy;
  for (i = 0; i < exact.length; i += 1) if (name === exact[i]) return proxy;
  for (i = 0; i < ends.length; i += 1) if (endsWith(name, ends[i])) return proxy;
  for (i = 0; i < begins.length; i += 1) {
    if (name.substring(0, begins[i].length) === begins[i]) return proxy;
  }
  for (i = 0; number >= 0 && i < networks.length; i += 1) {
    if (isLoopback(name) && networks[i][1] < ${LOOPBACK_MASK}) continue;
    if ((number & networks[i][1]) >>> 0 === networks[i][0]) return proxy;
  }
  return "DIRECT";
}`;
}

function ofDomains(domains: readonly string[]): Matched {
  const matched: Matched = { exact: [], ends: [], begins: [], networks: [] };
  for (const entry of domains) {
    const domain = entry.toLowerCase().replace(/^\*(?=\.)/, '');
    (domain.startsWith('.') ? matched.ends : matched.exact).push(domain);
  }
  return matched;
}

/** A name has to match, where names are given; else its address, which is known only where it is written as one. */
function ofTargets(targets: NonNullable<SentThrough['allowedTargets']>): Matched {
  const matched: Matched = { exact: [], ends: [], begins: [], networks: [] };
  for (const { hostnames, cidrs } of targets) {
    for (const hostname of hostnames) {
      const name = hostname.toLowerCase();
      if (name.startsWith('*')) matched.ends.push(name.slice(1));
      else if (name.endsWith('*')) matched.begins.push(name.slice(0, -1));
      else matched.exact.push(name);
    }
    if (hostnames.length === 0) matched.networks.push(...cidrs.flatMap(networkOf));
  }
  return matched;
}

/** Nothing of IPv6: an engine of that age has no numbers for it. */
function networkOf(cidr: string): [address: number, mask: number][] {
  const [address = '', bits = '32'] = cidr.split('/');
  if (!isIPv4(address)) return [];
  const mask = bits === '0' ? 0 : (-1 << (32 - Number(bits))) >>> 0;
  const number = address.split('.').reduce((all, part) => all * 256 + Number(part), 0);
  return [[(number & mask) >>> 0, mask]];
}

/** JSON is JavaScript only without these two line ends; and a script without a charset is safest in ASCII. */
const literal = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
