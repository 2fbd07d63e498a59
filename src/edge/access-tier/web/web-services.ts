// Web services in the browser: a TrustToken in a cookie instead of a client certificate. Right host → callback or
// signed in → allowed now → backend. Asked for every request; what ends access cuts requests that run.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { TrustTokenClaims } from '../../../shared/protocol/trust-token.ts';
import type { Audit } from '../../audit/audit.ts';
import type { PublishedService, Rulebook } from '../../command-center/rulebook.ts';
import { HttpRefusal, sendProblem } from '../../http/exchange.ts';
import { type Log, reason } from '../../log.ts';
import { sendMessagePage } from '../../trust-provider/pages.ts';
import type { TokenCheck } from '../../trust-provider/token-check.ts';
import { CALLBACK_PATH, isWeb } from '../../trust-provider/web-clients.ts';
import { sendForbidden } from '../../trust-provider/web-sign-in.ts';
import { type Admission, type Admit, callerOfToken } from '../admit.ts';
import type { LiveConnections } from '../live-connections.ts';
import type { Reach } from '../reach.ts';
import { fixedTarget } from '../targets.ts';
import { forward, overTls } from './backend.ts';
import { type BrowserSignIn, createBrowserSignIn, type Site } from './browser-sign-in.ts';
import { fieldsForBackend } from './headers.ts';
import { createPatience } from './patience.ts';
import type { RelyingParty } from './relying-party.ts';

export interface WebServicesOptions {
  rulebook: Rulebook;
  admit: Admit;
  live: LiveConnections;
  reach: Reach;
  audit: Audit;
  tokens: TokenCheck;
  relyingParty: RelyingParty;
  secureOrigin(service: PublishedService): string;
  /** Of the same service on plain http, this computer only; null: there is none. */
  plainOrigin(service: PublishedService): string | null;
  limits: { requestMs: number; dialMs: number; idleMs: number };
  log: Log;
}

