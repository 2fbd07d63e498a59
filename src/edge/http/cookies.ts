// Cookies as the edge sets and reads them (RFC 6265). With https their names start with `__Host-`: browsers then keep
// them to this very host, so that a page of a neighbouring host cannot plant one here (RFC 6265bis 4.1.3.2).
import type { IncomingMessage } from 'node:http';

export interface CookieKind {
  name: string;
  /** Of the page's own address. Plain http is loopback only: there the prefix and Secure would keep it from being set. */
  secure: boolean;
  /** Plain http only: cookies ignore ports, so less of them goes to the neighbours on loopback. */
  plainPath?: string;
}

const nameOf = ({ name, secure }: CookieKind): string => (secure ? `__Host-${name}` : name);

/** Gone with the browser's session, unless `maxAgeSeconds` is given. Values are base64url or a compact token. */
export function setCookie(kind: CookieKind, value: string, maxAgeSeconds?: number): string {
  return [
    `${nameOf(kind)}=${value}`,
    `Path=${kind.secure ? '/' : (kind.plainPath ?? '/')}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(kind.secure ? ['Secure'] : []),
    ...(maxAgeSeconds === undefined ? [] : [`Max-Age=${maxAgeSeconds}`]),
  ].join('; ');
}

/** Empty when there is none, or more than one: which of them is ours cannot be told. */
export function readCookie(request: IncomingMessage, kind: CookieKind): string {
  const wanted = `${nameOf(kind)}=`;
  const found = pairsOf(request.headers.cookie).filter((pair) => pair.startsWith(wanted));
  return found.length === 1 ? (found[0] ?? '').slice(wanted.length) : '';
}

export const pairsOf = (cookie: string | undefined): string[] =>
  (cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
