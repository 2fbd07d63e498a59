// `GET /open?ticket=…`: where the app sends the browser. Trades the ticket for a device session and goes on to the
// service.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PublishedService } from '../command-center/rulebook.ts';
import { type CookieKind, setCookie } from '../http/cookies.ts';
import type { Handler } from '../http/exchange.ts';
import type { DeviceSessions } from './device-sessions.ts';
import { sendMessagePage } from './pages.ts';

export const OPEN_PATH = '/open';

export interface OpenPageOptions {
  deviceSessions: DeviceSessions;
  cookie: CookieKind;
  service(id: string): PublishedService | undefined;
  /** Where the browser finds it. */
  addressOf(service: PublishedService): string;
}

export function createOpenPage({ deviceSessions, cookie, ...options }: OpenPageOptions): Handler {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A ticket signs this browser in as whoever fetched it. Were pages able to send people here, somebody could have
    // them work in an account that is not theirs; programs and people leave no site (Fetch Metadata).
    const { 'sec-fetch-site': site = 'none', 'sec-purpose': purpose } = request.headers;
    const [, ticket] = /\?ticket=([\w-]{43})$/.exec(request.url ?? '') ?? [];
    const isWanted = site === 'none' && purpose === undefined;
    const opened = isWanted && ticket ? await deviceSessions.redeem(ticket) : null;
    const service = opened && options.service(opened.serviceId);
    if (!opened || !service) {
      sendMessagePage(response, 403, {
        title: 'This link is over',
        sentences: ['It works once, for a minute. Open the service from the Banyan app again.'],
      });
      return;
    }
    response
      .writeHead(303, {
        Location: options.addressOf(service),
        'Set-Cookie': setCookie(cookie, opened.secret),
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
        'Content-Length': '0',
      })
      .end();
  };
}
