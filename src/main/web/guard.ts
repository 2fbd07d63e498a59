// Turns away every request that did not come from our own page, before anything reads it. A web page elsewhere can
// reach loopback too: by a form, by fetch, by a name of its own that it lets point here (DNS rebinding).
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** null: go on. Otherwise why not, for the log. */
export function whyRefused(request: Guarded, port: number): string | null {
  const { headers } = request;
  const host = `127.0.0.1:${port}`;
  if (headers.host !== host) return 'another Host: a name was pointed at this port';
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    return 'another Origin: a page elsewhere sent it';
  }
  const site = headers['sec-fetch-site'];
  const isOurs = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOurs && !isOpening(request)) {
    return 'another site: a page elsewhere caused it';
  }
  return null;
}

type Guarded = Pick<IncomingMessage, 'headers' | 'method' | 'url'>;

/**
 * Opening the page in a tab: to a browser our own launch file is another site, and so is a link in somebody's chat.
 * The bare page tells nothing and does nothing without a key, and it cannot be framed.
 */
const isOpening = ({ method, url, headers }: Guarded): boolean =>
  method === 'GET' &&
  url === '/' &&
  headers['sec-fetch-mode'] === 'navigate' &&
  headers['sec-fetch-dest'] === 'document';

/** Without telling by its time how much of it was right. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

export function bearerOf({ headers }: IncomingMessage): string | null {
  const match = /^Bearer ([\w-]{20,100})$/.exec(headers.authorization ?? '');
  return match?.[1] ?? null;
}
