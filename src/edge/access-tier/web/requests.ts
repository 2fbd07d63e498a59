// What a browser's request is, before anybody is asked: for which address, for a page or by a program, of whose pages.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PublishedService } from '../../command-center/rulebook.ts';
import { HttpRefusal, namesOneHost } from '../../http/exchange.ts';
import type { RequestFacts } from '../../policy/exempted-requests.ts';
import { canonical } from './headers.ts';
import type { Site } from './browser-sign-in.ts';
import { coversOrigin } from './sites.ts';

export type Upgrade = { socket: Duplex; head: Buffer };

const WITHOUT_EFFECT = new Set(['GET', 'HEAD', 'OPTIONS']);

/** null: it names another host than the one this connection, or this listener, is for (RFC 9110 7.4). */
export function siteAt(
  request: IncomingMessage,
  service: PublishedService,
  origins: readonly string[],
  secure: boolean,
): Site | null {
  const asked = `${secure ? 'https' : 'http'}://${request.headers.host ?? ''}`;
  if (!namesOneHost(request) || !URL.canParse(asked)) return null;
  const { origin } = new URL(asked);
  return origins.some((known) => coversOrigin(known, origin)) ? { service, origin, secure } : null;
}

/** Frameworks take them for the method of a POST. */
const METHOD_OVERRIDES = new Set(['x-http-method-override', 'x-http-method', 'x-method-override']);

/** Empty where the backend may take another one: no rule then knows which action it is. */
export const methodOf = ({ method = '', headers }: IncomingMessage): string =>
  Object.keys(headers).some((name) => METHOD_OVERRIDES.has(canonical(name))) ? '' : method;

export const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? '';

/** Somebody looks at a page: only then do redirects and pages of ours help. */
export function isPage(
  { method, headers }: IncomingMessage,
  upgrade: Upgrade | undefined,
): boolean {
  if (upgrade || method !== 'GET') return false;
  const mode = headers['sec-fetch-mode'];
  if (mode === undefined) return headers.accept?.includes('text/html') ?? false;
  return mode === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

export function refuseUnclear(request: IncomingMessage, upgrade: Upgrade | undefined): void {
  const { method = '', url = '', headers } = request;
  // Another form of target names its own host (RFC 9112 3.2), which backends may believe.
  if (!url.startsWith('/')) throw new HttpRefusal(400, 'The path has to begin with a slash.');
  if (method === 'TRACE') throw new HttpRefusal(405, 'That method is not available here.');
  if (upgrade && (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket')) {
    throw new HttpRefusal(400, 'Only WebSocket is spoken besides HTTP.');
  }
}

/** SameSite=Lax lets neighbouring hosts send our cookie along: what changes something, only our own pages may send. */
export function isOfOtherSite(
  { method = '', headers }: IncomingMessage,
  { origin }: Site,
  upgrade: Upgrade | undefined,
): boolean {
  if (!upgrade && WITHOUT_EFFECT.has(method)) return false;
  const site = headers['sec-fetch-site'];
  return site === undefined || upgrade
    ? headers.origin !== undefined && headers.origin !== origin
    : site !== 'same-origin' && site !== 'none';
}

export const exemptionsOf = ({ service }: Site) => service.document.spec.http_settings.exemptions;

export const factsOf = ({ secure }: Site, request: IncomingMessage): RequestFacts => ({
  method: methodOf(request),
  path: pathOf(request),
  secure,
  host: request.headers.host ?? '',
  headers: request.headers,
  source: request.socket.remoteAddress ?? '',
});

/** Programs behind a page cannot follow a redirect to a sign-in page. */
export function isApi({ service }: Site, request: IncomingMessage): boolean {
  const { apiPath } = service.document.spec.http_settings;
  const below = apiPath.replace(/[/*]+$/, '');
  const path = pathOf(request);
  return path === below || path.startsWith(`${below}/`);
}
