// A table of routes in front of a handler for the rest. Every failure of a handler becomes an answer here.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Log, reason } from '../log.ts';
import { type Handler, HttpRefusal, misdirected, namesOneHost, sendProblem } from './exchange.ts';

/** `GET /path` to its handler; `GET /path/*` takes everything below. */
export type Routes = Readonly<Record<string, Handler>>;

export interface RouterOptions {
  /** Requests that name another host are refused (misdirected, or a page that rebinds its name to us). */
  hosts: ReadonlySet<string>;
  routes: Routes;
  log: Log;
}

export function createRouter({ hosts, routes, log }: RouterOptions) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    void answer(request, response).catch((error: unknown) => {
      const refusal =
        error instanceof HttpRefusal ? error : new HttpRefusal(500, 'The server failed.');
      if (refusal !== error) {
        log('error', 'request failed', { path: pathOf(request), reason: reason(error) });
      }
      if (response.headersSent) response.destroy();
      else sendProblem(response, refusal);
    });
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isMeant = namesOneHost(request) && hosts.has((request.headers.host ?? '').toLowerCase());
    if (!isMeant) throw misdirected(request);
    const path = pathOf(request);
    const method = request.method ?? '';
    const handler =
      routes[`${method} ${path}`] ?? routes[`${method} ${path.replace(/\/[^/]*$/, '/*')}`];
    if (handler) return handler(request, response);
    const known = Object.keys(routes).some((route) => route.endsWith(` ${path}`));
    throw known
      ? new HttpRefusal(405, 'That method is not available here.')
      : new HttpRefusal(404, 'There is nothing here.');
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?')[0] ?? '/';
