// Web services in the browser: a TrustToken in a cookie instead of a client certificate. Right host → callback or
// signed in → allowed now → backend. Asked for every request; what ends access cuts requests that run.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { TrustTokenClaims } from '../../../shared/protocol/trust-token.ts';
import type { Audit } from '../../audit/audit.ts';
import type { Changes } from '../../changes.ts';
import type { Rulebook } from '../../command-center/rulebook.ts';
import { HttpRefusal, misdirected, sendProblem } from '../../http/exchange.ts';
import { type Log, reason } from '../../log.ts';
import { sendMessagePage } from '../../trust-provider/pages.ts';
import type { TokenCheck } from '../../trust-provider/token-check.ts';
import { CALLBACK_PATH } from '../../command-center/http-settings.ts';
import { isWeb } from '../../trust-provider/web-clients.ts';
import { sendForbidden } from '../../trust-provider/web-sign-in.ts';
import { isExempted } from '../../policy/exempted-requests.ts';
import { type Admission, type Admit, callerOfToken } from '../admit.ts';
import type { LiveConnections } from '../live-connections.ts';
import type { Reach } from '../reach.ts';
import { fixedTarget } from '../targets.ts';
import { forward } from './backend.ts';
import { createHealthChecks, healthCheckOf, type HealthChecks } from './health-checks.ts';
import { type BrowserSignIn, createBrowserSignIn, type Site } from './browser-sign-in.ts';
import { fieldsForBackend, type RequestFacts as Facts } from './headers.ts';
import { createPatience } from './patience.ts';
import type { Frontends } from '../frontends.ts';
import type { RelyingParty } from './relying-party.ts';
import type { Sites } from './sites.ts';
import {
  exemptionsOf,
  factsOf,
  isApi,
  isOfOtherSite,
  isPage,
  methodOf,
  pathOf,
  refuseUnclear,
  siteAt,
  type Upgrade,
} from './requests.ts';

export interface WebServicesOptions {
  rulebook: Rulebook;
  admit: Admit;
  live: LiveConnections;
  reach: Reach;
  audit: Audit;
  changes: Changes;
  tokens: TokenCheck;
  relyingParty: RelyingParty;
  frontends: Frontends;
  sites: Sites;
  limits: { requestMs: number; dialMs: number; idleMs: number };
  log: Log;
}

