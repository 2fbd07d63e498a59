// Which targets a service lets through: whitelist and allow patterns of its backend. Two questions, because a name is
// judged as it was asked for, and an address as it was resolved.
import { type Address, type Cidr, contains, covers, parseAddress, parseCidr } from './addresses.ts';

export interface AllowPattern {
  hostnames: readonly string[];
  cidrs: readonly string[];
  ports: { list: readonly number[]; ranges: readonly { min: number; max: number }[] };
  /** Where hostnames and cidrs are both listed: both must match, or any of the two. */
  match: 'all' | 'any';
}

export interface TargetRules {
  httpConnect: boolean;
  whitelist: readonly string[];
  patterns: readonly AllowPattern[];
}

/** What the name left open: the address must satisfy one of these. Empty: the name was refused. */
export type Candidates = readonly Candidate[];
interface Candidate {
  /** Empty: any address. */
  cidrs: readonly Cidr[];
}

const ANY: Candidate = { cidrs: [] };

/** A dot at its end says the same of a name (RFC 1034 3.1). */
export const asCompared = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** What is dialled in place of a name; the name itself where nothing stands for it. */
export const dialledFor = (overrides: Readonly<Record<string, string>>, name: string): string =>
  Object.entries(overrides).find(([from]) => asCompared(from) === asCompared(name))?.[1] ?? name;

/** First question: host and port as requested, before any override. */
export function matchName(rules: TargetRules, host: string, port: number): Candidates {
  const name = asCompared(host);
  if (rules.whitelist.length > 0) {
    // A whitelist that is filled in counts alone.
    return rules.whitelist.some((entry) => matchesPrefix(entry, name)) ? [ANY] : [];
  }
  if (rules.patterns.length === 0) return [ANY];
  return rules.patterns.flatMap((pattern) => {
    const named = pattern.hostnames.some((entry) => matchesWildcard(entry, name));
    // Without HTTP CONNECT only the host names of a pattern count.
    if (!rules.httpConnect) return named ? [ANY] : [];
    if (!matchesPort(pattern, port)) return [];
    if (pattern.hostnames.length === 0) return [{ cidrs: ranges(pattern) }];
    if (pattern.match === 'any' && pattern.cidrs.length > 0) {
      return [named ? ANY : { cidrs: ranges(pattern) }];
    }
    return named ? [{ cidrs: ranges(pattern) }] : [];
  });
}

/** What a name is compared with has no dot at its end and no port, and a `*` stands for something at either end only. */
const mayBeAsked = (entry: string): boolean =>
  !/[*/\s]|\.$/.test(entry.replace(/^\*/, '').replace(/\*$/, '')) && !/^[^:]+:\d+$/.test(entry);

/** Entries of a whitelist that let nothing through, counted from 0. */
export const whitelistWithoutEffect = ({ whitelist }: TargetRules): number[] =>
  whitelist.flatMap((entry, at) =>
    mayBeAsked(entry) && !entry.slice(1).endsWith('*') ? [] : [at],
  );

/**
 * Which patterns let nothing through, counted from 0: none of their names is one that can be asked for; or of each the address
 * is written down, and lies in none of their ranges. What DNS says of a name is nobody's to know here.
 */
export const patternsWithoutEffect = (
  { httpConnect, patterns }: TargetRules,
  overrides: Readonly<Record<string, string>>,
): number[] =>
  patterns.flatMap((pattern, at) => {
    const { hostnames, match } = pattern;
    const isByAddress = httpConnect && match === 'any' && pattern.cidrs.length > 0;
    if (hostnames.length > 0 && !isByAddress && !hostnames.some(mayBeAsked)) return [at];
    if (!httpConnect || match === 'any' || hostnames.length === 0 || pattern.cidrs.length === 0) {
      return [];
    }
    const isOutside = (name: string): boolean => {
      const address = parseAddress(dialledFor(overrides, name));
      return address !== null && !ranges(pattern).some((range) => covers(range, address));
    };
    return hostnames.every(isOutside) ? [at] : [];
  });

/** Behind these are the Access Tier's own machine, its cloud's metadata and whole networks at once. Narrow before wide. */
const CLOSED_RANGES = [
  '127.0.0.0/8 169.254.0.0/16 0.0.0.0/8 ::1/128 ::/128 fe80::/10',
  // Metadata of clouds outside link-local: AWS over IPv6, Azure, Alibaba.
  'fd00:ec2::254/128 168.63.129.16/32 100.100.100.200/32',
  // IPv4 inside IPv6, which would lead around every range above: RFC 4291 2.5.5.1, RFC 6052 2.1, RFC 3056 2.
  '::/96 64:ff9b::/96 2002::/16',
  '224.0.0.0/4 ff00::/8 255.255.255.255/32',
]
  .flatMap((line) => line.split(' '))
  .map(parseCidr)
  .filter((range) => range !== null);

export interface Dialling {
  /** The definition itself names the target: it may be the Access Tier's own machine. */
  fixed: boolean;
  /** Of the Access Tier's own machine, in all its networks. Asked only where they matter: reading them is slow. */
  ownAddresses: () => readonly string[];
}

/** Second question: the address that would be dialled. */
export function matchAddress(
  candidates: Candidates,
  address: string,
  { fixed, ownAddresses }: Dialling,
): boolean {
  const parsed = parseAddress(address);
  if (!parsed) return false;
  const closed = fixed ? undefined : closedRangeOf(parsed, ownAddresses());
  return candidates.some(({ cidrs }) => {
    const covering = cidrs.filter((range) => covers(range, parsed));
    if (cidrs.length > 0 && covering.length === 0) return false;
    // `0.0.0.0/0` covers loopback too, but was hardly written for it: the range must lie within.
    return !closed || covering.some((range) => contains(closed, range));
  });
}

function closedRangeOf(address: Address, ownAddresses: readonly string[]): Cidr | undefined {
  const own = ownAddresses.map(parseCidr).filter((range) => range !== null);
  return [...CLOSED_RANGES, ...own].find((range) => covers(range, address));
}

function matchesPort({ ports }: AllowPattern, port: number): boolean {
  if (ports.list.length === 0 && ports.ranges.length === 0) return true;
  return (
    ports.list.includes(port) || ports.ranges.some(({ min, max }) => min <= port && port <= max)
  );
}

const ranges = ({ cidrs }: AllowPattern): Cidr[] =>
  cidrs.map(parseCidr).filter((range) => range !== null);

function matchesWildcard(entry: string, name: string): boolean {
  const wanted = entry.toLowerCase();
  const leading = wanted.startsWith('*');
  const trailing = wanted.length > 1 && wanted.endsWith('*');
  const core = wanted.slice(leading ? 1 : 0, trailing ? -1 : undefined);
  if (leading && trailing) return name.includes(core);
  if (leading) return name.endsWith(core);
  if (trailing) return name.startsWith(core);
  return name === core;
}

/** Entries of a whitelist may only start with `*`. */
const matchesPrefix = (entry: string, name: string): boolean =>
  entry.startsWith('*')
    ? name.endsWith(entry.slice(1).toLowerCase())
    : name === entry.toLowerCase();
