// From the name a client asked for to the one address that is dialled: allow patterns on the name, override, resolve,
// allow patterns on the address.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { ServiceDocument } from '../command-center/documents.ts';
import {
  asCompared,
  dialledFor,
  matchAddress,
  matchName,
  patternsWithoutEffect,
  type TargetRules,
  whitelistWithoutEffect,
} from '../policy/allow-patterns.ts';

type Backend = ServiceDocument['spec']['backend'];

export type Target =
  | { ok: true; address: string; port: number }
  | { ok: false; code: 'target_not_allowed' | 'target_unresolvable'; reason: string };

export interface TargetRequest {
  host: string;
  port: number;
  /** The definition itself names it, without a template: then it may be the Access Tier's own machine. */
  fixed: boolean;
}

/** All addresses of a name, in order. */
export type Resolve = (name: string) => Promise<string[]>;

export const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** Read for every decision: interfaces come and go. */
const addressesOfThisMachine = (): string[] =>
  Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);

export interface Surroundings {
  resolve?: Resolve;
  ownAddresses?: () => string[];
}

const rulesOf = (backend: Backend): TargetRules => ({
  httpConnect: backend.http_connect,
  whitelist: backend.whitelist,
  patterns: backend.allow_patterns,
});

/** What is no mistake, and hardly what was meant. */
export function warningsOf(backend: Backend): string[] {
  const rules = rulesOf(backend);
  const own = backend.http_connect ? null : fixedTarget(backend, '');
  const warnings = [
    ...whitelistWithoutEffect(rules).map(
      (at) =>
        `spec.backend.whitelist[${at}] lets nothing through: a * counts at its beginning alone, and no name that is asked for has a port or a dot at its end.`,
    ),
    ...patternsWithoutEffect(rules, backend.dns_overrides).map(
      (at) =>
        `spec.backend.allow_patterns[${at}] lets nothing through: each of its hostnames is none that can be asked for (a port or a dot at its end, a * within), or is dialled at an address outside of its cidrs, and both have to fit. With "match": "any" either suffices.`,
    ),
  ];
  if (own?.fixed && matchName(rules, own.host, own.port).length === 0) {
    const where = rules.whitelist.length > 0 ? 'whitelist' : 'allow_patterns';
    warnings.push(
      `spec.backend.${where} does not name spec.backend.target, so nothing gets through: add "${own.host}".`,
    );
  }
  return warnings;
}

export async function findTarget(
  backend: Backend,
  { host, port, fixed }: TargetRequest,
  { resolve = resolveBySystem, ownAddresses = addressesOfThisMachine }: Surroundings = {},
): Promise<Target> {
  const refused: Target = {
    ok: false,
    code: 'target_not_allowed',
    reason: `${host}:${port} is not part of this service.`,
  };
  const candidates = matchName(rulesOf(backend), host, port);
  if (candidates.length === 0) return refused;

  // One step: an override that names another overridden name is looked up like any other name.
  const dialled = dialledFor(backend.dns_overrides, asCompared(host));
  const addresses = isIP(dialled) ? [dialled] : await resolve(dialled).catch(() => []);
  if (addresses.length === 0) {
    return { ok: false, code: 'target_unresolvable', reason: `${host} has no address.` };
  }
  const dialling = { fixed, ownAddresses };
  const address = addresses.find((each) => matchAddress(candidates, each, dialling));
  return address === undefined ? refused : { ok: true, address, port };
}

/** The backend of a service without HTTP CONNECT; `null`: the definition has none. */
export function fixedTarget(backend: Backend, serverName: string): TargetRequest | null {
  const { name = '', port, name_delimiter: delimiter = '' } = backend.target ?? {};
  if (!name || !port) return null;
  const [first = '', ...rest] = serverName.split('.');
  const parts = [...(delimiter ? first.split(delimiter) : [first]), ...rest];
  const host = name.replace(/\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    if (expression === '.Name') return first;
    if (expression === '.Domain') return rest.join('.');
    const [, index] = /^index \.Parts (\d+)$/.exec(expression) ?? [];
    return index === undefined ? '' : (parts[Number(index)] ?? '');
  });
  return { host, port, fixed: host === name };
}
