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
  /** E-mail, for a person to know themselves by. */
  personOf(accountId: string): Promise<string | undefined>;
  /** Where the browser finds it. */
  addressOf(service: PublishedService): string;
}

export function createOpenPage(options: OpenPageOptions): Handler {
  const { deviceSessions } = options;

  async function open(ticket: string, response: ServerResponse): Promise<void> {
    const opened = await deviceSessions.redeem(ticket);
    const service = opened && options.service(opened.serviceId);
    if (!opened || !service) return sendOver(response);
    response
      .writeHead(303, {
        Location: options.addressOf(service),
        'Set-Cookie': setCookie(options.cookie, opened.secret),
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
        'Content-Length': '0',
      })
      .end();
  }

  async function ask(ticket: string, response: ServerResponse): Promise<void> {
    const found = await deviceSessions.look(ticket);
    const service = found && options.service(found.serviceId);
    const person = found && (await options.personOf(found.accountId));
    if (!service || !person) return sendOver(response);
    const name = service.document.metadata.friendly_name || service.document.metadata.name;
    sendMessagePage(response, 200, {
      title: `Open ${name} as ${person}?`,
      sentences: [
        'Go on only if this is you, and you have just opened it in the Banyan app.',
        'This browser is signed in then, until you sign out there.',
      ],
      link: { text: `Open ${name}`, href: `${OPEN_PATH}?ticket=${ticket}` },
    });
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, ticket] = /\?ticket=([\w-]{43})$/.exec(request.url ?? '') ?? [];
    if (ticket === undefined) return sendOver(response);
    switch (whoCame(request)) {
      case 'the person':
        return open(ticket, response);
      case 'another page':
        return ask(ticket, response);
      case 'nobody':
        return sendOver(response);
    }
  };
}

/**
 * By Fetch Metadata. A ticket signs this browser in as whoever fetched it: were pages able to send people here unasked,
 * somebody could have them work in an account that is not theirs. Programs and people leave no site; a tab with the app in
 * it does, so there the person says yes, in our own page, by a click.
 */
function whoCame({ headers }: IncomingMessage): 'the person' | 'another page' | 'nobody' {
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-mode': mode = 'navigate' } = headers;
  if (headers['sec-purpose'] !== undefined || mode !== 'navigate') return 'nobody';
  if (site === 'none') return 'the person';
  return site === 'same-origin' && headers['sec-fetch-user'] === '?1'
    ? 'the person'
    : 'another page';
}

const sendOver = (response: ServerResponse): void =>
  sendMessagePage(response, 403, {
    title: 'This link is over',
    sentences: ['It works once, for a minute. Open the service from the Banyan app again.'],
  });
