// Sign-in pages that are open. Each is held in memory until somebody finishes it, or ten minutes; whoever has the address of
// a pushed request can open it again and again, so what is held is bounded: of each request, and of each who asks.
import type { IncomingMessage } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { type CookieKind, readCookie, setCookie } from '../http/cookies.ts';
import type { Handler } from '../http/exchange.ts';
import { sendErrorPage } from './pages.ts';

/** A person reloads a page, or opens it in another browser; an app pushes another request each time. */
const MOST_OF_A_REQUEST = 10;
const MOST_OF_A_DEVICE = 100;
/**
 * Of what anybody may begin: registrations, or the sign-ins of one web service. Each has its own, so that strangers who fill
 * one of them keep nobody from the others. Some 16 kB a page.
 */
const MOST_OF_ANYBODY = 1_000;

export interface OpenPagesOptions {
  /** Seconds that a page is held. */
  life: number;
  /** Whether they are on https. */
  secure: boolean;
  /** Where they are. */
  path: string;
  /** Those have proved who they are before a page of theirs opens. */
  isDevice: (clientId: string) => boolean;
}

interface OpenPage {
  request: string | undefined;
  clientId: string;
  until: number;
}

export interface OpenPages {
  /** In front of the authorization endpoint. */
  bounded(handler: Handler): Handler;
  started(context: KoaContextWithOIDC): void;
  ended(context: KoaContextWithOIDC): void;
  /**
   * Whether it was opened in this very browser. The library's own cookies can be planted by a neighbouring host (its `Domain`): led to the
   * page of another one's sign-in, a browser would sign that one in as its person.
   */
  isOfBrowser(id: string, request: IncomingMessage): boolean;
}

export function createOpenPages(options: OpenPagesOptions): OpenPages {
  const { life, isDevice } = options;
  /** One for each page: of tabs that open at once, each would replace what they had in common. */
  const cookieOf = (id: string): CookieKind => ({
    name: `banyan_page_${id}`,
    secure: options.secure,
    plainPath: options.path,
  });
  /** By their id; those that are just being opened by a key of their own. */
  const pages = new Map<string | symbol, OpenPage>();

  function count(isCounted: (page: OpenPage) => boolean): number {
    const now = Date.now();
    for (const [id, { until }] of pages) if (until < now) pages.delete(id);
    return [...pages.values()].filter(isCounted).length;
  }

  function keep(id: string | symbol, clientId: string, request: string | undefined): void {
    pages.set(id, { request, clientId, until: Date.now() + life * 1000 });
  }

  return {
    bounded: (handler) => async (request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://own');
      const clientId = searchParams.get('client_id') ?? '';
      const pushed = searchParams.get('request_uri')?.split(':').at(-1) ?? '';
      if (count((page) => page.request === pushed) >= MOST_OF_A_REQUEST) {
        const why = 'This link was opened too often. Go back to the app and start again.';
        return sendErrorPage(response, 429, why);
      }
      const most = isDevice(clientId) ? MOST_OF_A_DEVICE : MOST_OF_ANYBODY;
      if (count((page) => page.clientId === clientId) >= most) {
        const why = 'Too many sign-ins are open at once. Wait a few minutes, then try again.';
        return sendErrorPage(response, 503, why);
      }
      // Counted before it is known whether it becomes one, so that many at once do not all get through.
      const opening = Symbol(pushed);
      keep(opening, clientId, pushed);
      try {
        await handler(request, response);
      } finally {
        pages.delete(opening);
      }
    },
    started(context) {
      const { oidc } = context;
      const { Interaction: page, PushedAuthorizationRequest: request } = oidc.entities;
      if (!page) return;
      keep(page.uid, oidc.client?.clientId ?? '', request?.jti);
      context.append('Set-Cookie', setCookie(cookieOf(page.uid), 'open', life));
    },
    ended({ oidc }) {
      if (oidc.entities.Interaction) pages.delete(oidc.entities.Interaction.uid);
    },
    isOfBrowser: (id, request) => readCookie(request, cookieOf(id)) !== '',
  };
}
