// Which header fields cross the Access Tier. Hop-by-hop ones end here (RFC 9110 7.6.1), our cookies stay here, and who
// the person is, only we tell the backend.
import type { IncomingMessage } from 'node:http';
import { NAMESPACE, type TrustTokenClaims } from '../../../shared/protocol/trust-token.ts';
import { pairsOf } from '../../http/cookies.ts';

export type Fields = Record<string, string | string[]>;

const HOP_BY_HOP = new Set([
  'connection',
  'expect', // answered here already
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Never of one hop (RFC 9110 7.6.1), whatever `Connection` says: without its length a body is read as another request. */
const OF_ALL_HOPS = new Set(['content-length', 'host']);
/** What backends believe about who asks and from where, and for which path. */
const OF_PROXIES =
  /^(?:forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|x-original-url|x-rewrite-url)$/;
const OURS = /^(?:__Host-)?bnn_/i;

/** Servers that hand headers on as variables take `-` and `_` for the same. */
export const canonical = (name: string): string => name.toLowerCase().replaceAll('_', '-');

export interface RequestFacts {
  /** Who has signed in; null: nobody had to. */
  person: { claims: TrustTokenClaims; token: string } | null;
  /** Header → template of the service's definition. */
  templates: Readonly<Record<string, string>>;
  protocol: 'http' | 'https';
}

export function fieldsForBackend(request: IncomingMessage, facts: RequestFacts): Fields {
  const { person, templates, protocol } = facts;
  const configured = new Set(Object.keys(templates).map(canonical));
  const dropped = connectionNames(request.headers.connection);
  const fields: Fields = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    const plain = canonical(name);
    const stays =
      values !== undefined &&
      !HOP_BY_HOP.has(plain) &&
      (!dropped.has(name) || OF_ALL_HOPS.has(name)) &&
      !configured.has(plain) &&
      !OF_PROXIES.test(plain);
    if (stays) fields[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  const cookies = pairsOf(request.headers.cookie).filter((pair) => !OURS.test(pair));
  if (cookies.length > 0) fields['cookie'] = cookies.join('; ');
  else delete fields['cookie'];
  // The length of a body stays what it was; without one, none must be made up.
  if (request.headers['transfer-encoding'] !== undefined) fields['transfer-encoding'] = 'chunked';
  else if (request.headers['content-length'] === undefined) {
    if (!['GET', 'HEAD', 'OPTIONS'].includes(request.method ?? '')) fields['content-length'] = '0';
  }
  fields['via'] = '1.1 banyan-access-tier'; // RFC 9110 7.6.3
  fields['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  fields['x-forwarded-proto'] = protocol;
  fields['x-forwarded-host'] = request.headers.host ?? '';
  if (!person) return fields;
  for (const [name, template] of Object.entries(templates)) {
    fields[name] = headerValue(expand(template, person.claims, person.token));
  }
  return fields;
}

/** As `writeHead` takes them: name, value, name, value. */
export function fieldsForBrowser(answer: IncomingMessage): string[] {
  const dropped = connectionNames(answer.headers.connection);
  const raw: string[] = [];
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    const name = answer.rawHeaders[at] ?? '';
    const value = answer.rawHeaders[at + 1] ?? '';
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || dropped.has(lower)) continue;
    if (lower === 'set-cookie' && OURS.test(value.trimStart())) continue;
    raw.push(name, value);
  }
  return raw;
}

const connectionNames = (connection: string | undefined): Set<string> =>
  new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()));

/** What stands between the braces of a template, and its value. */
const VARIABLES = new Map<string, (claims: TrustTokenClaims, token: string) => string>([
  ['.Email', ({ email }) => email],
  ['.Email.User', ({ email }) => email.split('@')[0] ?? ''],
  ['.Email.Domain', ({ email }) => email.split('@')[1] ?? ''],
  ['.Groups', ({ groups }) => groups.join(',')],
  ['.Platform', ({ [NAMESPACE]: device }) => device?.platform ?? ''],
  ['.DeviceID', ({ device_id: id }) => id],
  ['.SerialNumber', ({ serial_number: number }) => number],
  ['.DeviceOwnership', ({ [NAMESPACE]: device }) => device?.device_ownership ?? ''],
  ['.Name', ({ name }) => name],
  ['.JWT', (_, token) => token],
]);
export const HEADER_VARIABLES: readonly string[] = [...VARIABLES.keys()];
const TEMPLATE = /\{\{([^{}]*)\}\}/g;

const expand = (template: string, claims: TrustTokenClaims, token: string): string =>
  template.replace(
    TEMPLATE,
    (_, expression: string) => VARIABLES.get(expression.trim())?.(claims, token) ?? '',
  );

/** Those that are always empty, as they stand there. */
export const unknownTemplates = (template: string): string[] =>
  [...template.matchAll(TEMPLATE)].flatMap(([whole, expression = '']) =>
    VARIABLES.has(expression.trim()) ? [] : [whole],
  );

/** UTF-8 as Node takes it (one character a byte), and no line of its own. */
const headerValue = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- this is what is taken out
  Buffer.from(text.replace(/[\x00-\x1f\x7f]/g, ' '), 'utf8').toString('latin1');
