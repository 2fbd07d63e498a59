// Through which proxy this computer reaches the world: the person's setting, else what the environment says to every
// program. No library: banyanproxy starts for every ssh.
import { BlockList, isIP } from 'node:net';
import { isThisMachine, type UpstreamProxy } from '../../../proxy/index.ts';
import { AppError } from '../../../shared/errors.ts';
import type { HostAndPort } from '../../../shared/protocol/host-port.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type ChooseProxy = (target: HostAndPort) => UpstreamProxy | null;

export interface UpstreamProxies {
  choose: ChooseProxy;
  /** Somebody asked for a proxy that cannot be used: without it, connections go straight. To be told once. */
  problem: AppError | null;
}

/** In the settings: no proxy, whatever the environment says. */
const NONE = 'none';
const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'] as const;

export function upstreamProxies(environment: Environment, setting?: string): UpstreamProxies {
  const asked = setting
    ? { name: 'the proxy in the settings', text: setting }
    : fromEnvironment(environment);
  if (!asked || asked.text === NONE) return { choose: () => null, problem: null };
  const proxy = readProxy(asked.text);
  if ('problem' in proxy) {
    const message = `Banyan cannot use ${asked.name}: ${proxy.problem}. It connects without a proxy.`;
    return {
      choose: () => null,
      problem: new AppError('tunnel/upstream-proxy-failed', message),
    };
  }
  const exceptions = environment['NO_PROXY'] || environment['no_proxy'] || '';
  return {
    choose: (target) => (isException(target, exceptions) ? null : proxy),
    problem: null,
  };
}

function fromEnvironment(environment: Environment): { name: string; text: string } | null {
  for (const name of VARIABLES) {
    const text = environment[name]?.trim();
    if (text) return { name, text };
  }
  return null;
}

/** `http://[user:password@]host:port`; no part of it is quoted in a problem, as one of them is a password. */
function readProxy(text: string): UpstreamProxy | { problem: string } {
  const url = parse(text.includes('://') ? text : `http://${text}`);
  if (!url || !url.hostname) return { problem: 'it is not http://host:port' };
  const { protocol, hostname, port, username, password } = url;
  if (protocol !== 'http:') {
    return { problem: `it is of the kind ${protocol}//, and only http:// works` };
  }
  if (url.pathname !== '/' || url.search || url.hash) {
    return { problem: 'it has more than a host and a port' };
  }
  const pair = `${decoded(username)}:${decoded(password)}`;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || 80),
    authorization: username || password ? `Basic ${Buffer.from(pair).toString('base64')}` : null,
  };
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null; // the caller says what is wrong with it
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a "%" that was meant as one
  }
}

/** Loopback always; then `NO_PROXY`: `*`, `name` with what is under it, `.name`, addresses, networks, each with `:port`. */
export function isException({ host, port }: HostAndPort, exceptions: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isThisMachine(name)) return true;
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => matches(entry, name, port));
}

function matches(entry: string, name: string, port: number): boolean {
  if (entry === '*') return true;
  const [, bracketed, plain, ofPort] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  if (ofPort !== undefined && Number(ofPort) !== port) return false;
  // More than one ":" without brackets: an IPv6 address or network.
  const pattern = bracketed ?? plain ?? entry;
  const family = isIP(name);
  if (family !== 0) return isIn(name, family === 6 ? 'ipv6' : 'ipv4', pattern);
  const suffix = pattern.replace(/^\*?\./, '.').replace(/\.$/, '');
  return suffix.startsWith('.')
    ? name.endsWith(suffix)
    : name === suffix || name.endsWith(`.${suffix}`);
}

function isIn(address: string, family: 'ipv4' | 'ipv6', pattern: string): boolean {
  const [network = '', bits] = pattern.split('/');
  if (isIP(network) !== (family === 'ipv6' ? 6 : 4)) return false;
  const longest = family === 'ipv6' ? 128 : 32;
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (prefix < 0 || prefix > longest) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(address, family);
}
