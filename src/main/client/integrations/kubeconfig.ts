// The text of a kubeconfig: one of our own, whose users sign in by `banyan kube-token`, and one line in the person's, which says
// nothing of who she is to the cluster: that stays whatever it was.
import type { Pair, YAMLMap } from 'yaml';
import { AppError } from '../../../shared/errors.ts';
import type { ConfigEntry } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';

const HEAD = `# Written by Banyan, and again when something changes: what you write here is lost.
# Use it beside your own: KUBECONFIG=~/.kube/config:~/.kube/banyan
`;

export const isOurs = (text: string): boolean => text.startsWith('# Written by Banyan');

export const clusterOf = ({ kubeCluster, name }: Service): string => kubeCluster ?? name;

export interface Cluster extends ConfigEntry {
  server: string;
  /** `host:port` of the service on this computer. */
  at: string;
  /** PEM in base64. */
  ca: string;
}

export const clusterFor = (service: Service, at: string): Cluster => ({
  service: service.id,
  name: clusterOf(service),
  server: serverOf(service),
  at,
  ca: inBase64(service.kubeCa ?? ''),
});

/** The first host of the collection that is a whole name; the API may be called as the service is, too. */
function serverOf({ allowedTargets, domain }: Service): string {
  for (const { hostnames, ports } of allowedTargets) {
    const host = hostnames.find((name) => !name.includes('*'));
    const port = ports[0]?.split('-')[0] ?? '443';
    if (host) return `https://${host}${port === '443' ? '' : `:${port}`}`;
  }
  return `https://${domain}`;
}

const inBase64 = (pem: string): string =>
  pem.startsWith('-----') ? Buffer.from(pem).toString('base64') : pem;

/** What a person has set in it with kubectl, for names of ours. */
export interface Personal {
  contexts?: ReadonlyMap<string, { user?: string | undefined; namespace?: string | undefined }>;
  current?: string;
}

/** How kubectl runs `banyan`. */
export interface Plugin {
  /** Program and first arguments. */
  banyan: readonly string[];
  /** Folder of the client that holds the session. */
  home: string;
}

/**
 * Values as JSON has them, which YAML reads as they are. `plugin` null: no users, for a list that only we read, or where the
 * organisation has no tokens for clusters.
 */
export function kubeconfigOf(
  clusters: readonly Cluster[],
  plugin: Plugin | null,
  own: Personal = {},
): string {
  const current = clusters.some(({ name }) => name === own.current) ? own.current : undefined;
  const lists = clusters.map(({ service, name, server, at, ca }) => ({
    cluster: [
      `  - name: ${JSON.stringify(name)} # ${service}`,
      '    cluster:',
      `      server: ${JSON.stringify(server)}`,
      `      proxy-url: "http://${at}"`,
      `      certificate-authority-data: "${ca}"`,
    ],
    context: [
      `  - name: ${JSON.stringify(name)}`,
      `    context: { ${contextOf(name, { service, isSignedInByUs: plugin !== null }, own)} }`,
    ],
    user: plugin ? userOf(service, plugin) : [],
  }));
  return `${HEAD}apiVersion: v1
kind: Config
clusters:
${lists.flatMap(({ cluster }) => cluster).join('\n')}
contexts:
${lists.flatMap(({ context }) => context).join('\n')}
${plugin ? `users:\n${lists.flatMap(({ user }) => user).join('\n')}\n` : ''}${current === undefined ? '' : `current-context: ${JSON.stringify(current)}\n`}`;
}

/**
 * Named as the service is, since no user of her own kubeconfig is called so: of two with one name kubectl takes the first. Of
 * the two versions every kubectl in use knows v1beta1, and v1 only from 1.22 on; older ones pass over `interactiveMode`.
 */
function userOf(service: string, { banyan, home }: Plugin): string[] {
  const [command, ...first] = banyan;
  return [
    `  - name: ${JSON.stringify(service)}`,
    '    user:',
    '      exec:',
    '        apiVersion: client.authentication.k8s.io/v1beta1',
    `        command: ${JSON.stringify(command)}`,
    `        args: ${JSON.stringify([...first, ...pluginArguments(service)])}`,
    `        env: ${JSON.stringify([{ name: 'BANYAN_HOME', value: home }])}`,
    '        interactiveMode: Never',
  ];
}

export const pluginArguments = (service: string): string[] => ['kube-token', service];

/** A user that she has set herself stays: one that is not ours, nor "", which kubectl writes for none. */
function contextOf(
  name: string,
  { service, isSignedInByUs }: { service: string; isSignedInByUs: boolean },
  { contexts }: Personal,
): string {
  const { user, namespace } = contexts?.get(name) ?? {};
  const own = user === '' || user === service ? undefined : user;
  return Object.entries({
    cluster: name,
    user: own ?? (isSignedInByUs ? service : undefined),
    namespace,
  })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(', ');
}

