// Requests to a web service that nobody has to sign in for (HostedService spec: exempted_paths, http_health_check). What is
// not clearly exempted is not exempted.
import { covers, parseAddress, parseCidr } from './addresses.ts';

/** Everywhere `*` alone matches whatever is there, and nothing being there. */
export interface RequestPattern {
  /** Empty: from anywhere. */
  sourceCidrs: readonly string[];
  /** One of these. `scheme://host[:port]`; a `*` stands for one label of the host. */
  hosts: readonly { origins: readonly string[]; targets: readonly string[] }[];
  /** One of these. */
  methods: readonly string[];
  /** All of these are there, whatever they say. */
  mandatoryHeaders: readonly string[];
  /** One of these; a `*` at the end stands for anything. */
  paths: readonly string[];
}

export interface Exemptions {
  paths: readonly string[];
  patterns: readonly RequestPattern[];
  healthCheck: HealthCheck | null;
}

export interface HealthCheck {
  path: string;
  method: string;
  /** Part of the User-Agent; empty: whatever it is. */
  userAgent: string;
  /** Addresses or CIDRs; empty: from anywhere. */
  fromAddresses: readonly string[];
  /** It comes over TLS. */
  https: boolean;
}

export interface RequestFacts {
  method: string;
  /** As it stands in the request line, without the query. */
  path: string;
  secure: boolean;
  /** `host[:port]` that was asked for. */
  host: string;
  /** Field names in small letters. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Address of the client. */
  source: string;
}

export function isExempted(exemptions: Exemptions, request: RequestFacts): boolean {
  if (!isPlainPath(request.path)) return false;
  const { paths, patterns, healthCheck } = exemptions;
  return (
    paths.some((path) => matchesPath(path, request.path)) ||
    patterns.some((pattern) => matchesPattern(pattern, request)) ||
    (healthCheck !== null && isHealthCheck(healthCheck, request))
  );
}

/** The backend may read `/open/..%2fadmin`, or `/admin#/open`, as another path than we do. */
export const isPlainPath = (path: string): boolean =>
  path.startsWith('/') &&
  !/%2[35ef]|%3[bf]|%5c|%[01][0-9a-f]|%7f|[\\;#]|\/\//i.test(path) &&
  !path.split('/').some((segment) => segment === '.' || segment === '..');

const matchesPath = (pattern: string, path: string): boolean =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

function matchesPattern(pattern: RequestPattern, request: RequestFacts): boolean {
  const { method, path, headers, secure, host, source } = request;
  const origin = headers['origin'];
  const target = `${secure ? 'https' : 'http'}://${host}`;
  return (
    isFrom(pattern.sourceCidrs, source) &&
    oneOf(pattern.methods, (wanted) => wanted.toUpperCase() === method) &&
    oneOf(pattern.paths, (wanted) => matchesPath(wanted, path)) &&
    pattern.mandatoryHeaders.every(
      (name) => name === '*' || headers[name.toLowerCase()] !== undefined,
    ) &&
    pattern.hosts.some(
      ({ origins, targets }) =>
        oneOf(origins, (wanted) => typeof origin === 'string' && matchesOrigin(wanted, origin)) &&
        oneOf(targets, (wanted) => matchesOrigin(wanted, target)),
    )
  );
}

const oneOf = (list: readonly string[], matches: (wanted: string) => boolean): boolean =>
  list.some((wanted) => wanted === '*' || matches(wanted));

function isHealthCheck(
  check: HealthCheck,
  { method, path, secure, headers, source }: RequestFacts,
) {
  const agent = headers['user-agent'];
  return (
    path === check.path &&
    method === check.method.toUpperCase() &&
    secure === check.https &&
    (check.userAgent === '' || (typeof agent === 'string' && agent.includes(check.userAgent))) &&
    isFrom(check.fromAddresses, source)
  );
}

function isFrom(ranges: readonly string[], source: string): boolean {
  if (ranges.length === 0) return true;
  const address = parseAddress(source);
  return address !== null && ranges.map(parseCidr).some((range) => range && covers(range, address));
}

interface Origin {
  scheme: string;
  labels: string[];
  port: string;
}

const PORTS: Record<string, string> = { http: '80', https: '443' };

/** null: not `scheme://host[:port]`, with `*` for whole labels. */
export function parseOrigin(text: string): Origin | null {
  const match = /^(https?):\/\/((?:[a-z0-9_-]+|\*)(?:\.(?:[a-z0-9_-]+|\*))*)(?::(\d{1,5}))?$/i.exec(
    text,
  );
  if (!match) return null;
  const [, scheme = '', host = '', port = PORTS[scheme.toLowerCase()] ?? ''] = match;
  return { scheme: scheme.toLowerCase(), labels: host.toLowerCase().split('.'), port };
}

function matchesOrigin(pattern: string, text: string): boolean {
  const [wanted, given] = [parseOrigin(pattern), parseOrigin(text)];
  if (!wanted || !given) return false;
  return (
    wanted.scheme === given.scheme &&
    wanted.port === given.port &&
    wanted.labels.length === given.labels.length &&
    wanted.labels.every((label, at) => label === '*' || label === given.labels[at])
  );
}
