// A loopback port for one sign-in (RFC 8252 7.3): the browser starts here, and comes back here with the answer. The address
// to start at is good as long as the app waits; a request that was pushed for it lives for a minute (RFC 9126 2.2).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DONE, OVER, refusal, sendPage, sendTo, TOO_OFTEN, unavailable } from './redirect-pages.ts';

const CALLBACK_PATH = '/callback';
const DONE_PATH = '/done';
/** Each opening asks the organisation for something; nobody reloads a page as often as this. */
const MOST_OPENINGS = 30;
/** The browser fetches the last page right after the redirect; nobody waits longer for it. */
const LAST_PAGE_MS = 1_500;
/** A page of the organisation that was left open is good for ten minutes, and then leads here. */
const TELLS_LATECOMERS_MS = 10 * 60_000;

/** What one opening of the start address leads to. */
export type Opening =
  | { status: 'ready'; url: string }
  /** `goesOn`: the app still waits, so that opening it again may help. */
  | { status: 'failed'; problem: string; goesOn: boolean };

export interface RedirectListenerOptions {
  onOpened: () => Promise<Opening>;
  /** Of every request that was begun for this sign-in. */
  states: () => Iterable<string>;
}

export interface RedirectListener {
  /** What the browser is given: whoever does not know it cannot guess it. */
  startUri: string;
  redirectUri: string;
  /** The one answer that carries a state of ours; others are refused and waited on. */
  answer: Promise<URL>;
  /**
   * Nobody waits for an answer any more. Who comes late reads so, until the client stops. Resolves when nothing is left of
   * it, and the browser has its last page.
   */
  retire(stopped: AbortSignal): Promise<void>;
}

export async function listenForRedirect(
  options: RedirectListenerOptions,
): Promise<RedirectListener> {
  const answered = signal<URL>();
  const lastPage = signal<void>();
  const startPath = `/start/${randomBytes(32).toString('base64url')}`;
  let origin = '';
  let openings = 0;
  let phase: 'waiting' | 'answered' | 'over' = 'waiting';

  function respond(request: IncomingMessage, response: ServerResponse): void {
    // Another name in Host is a web page that points its own name at this computer (DNS rebinding).
    if (`http://${request.headers.host ?? ''}` !== origin || request.method !== 'GET') {
      return sendPage(response, refusal(403));
    }
    const url = targetOf(request.url);
    if (!url) return sendPage(response, refusal(400));
    if (isSame(url.pathname, startPath)) return void open(request, response);
    if (url.pathname === CALLBACK_PATH) return takeAnswer(url, response);
    if (url.pathname !== DONE_PATH || phase === 'waiting') return sendPage(response, refusal(404));
    if (phase === 'over') return sendPage(response, OVER);
    response.once('close', () => lastPage.resolve());
    sendPage(response, DONE);
  }

  async function open(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A picture or a frame of another page is nobody who wants to sign in. Programs that are no browser do not say.
    const loadedAs = request.headers['sec-fetch-dest'] ?? 'document';
    if (loadedAs !== 'document') return sendPage(response, refusal(403));
    if (!isWaiting()) return sendPage(response, OVER);
    openings += 1;
    if (openings > MOST_OPENINGS) return sendPage(response, TOO_OFTEN);
    const opening = await options.onOpened();
    if (opening.status === 'failed') {
      return sendPage(response, unavailable(opening.problem, opening.goesOn));
    }
    // It may have ended meanwhile.
    if (!isWaiting()) return sendPage(response, OVER);
    sendTo(response, 302, opening.url);
  }

  function takeAnswer(url: URL, response: ServerResponse): void {
    if (!isWaiting()) return sendPage(response, OVER);
    const state = url.searchParams.get('state') ?? '';
    if (![...options.states()].some((ours) => isSame(state, ours))) {
      return sendPage(response, refusal(400));
    }
    phase = 'answered';
    // A redirect leaves no entry in the history, so neither code nor state stays in the browser.
    sendTo(response, 303, DONE_PATH);
    answered.resolve(url);
  }

  const isWaiting = (): boolean => phase === 'waiting';

  /** null: no address of ours. Any local program may send such bytes, and a throw here would end the client. */
  function targetOf(target = '/'): URL | null {
    if (!URL.canParse(target, origin)) return null;
    const url = new URL(target, origin);
    return url.origin === origin ? url : null;
  }

  const server = createServer(respond);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    startUri: origin + startPath,
    redirectUri: origin + CALLBACK_PATH,
    answer: answered.promise,
    async retire(stopped) {
      if (phase === 'answered') await Promise.race([lastPage.promise, after(LAST_PAGE_MS)]);
      phase = 'over';
      server.unref();
      await after(TELLS_LATECOMERS_MS, stopped);
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Keeps no process alive. */
function after(delayMs: number, orWhen?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (orWhen?.aborted) return resolve();
    const timer = setTimeout(resolve, delayMs).unref();
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    orWhen?.addEventListener('abort', end, { once: true });
  });
}

/** A promise that is resolved from outside. `Promise.withResolvers` once Node 20 is gone. */
function signal<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((done) => (resolve = done));
  return { promise, resolve };
}

function isSame(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