export interface WebServices {
  /** A connection whose server name is that of a WEB service; resolves when it is over. */
  serve(socket: TLSSocket): Promise<void>;
  /** On the plain listener of a loopback organisation: false when the host is no web service. */
  answerPlain(request: IncomingMessage, response: ServerResponse): boolean;
  upgradePlain(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

const KEEP_ALIVE_MS = 60_000;
const WITHOUT_EFFECT = new Set(['GET', 'HEAD', 'OPTIONS']);
type Upgrade = { socket: Duplex; head: Buffer };

export function createWebServices(options: WebServicesOptions): WebServices {
  const { rulebook, admit, live, reach, audit, tokens, limits, log } = options;
  const signIn: BrowserSignIn = createBrowserSignIn(options);

  const answer = async (
    site: Site,
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: Upgrade,
  ): Promise<void> => {
    const { service } = site;
    refuseUnclear(request, upgrade);
    if (pathOf(request) === CALLBACK_PATH) return signIn.finish(site, request, response);
    refuseOtherSites(request, site, upgrade);
    const token = signIn.tokenOf(site, request);
    const claims = await tokens.claims(token, service.id);
    const admission = claims && (await admit.again(callerOfToken(claims), service.id));
    if (!admission || needsSignIn(admission)) {
      if (!service.enabled) throw new HttpRefusal(403, 'This service is switched off.');
      if (isPage(request, upgrade)) return signIn.begin(site, request, response);
      throw new HttpRefusal(401, 'Open this service in the browser to sign in.', 'session_ended');
    }
    const entry = {
      correlation_id: randomUUID(),
      event: 'request',
      service: service.id,
      device: admission.caller?.deviceId ?? '',
      person: claims.email,
      from: request.socket.remoteAddress ?? '',
      ...('wouldDeny' in admission && admission.wouldDeny && { code: admission.wouldDeny.code }),
    } as const;
    if (!admission.allowed) {
      const { code, reason } = admission.denial;
      audit.write({ ...entry, allowed: false, code });
      if (isPage(request, upgrade)) return sendForbidden(response, service, reason);
      throw new HttpRefusal(403, reason, code);
    }
    const { socket } = request;
    const { caller } = admission;
    const done = live.add({
      caller,
      serviceId: service.id,
      socket,
      correlationIds: [entry.correlation_id],
    });
    // Judging again does not see the token: its end is known now.
    const expiry = setTimeout(() => socket.destroy(), untilEnd(claims));
    try {
      await pass({ site, request, response, upgrade, claims, token }, entry);
    } finally {
      clearTimeout(expiry);
      done();
    }
  };

  interface Passing {
    site: Site;
    request: IncomingMessage;
    response: ServerResponse;
    upgrade: Upgrade | undefined;
    claims: TrustTokenClaims;
    token: string;
  }

  const pass = async (
    { site, request, response, upgrade, claims, token }: Passing,
    entry: Parameters<Reach>[0]['entry'],
  ): Promise<void> => {
    const { backend: definition, http_settings: settings } = site.service.document.spec;
    const { host } = new URL(site.origin);
    const wanted = fixedTarget(definition, host.replace(/:\d+$/, ''));
    if (!wanted) throw new HttpRefusal(502, 'It has no target.', 'target_unresolvable');
    const gone = new AbortController();
    request.socket.once('close', () => gone.abort());
    const reached = await reach({ service: site.service, wanted, entry, signal: gone.signal });
    if (reached.refused) {
      throw new HttpRefusal(reached.status, reached.denial.reason, reached.denial.code);
    }
    try {
      const backend = definition.target?.tls
        ? await overTls(reached.backend, definition.target, wanted.host, limits.dialMs)
        : reached.backend;
      const protocol = site.secure ? 'https' : 'http';
      const templates = settings.headers;
      const fields = fieldsForBackend(request, { claims, token, templates, protocol });
      await forward({ request, response, backend, fields, idleMs: limits.idleMs, upgrade });
    } catch (error) {
      reached.backend.destroy();
      if (response.headersSent || response.destroyed || request.socket.destroyed) {
        request.socket.destroy(); // what was cut must not look whole
        return;
      }
      log('info', 'a backend failed', { service: site.service.id, reason: reason(error) });
      throw new HttpRefusal(502, 'The service does not answer.', 'target_unreachable');
    }
  };

  const run = (
    site: Site | null,
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: Upgrade,
  ): void => {
    const work = site
      ? answer(site, request, response, upgrade)
      : Promise.reject(new HttpRefusal(421, 'This server does not answer for that name.'));
    void work.catch((error: unknown) => {
      const refusal =
        error instanceof HttpRefusal ? error : new HttpRefusal(500, 'The server failed.');
      if (refusal !== error) log('error', 'web request failed', { reason: reason(error) });
      if (response.headersSent) return request.socket.destroy();
      // What is still coming belongs to a request that is not taken.
      if (!request.complete) response.setHeader('Connection', 'close');
      if (refusal.status !== 401 && isPage(request, upgrade)) {
        const sentences = [refusal.message];
        return sendMessagePage(response, refusal.status, { title: 'Not available', sentences });
      }
      return sendProblem(response, refusal);
    });
  };

  const siteOfTls = (request: IncomingMessage): Site | null => {
    const name = request.socket instanceof TLSSocket ? request.socket.servername : '';
    const service = rulebook.serviceByDomain(name || '');
    if (!service || !isWeb(service)) return null;
    return siteAt(request, service, options.secureOrigin(service), true);
  };
  const siteOfPlain = (request: IncomingMessage): Site | null => {
    const service = rulebook.serviceByDomain((request.headers.host ?? '').replace(/:\d+$/, ''));
    const origin = service && isWeb(service) ? options.plainOrigin(service) : null;
    return service && origin ? siteAt(request, service, origin, false) : null;
  };

  // Never listens: connections come from the Access Tier's port, by their server name.
  const server = createServer({
    maxHeaderSize: 32 * 1024,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0,
    highWaterMark: 64 * 1024,
  });
  const patience = createPatience(KEEP_ALIVE_MS + limits.requestMs);
  server.on('request', (request, response) => {
    patience.served(request.socket, response);
    run(siteOfTls(request), request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    patience.served(request.socket, null);
    run(siteOfTls(request), request, responseTo(request, socket), { socket, head });
  });
  server.on('clientError', (_, socket) => socket.destroy());

  return {
    serve(socket) {
      patience.begin(socket);
      live.drainBy(socket, () => patience.drain(socket));
      const over = new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
      });
      server.emit('connection', socket);
      return over;
    },
    answerPlain(request, response) {
      const site = siteOfPlain(request);
      if (site) run(site, request, response);
      return site !== null;
    },
    upgradePlain(request, socket, head) {
      const site = siteOfPlain(request);
      if (site) run(site, request, responseTo(request, socket), { socket, head });
      return site !== null;
    },
  };
}

/** null: it names another host than the one this connection, or this listener, is for (RFC 9110 7.4). */
function siteAt(
  request: IncomingMessage,
  service: PublishedService,
  origin: string,
  secure: boolean,
): Site | null {
  const asked = `${secure ? 'https' : 'http'}://${request.headers.host ?? ''}`;
  if (request.headersDistinct['host']?.length !== 1 || !URL.canParse(asked)) return null;
  return new URL(asked).origin === origin ? { service, origin, secure } : null;
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] ?? '';

const needsSignIn = (admission: Admission): boolean =>
  !admission.allowed && admission.denial.code === 'session_ended';

const untilEnd = ({ exp }: TrustTokenClaims): number =>
  Math.min(Math.max(exp * 1000 - Date.now(), 0), 2 ** 31 - 1);

/** Somebody looks at a page: only then do redirects and pages of ours help. */
function isPage({ method, headers }: IncomingMessage, upgrade: Upgrade | undefined): boolean {
  if (upgrade || method !== 'GET') return false;
  const mode = headers['sec-fetch-mode'];
  if (mode === undefined) return headers.accept?.includes('text/html') ?? false;
  return mode === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

function refuseUnclear(request: IncomingMessage, upgrade: Upgrade | undefined): void {
  const { method = '', url = '', headers } = request;
  // Another form of target names its own host (RFC 9112 3.2), which backends may believe.
  if (!url.startsWith('/')) throw new HttpRefusal(400, 'The path has to begin with a slash.');
  if (method === 'TRACE') throw new HttpRefusal(405, 'That method is not available here.');
  if (upgrade && (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket')) {
    throw new HttpRefusal(400, 'Only WebSocket is spoken besides HTTP.');
  }
}

/** SameSite=Lax lets neighbouring hosts send our cookie along: what changes something, only our own pages may send. */
function refuseOtherSites(
  { method = '', headers }: IncomingMessage,
  { origin }: Site,
  upgrade: Upgrade | undefined,
): void {
  if (!upgrade && WITHOUT_EFFECT.has(method)) return;
  const site = headers['sec-fetch-site'];
  const isOwn =
    site === undefined || upgrade
      ? headers.origin === undefined || headers.origin === origin
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new HttpRefusal(403, 'It was sent by a page of another site.');
}

/** For refusing an upgrade, or passing on that the backend has refused it. */
function responseTo(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(socket as Socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.end());
  return response;
}