const CLUSTER =
  /^ {2}- name: "(?<name>[^"]*)" # (?<service>\S+)\n {4}cluster:\n {6}server: "(?<server>[^"]*)"\n {6}proxy-url: "http:\/\/(?<at>[^"\s]+)"\n {6}certificate-authority-data: "(?<ca>[^"]*)"$/gm;

/** Of a file of ours. */
export const clustersIn = (text: string): Cluster[] =>
  [...text.matchAll(CLUSTER)].map(({ groups = {} }) => ({
    service: groups['service'] ?? '',
    name: groups['name'] ?? '',
    server: groups['server'] ?? '',
    at: groups['at'] ?? '',
    ca: groups['ca'] ?? '',
  }));

/** One cluster of the person's own kubeconfig that goes through a service. */
export interface ProxyLine {
  organisation: string;
  service: string;
  /** The context that was named, for her to name it again. */
  context: string;
  /** As in a cluster. */
  at: string;
}

/** Where a `proxy-url` of a cluster stands, written line by line. */
export interface FoundProxy {
  cluster: string;
  /** Without `http://`. */
  at: string;
  /** Of its whole line. */
  start: number;
  end: number;
  /** What stands beside it, where nothing has dropped that. */
  mark?: { organisation: string; service: string; context: string };
}

const MARK = / # Banyan (?<organisation>[0-9a-f]{16})\/(?<service>\S+) (?<context>[^\r\n]+)\r?\n?$/;

/** Those that lead to plain HTTP proxies, as ours do. */
export async function proxiesIn(text: string): Promise<FoundProxy[]> {
  if (!text.includes('proxy-url')) return []; // most files, without their being read as YAML
  const { isMap, isPair, isScalar, isSeq, parseDocument } = await import('yaml');
  const clusters = parseDocument(text, { merge: false }).get('clusters');
  const entries = isSeq(clusters) ? clusters.items : [];
  return entries.flatMap((entry): FoundProxy[] => {
    const map = isMap(entry) ? entry.get('cluster', true) : undefined;
    const name = isMap(entry) ? entry.get('name') : undefined;
    if (!isMap(map) || map.flow || typeof name !== 'string') return [];
    const pair = map.items.find(
      (item) => isPair(item) && isScalar(item.key) && item.key.value === 'proxy-url',
    );
    const { key, value } = pair ?? {};
    if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'string') return [];
    const [, at] = /^http:\/\/(\S+)$/.exec(value.value) ?? [];
    return at === undefined || !key.range ? [] : [lineAt(text, key.range[0], name, at)];
  });
}

function lineAt(text: string, within: number, cluster: string, at: string): FoundProxy {
  const start = text.lastIndexOf('\n', within - 1) + 1;
  const newline = text.indexOf('\n', within);
  const end = newline === -1 ? text.length : newline + 1;
  const { groups } = MARK.exec(text.slice(start, end)) ?? {};
  const { organisation = '', service = '', context = '' } = groups ?? {};
  return { cluster, at, start, end, ...(groups && { mark: { organisation, service, context } }) };
}

/** From the end, so that the places of the others stay true. */
const backwards = <Line extends { start: number }>(lines: readonly Line[]): Line[] =>
  lines.toSorted((one, other) => other.start - one.start);

export const withoutProxies = (text: string, lines: readonly FoundProxy[]): string =>
  backwards(lines).reduce((rest, line) => {
    const own = rest.slice(line.start, line.end);
    // kubectl may have put it first in its entry: the dash before it is not ours.
    if (/^\s*proxy-url/.test(own)) return rest.slice(0, line.start) + rest.slice(line.end);
    throw noPlace(`The proxy-url of "${line.cluster}" does not stand on a line of its own.`);
  }, text);

export const withUrls = (
  text: string,
  changes: readonly { found: FoundProxy; at: string }[],
): string =>
  backwards(changes.map(({ found, at }) => ({ ...found, now: at }))).reduce((rest, line) => {
    const own = rest.slice(line.start, line.end);
    const changed = own.replace(`http://${line.at}`, () => `http://${line.now}`);
    return rest.slice(0, line.start) + changed + rest.slice(line.end);
  }, text);

/** Every other byte stays. Throws `program/entry-not-allowed` where there is no place for it. */
export async function withProxyLine(
  text: string,
  line: ProxyLine,
): Promise<{ text: string; cluster: string }> {
  const { parseDocument, isMap, isSeq } = await import('yaml');
  const document = parseDocument(text, { merge: false });

  /** The value of `key` in the entry of this name. */
  function named(list: string, name: string, key: string): unknown {
    const entries = document.get(list);
    const entry = isSeq(entries)
      ? entries.items.find((item) => isMap(item) && item.get('name') === name)
      : undefined;
    return isMap(entry) ? entry.get(key, true) : undefined;
  }

  const context = named('contexts', line.context, 'context');
  const cluster = isMap(context) ? context.get('cluster') : undefined;
  if (typeof cluster !== 'string') throw noPlace(`It has no context "${line.context}".`);
  const map = named('clusters', cluster, 'cluster');
  if (!isMap(map)) throw noPlace(`It has no cluster "${cluster}".`);
  if (map.has('proxy-url')) throw noPlace(`The cluster "${cluster}" has a proxy-url already.`);
  return { text: insertedBefore(text, map, line), cluster };
}

function insertedBefore(text: string, map: YAMLMap, line: ProxyLine): string {
  const first = (map.items[0] as Pair<{ range?: [number, number, number] }> | undefined)?.key;
  const at = first?.range?.[0] ?? 0;
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const indent = text.slice(start, at);
  if (map.flow || !/^ +$/.test(indent)) throw noPlace('It is not written line by line.');
  const end = text.startsWith('\r', text.indexOf('\n', at) - 1) ? '\r\n' : '\n';
  const { organisation, service, context, at: proxy } = line;
  const added = `${indent}proxy-url: http://${proxy} # Banyan ${organisation}/${service} ${context}${end}`;
  return text.slice(0, start) + added + text.slice(start);
}

const noPlace = (why: string): AppError =>
  new AppError('program/entry-not-allowed', `Your kubeconfig was left as it is. ${why}`);
