// A browser is a program of ours too, and any web page can make it speak to a local port (cross-site requests, DNS
// rebinding). Judges whether HTTP that arrives here was written by a page from elsewhere. Pure: bytes in, verdict out.
import type { Field } from '../net/http-head.ts';
import { isThisMachine } from '../net/loopback.ts';

/**
 * The verdict on a beginning holds for every continuation; `incomplete` is all that may change. `watch`: a browser's own
 * request passes, but a page from elsewhere may send the next one over the same connection.
 */
export type Verdict = 'pass' | 'watch' | 'refuse' | 'incomplete';

/** HTTP whose head is longer is nothing that a person's program sends. */
const MAX_HEAD = 32 * 1024;

/** `ownNames`: hosts under which the service itself is known; without ports. */
export function judgeFirstBytes(bytes: Buffer, ownNames: readonly string[]): Verdict {
  const window = bytes.subarray(0, MAX_HEAD);
  const start = judgeStart(window);
  if (start !== 'http') return start;
  const end = endOfHead(window);
  if (end < 0) return window.length < MAX_HEAD ? 'incomplete' : 'refuse';
  const [, ...lines] = window.toString('latin1', 0, end).split(/\r?\n/);
  return judgeFields(lines.map(fieldOf), ownNames);
}

/** The whole answer to a refused request. */
export const WEB_PAGE_REFUSED =
  'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 46\r\n' +
  'X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n' +
  'Web pages from elsewhere may not use this port';

const SPACE = 0x20;
const SLASH = 0x2f;
const LF = 0x0a;
const CR = 0x0d;
const IS_TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789") IS_TOKEN[char.charCodeAt(0)] = 1;
for (let letter = 0; letter < 26; letter += 1) IS_TOKEN[65 + letter] = IS_TOKEN[97 + letter] = 1;

/**
 * `METHOD /path HTTP/1.x`: what a browser writes to a server. TLS, SSH, databases differ from it within their first
 * bytes; nobody is kept waiting who does not look like this. HTTP/2 in clear text is spoken by no browser.
 */
function judgeStart(bytes: Buffer): 'http' | 'pass' | 'incomplete' {
  let at = 0;
  while (at < bytes.length && IS_TOKEN[bytes[at] as number]) at += 1;
  // A browser writes its request line in one piece, whatever a page asks of it; so a lone word is somebody else's, and
  // must not wait for more (a single byte may be a whole message).
  if (at === 0 || bytes[at] !== SPACE || bytes[at + 1] !== SLASH) return 'pass';
  const lineFeed = bytes.indexOf(LF, at);
  // A page may choose how long its path is.
  if (lineFeed < 0) return bytes.length < MAX_HEAD ? 'incomplete' : 'http';
  const end = bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
  return / HTTP\/1\.\d$/.test(bytes.toString('latin1', Math.max(at, end - 9), end))
    ? 'http'
    : 'pass';
}

function endOfHead(bytes: Buffer): number {
  const ends = [bytes.indexOf('\n\r\n'), bytes.indexOf('\n\n')].filter((at) => at >= 0);
  return ends.length > 0 ? Math.min(...ends) : -1;
}

function fieldOf(line: string): Field {
  const colon = line.indexOf(':');
  return colon < 0
    ? { name: line.trim(), value: '' }
    : { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
}

/** A page can have other values sent for these, in some browsers even for `User-Agent`, but not their absence. */
const ONLY_BROWSERS = new Set(['upgrade-insecure-requests', 'priority', 'cookie']);

function judgeFields(fields: readonly Field[], ownNames: readonly string[]): Verdict {
  const names = new Set(fields.map(({ name }) => name.toLowerCase()));
  let isBrowser = names.has('accept-language') && names.has('accept-encoding');
  let isForeignHost = false;
  for (const { name, value } of fields) {
    const lower = name.toLowerCase();
    if (lower === 'origin') {
      if (isForeignOrigin(value, ownNames)) return 'refuse';
      isBrowser = true;
    } else if (lower === 'sec-fetch-site') {
      if (value !== 'none' && value !== 'same-origin') return 'refuse';
      isBrowser = true;
    } else if (lower.startsWith('sec-') || ONLY_BROWSERS.has(lower)) isBrowser = true;
    else if (lower === 'user-agent') isBrowser ||= value.startsWith('Mozilla/');
    else if (lower === 'host') isForeignHost ||= !isOwnHost(value, ownNames);
  }
  if (!isBrowser) return 'pass';
  return isForeignHost ? 'refuse' : 'watch';
}

/** `null` is the origin of sandboxed and local pages: anybody's. Extensions and desktop apps have schemes of their own. */
function isForeignOrigin(origin: string, ownNames: readonly string[]): boolean {
  const [, scheme, authority = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)$/i.exec(origin) ?? [];
  if (!scheme) return true;
  return /^https?$/i.test(scheme) && !isOwnHost(authority, ownNames);
}

/** `Host` or the authority of an origin: this computer, or one of the given names; whatever the port. */
export function isOwnHost(authority: string, ownNames: readonly string[] = []): boolean {
  const host = authority
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return isThisMachine(host) || ownNames.some((name) => name.toLowerCase() === host);
}
