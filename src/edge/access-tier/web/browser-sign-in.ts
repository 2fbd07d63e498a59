// Sends a browser without a TrustToken to sign in, and keeps the one it comes back with in a cookie of the service's
// own host.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PublishedService } from '../../command-center/rulebook.ts';
import { type CookieKind, readCookie, setCookie } from '../../http/cookies.ts';
import { HttpRefusal } from '../../http/exchange.ts';
import { type Log, reason } from '../../log.ts';
import { sendMessagePage } from '../../trust-provider/pages.ts';
import type { TokenCheck } from '../../trust-provider/token-check.ts';
import { nameOf } from '../../trust-provider/web-clients.ts';
import { type RelyingParty, SIGN_IN_SECONDS } from './relying-party.ts';

/** A service at one of its addresses. */
export interface Site {
  service: PublishedService;
  origin: string;
  secure: boolean;
}

export interface BrowserSignIn {
  /** What the browser brings; empty when there is none. */
  tokenOf(site: Site, request: IncomingMessage): string;
  begin(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void>;
  finish(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface BrowserSignInOptions {
  relyingParty: RelyingParty;
  tokens: TokenCheck;
  log: Log;
}

/** Browsers drop cookies beyond 4,096 bytes in silence, and would come back for another one for ever. */
const LONGEST_TOKEN = 3_800;
/** The target comes back inside `state`, inside an address. */
const LONGEST_RETURN = 2_000;
/** Anybody can ask for one; each costs the issuer a request. */
const MOST_AT_ONCE = 256;

const TITLE = 'Sign-in was not completed';
const WHY_NOT = {
  denied: 'It was denied.',
  'not-this-browser': 'It was started in another browser, or took too long.',
  failed: 'The answer cannot be used.',
} as const;

export function createBrowserSignIn(options: BrowserSignInOptions): BrowserSignIn {
  const { relyingParty, tokens, log } = options;
  const trustCookie = ({ secure }: Site): CookieKind => ({ name: 'bnn_trust', secure });
  const browserCookie = ({ secure }: Site): CookieKind => ({ name: 'bnn_browser', secure });
  let running = 0;

  const redirect = (response: ServerResponse, to: string, cookies: string[]): void => {
    response
      .writeHead(302, {
        Location: to,
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
        'Content-Length': '0',
        ...(cookies.length > 0 && { 'Set-Cookie': cookies }),
      })
      .end();
  };

  return {
    tokenOf: (site, request) => readCookie(request, trustCookie(site)),
    async begin(site, request, response) {
      if (running >= MOST_AT_ONCE) throw new HttpRefusal(503, 'Too many sign-ins at once.');
      running += 1;
      try {
        const { service, origin } = site;
        const target = service.document.spec.http_settings.returnPath || (request.url ?? '/');
        // One secret for all tabs, or a tab would end the sign-in of the other.
        const kept = readCookie(request, browserCookie(site));
        const browserSecret = /^[\w-]{43}$/.test(kept)
          ? kept
          : randomBytes(32).toString('base64url');
        const page = await relyingParty.begin(
          { serviceId: service.id, origin, browserSecret },
          target.length <= LONGEST_RETURN ? target : '/',
        );
        redirect(response, page, [setCookie(browserCookie(site), browserSecret, SIGN_IN_SECONDS)]);
      } catch (error) {
        log('warn', 'a browser could not be sent to sign in', { reason: reason(error) });
        throw new HttpRefusal(503, 'Signing in is not possible now. Try again in a moment.');
      } finally {
        running -= 1;
      }
    },
    async finish(site, request, response) {
      const { service, origin } = site;
      if (request.method !== 'GET')
        throw new HttpRefusal(405, 'That method is not available here.');
      const browserSecret = readCookie(request, browserCookie(site));
      const end = await relyingParty.finish(
        { serviceId: service.id, origin, browserSecret },
        request.url ?? '',
      );
      const link = { text: `Open ${nameOf(service)} again`, href: `${origin}/` };
      if (!end.ok) {
        const status = end.why === 'denied' ? 403 : 400;
        return sendMessagePage(response, status, {
          title: TITLE,
          sentences: [WHY_NOT[end.why]],
          link,
        });
      }
      if (!(await tokens.claims(end.token, service.id))) {
        return sendMessagePage(response, 400, { title: TITLE, sentences: [WHY_NOT.failed], link });
      }
      if (end.token.length > LONGEST_TOKEN) {
        log('error', 'a TrustToken is too long for a cookie', { bytes: end.token.length });
        const sentences = [
          'You are in too many groups for a browser to remember. Tell your administrator.',
        ];
        return sendMessagePage(response, 500, { title: TITLE, sentences });
      }
      // Absolute: a path of `//elsewhere` alone would lead there.
      redirect(response, `${origin}${end.returnTo}`, [setCookie(trustCookie(site), end.token)]);
    },
  };
}