export interface WebServices {
  /** A connection whose server name is that of a WEB service; resolves when it is over. */
  serve(socket: TLSSocket): Promise<void>;
  /** `http_health_check` without `https`: that very request gets through without TLS, and nothing else does. */
  healthChecks: HealthChecks;
  /** On the plain listener of a loopback organisation: false when the host is no web service. */
  answerPlain(request: IncomingMessage, response: ServerResponse): boolean;
  upgradePlain(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

const KEEP_ALIVE_MS = 60_000;

export function createWebServices(options: WebServicesOptions): WebServices {
  const { rulebook, admit, live, reach, audit, changes, tokens, limits, log } = options;
  const { frontends, sites } = options;
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
    const passing = { site, request, response, upgrade };
    const isOpen = isOpenNow(site, request);
    const asked = { method: methodOf(request), path: pathOf(request) };
    // Whoever has signed in stays so, but not for what a page of another site makes the browser send.
    if (isOfOtherSite(request, site, upgrade)) {
      if (isOpen) return passUnnamed(passing);
      throw new HttpRefusal(403, 'It was sent by a page of another site.');
    }
    const token = signIn.tokenOf(site, request);
    const claims = await tokens.claims(token, service.id);
    const admission = claims && (await admit.again(callerOfToken(claims), service.id, asked));
    if (isOpen && !admission?.allowed) return passUnnamed(passing);
    if (!admission || needsSignIn(admission)) {
      if (!service.enabled) throw new HttpRefusal(403, 'This service is switched off.');
      if (isApi(site, request)) throw new HttpRefusal(403, 'Sign in first.', 'session_ended');
      if (isPage(request, upgrade)) return signIn.begin(site, request, response);
      throw new HttpRefusal(401, 'Open this service in the browser to sign in.', 'session_ended');
    }
    const entry = {
      ...entryOf(site, request),
      device: admission.caller?.deviceId ?? '',
      person: claims.email,
      ...('wouldDeny' in admission && admission.wouldDeny && { code: admission.wouldDeny.code }),
    };
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
      request: asked,
    });
    // Judging again does not see the token: its end is known now.
    const expiry = setTimeout(() => socket.destroy(), untilEnd(claims));
    try {
      await pass({ ...passing, person: { claims, token } }, entry);
    } finally {
      clearTimeout(expiry);
      done();
    }
  };

  interface Unnamed {
    site: Site;
    request: IncomingMessage;
    response: ServerResponse;
    upgrade: Upgrade | undefined;
  }

  const isOpenNow = (site: Site, request: IncomingMessage, exemptions = exemptionsOf): boolean => {
    const service = rulebook.service(site.service.id);
    if (!service?.enabled) return false;
    return isExempted(exemptions({ ...site, service }), factsOf(site, request));
  };

  /** The definition lets anybody ask for this, as long as it says so: the backend is told of nobody. */
  const passUnnamed = async (passing: Unnamed, exemptions = exemptionsOf): Promise<void> => {
    const { site, request } = passing;
    const stopListening = changes.on(() => {
      if (!isOpenNow(site, request, exemptions)) request.socket.destroy();
    });
    try {
      await pass({ ...passing, person: null }, entryOf(site, request));
    } finally {
      stopListening();
    }
  };

  const pass = async (
    { site, request, response, upgrade, person }: Unnamed & Pick<Facts, 'person'>,
    entry: Parameters<Reach>[0]['entry'],
  ): Promise<void> => {
    const { backend: definition, http_settings: settings } = site.service.document.spec;
    const { host } = new URL(site.origin);
    const wanted = fixedTarget(definition, host.replace(/:\d+$/, ''));
    if (!wanted) throw new HttpRefusal(502, 'It has no target.', 'target_unresolvable');
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    request.socket.once('close', leave);
    const reached = await reach({
      service: site.service,
      wanted,
      entry,
      signal: gone.signal,
    }).finally(() => request.socket.off('close', leave)); // a connection carries many requests
    if (reached.refused) {
      throw new HttpRefusal(reached.status, reached.denial.reason, reached.denial.code);
    }
    const { backend } = reached;
    // It went away meanwhile: nobody would end what the backend never answers.
    if (response.destroyed) return void backend.destroy();
    try {
      const protocol = site.secure ? 'https' : 'http';
      const templates = settings.headers;
      const fields = fieldsForBackend(request, { person, templates, protocol });
      await forward({ request, response, backend, fields, idleMs: limits.idleMs, upgrade });
    } catch (error) {
      backend.destroy();
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
      : Promise.reject(misdirected(request));
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
    const service = request.socket instanceof TLSSocket && frontends.of(request.socket);
    if (!service || !isWeb(service)) return null;
    const site = siteAt(request, service, sites.secure(service), true);
    // A name that a `*.` covers may be another service's own, with another policy.
    const owner = site && frontends.named(new URL(site.origin).hostname);
    return owner && owner.id !== service.id ? null : site;
  };
  const siteOfPlain = (request: IncomingMessage): Site | null => {
    const service = frontends.named((request.headers.host ?? '').replace(/:\d+$/, ''));
    return service && isWeb(service) ? siteAt(request, service, sites.plain(service), false) : null;
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
    healthChecks: createHealthChecks({
      rulebook,
      frontends,
      patience,
      log,
      fits: (site, request) => isOpenNow(site, request, healthCheckOf),
      pass: (site, request, response) =>
        passUnnamed({ site, request, response, upgrade: undefined }, healthCheckOf),
    }),
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

/** For refusing an upgrade, or passing on that the backend has refused it. */
function responseTo(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(socket as Socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.end());
  return response;
}

const needsSignIn = (admission: Admission): boolean =>
  !admission.allowed && admission.denial.code === 'session_ended';

const untilEnd = ({ exp }: TrustTokenClaims): number =>
  Math.min(Math.max(exp * 1000 - Date.now(), 0), 2 ** 31 - 1);

const entryOf = ({ service }: Site, request: IncomingMessage) =>
  ({
    correlation_id: randomUUID(),
    event: 'request',
    service: service.id,
    request: `${request.method} ${pathAlone(request)}`,
    from: request.socket.remoteAddress ?? '',
  }) as const;
const pathAlone = ({ url = '' }: IncomingMessage): string =>
  url
    .replace(/\?.*$/s, '')
    .slice(0, 500)
    .replace(/[^!-~]+/g, encodeURIComponent);
