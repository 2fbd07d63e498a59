// IP addresses and CIDR ranges as numbers. An IPv4 address written inside IPv6 (`::ffff:10.0.0.1`) is that IPv4 address.
import { isIP } from 'node:net';

export interface Address {
  bits: 32 | 128;
  value: bigint;
}
export interface Cidr extends Address {
  prefix: number;
}

const MAPPED_PREFIX = 0xffffn;

export function parseAddress(text: string): Address | null {
  const plain = text.replace(/%.*$/, '').replace(/^\[(.*)\]$/, '$1');
  if (isIP(plain) === 4) return { bits: 32, value: ipv4(plain) };
  if (isIP(plain) !== 6) return null;
  const value = ipv6(plain);
  return value >> 32n === MAPPED_PREFIX
    ? { bits: 32, value: value & 0xffffffffn }
    : { bits: 128, value };
}

/** A bare address is a range of one: the seeds' examples write both. */
export function parseCidr(text: string): Cidr | null {
  const [host = '', length, ...more] = text.split('/');
  const address = parseAddress(host);
  if (!address || more.length > 0) return null;
  if (length === undefined) return { ...address, prefix: address.bits };
  if (!/^\d{1,3}$/.test(length)) return null;
  // `::ffff:10.0.0.0/104` counts its prefix in IPv6 bits.
  const prefix = Number(length) - (host.includes(':') && address.bits === 32 ? 96 : 0);
  return prefix >= 0 && prefix <= address.bits ? { ...address, prefix } : null;
}

export const covers = (range: Cidr, address: Address): boolean =>
  range.bits === address.bits && network(range) === network({ ...address, prefix: range.prefix });

/** The whole of `inner` lies in `outer`. */
export const contains = (outer: Cidr, inner: Cidr): boolean =>
  inner.prefix >= outer.prefix && covers(outer, inner);

const network = ({ bits, value, prefix }: Cidr): bigint => value >> BigInt(bits - prefix);

const ipv4 = (text: string): bigint =>
  text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);

function ipv6(text: string): bigint {
  const dotted = text.replace(/\d+\.\d+\.\d+\.\d+$/, (tail) => {
    const value = ipv4(tail);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [left = '', right] = dotted.split('::');
  const parts = (side: string | undefined): string[] => (side ? side.split(':') : []);
  const [before, after] = [parts(left), parts(right)];
  const zeros = right === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].reduce(
    (value, part) => (value << 16n) | BigInt(`0x${part}`),
    0n,
  );
}
