// A request in absolute form (RFC 9112 3.2.2), written anew for the server that it names. Nothing is copied as it came:
// what two readers could understand differently is refused, so one request can never become two.
import { formatHostPort, type HostAndPort } from '../../shared/protocol/host-port.ts';
import { type Field, type Head } from '../net/http-head.ts';
import type { Answer } from './answers.ts';
import { type Framing, framingOf, listOf } from './http-body.ts';
import { parseTarget } from './target.ts';

/** This proxy in `Via` (RFC 9110 7.6.3): a pseudonym, because the real name of this computer is nobody's business. */
const VIA = 'banyan';

// RFC 9110 7.6.1 and, from HTTP/1.0's days, Proxy-Connection. Trailer: trailers are not passed on.
const HOP_BY_HOP = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
];
/** Written by us. */
const OURS = ['host', 'content-length', 'transfer-encoding'];

export interface RequestLine {
  method: string;
  /** The request target. */
  url: string;
  /** `1.0` or `1.1`. */
  version: string;
}

export interface Forward {
  target: HostAndPort;
  /** In origin form, with `Connection: close`: one connection carries one request. */
  head: Buffer;
  framing: Framing;
}

export function forwardRequest(
  { method, url, version }: RequestLine,
  { lines }: Head,
): Forward | Answer {
  const [, authority, path] = /^http:\/\/([^/?#]*)([/?][^#]*)?$/i.exec(url) ?? [];
  const target = authority === undefined ? null : parseTarget(authority, 80);
  if (!target) return badRequest('That is no http:// address with a host and nothing secret.');
  const hosts = lines.filter(({ name }) => name.toLowerCase() === 'host');
  if (hosts.length > 1 || (version === '1.1' && hosts.length === 0)) {
    return badRequest('A request needs exactly one Host field.');
  }
  const framing = framingOf(lines, version);
  if (!framing) return badRequest('The length of the request cannot be told for certain.');
  const dropped = new Set([...HOP_BY_HOP, ...OURS, ...connectionOptions(lines)]);
  const text = [
    `${method} ${originForm(method, path)} HTTP/${version}`,
    `Host: ${formatHostPort(target).replace(/:80$/, '')}`,
    ...lines.filter(({ name }) => !dropped.has(name.toLowerCase())).map(formatField),
    ...framingFields(framing),
    `Via: ${version} ${VIA}`,
    'Connection: close',
    '\r\n',
  ].join('\r\n');
  return { target, head: Buffer.from(text, 'latin1'), framing };
}

const badRequest = (text: string): Answer => ({ status: '400 Bad Request', text });

const formatField = ({ name, value }: Field): string => `${name}: ${value}`;

const connectionOptions = (lines: readonly Field[]): string[] =>
  listOf(lines, 'connection').map((option) => option.toLowerCase());

/** RFC 9112 3.2.1 and, for OPTIONS of a whole server, 3.2.4. */
function originForm(method: string, path: string | undefined): string {
  if (path === undefined) return method === 'OPTIONS' ? '*' : '/';
  return path.startsWith('/') ? path : `/${path}`;
}

function framingFields(framing: Framing): string[] {
  if (framing.kind === 'chunked') return ['Transfer-Encoding: chunked'];
  return framing.kind === 'length' ? [`Content-Length: ${framing.bytes}`] : [];
}

/**
 * The head of an answer for a client that must not send a second request on this connection; null: this is no HTTP/1.
 * More forgiving than with requests: only this one client reads it, and then the connection is over.
 */
export function forwardAnswer(head: string): { isInterim: boolean; head: Buffer } | null {
  const [statusLine = '', ...rest] = head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  const [, version, status] = /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: |$)/.exec(statusLine) ?? [];
  if (!version || !status) return null;
  const lines = rest.flatMap((line): Field[] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    return colon > 0 && name ? [{ name, value: line.slice(colon + 1).trim() }] : [];
  });
  const dropped = new Set([...HOP_BY_HOP, ...connectionOptions(lines)]);
  // The body behind it is passed on as it comes, so what says where it ends and how it is written stays.
  for (const name of ['trailer', 'transfer-encoding', 'content-length']) dropped.delete(name);
  // RFC 9112 6.1: the coding counts.
  if (lines.some(({ name }) => name.toLowerCase() === 'transfer-encoding')) {
    dropped.add('content-length');
  }
  // 100 Continue and its like come before the answer itself; 101 is the end of HTTP.
  const isInterim = status.startsWith('1') && status !== '101';
  const text = [
    statusLine,
    ...lines.filter(({ name }) => !dropped.has(name.toLowerCase())).map(formatField),
    `Via: ${version} ${VIA}`,
    ...(isInterim ? [] : ['Connection: close']),
    '\r\n',
  ].join('\r\n');
  return { isInterim, head: Buffer.from(text, 'latin1') };
}
