// Where the browser comes back to after sign-in: a loopback port for one answer (RFC 8252 7.3).
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const CALLBACK_PATH = '/callback';
const DONE_PATH = '/done';
/** The browser fetches the last page right after the redirect; nobody waits longer for it. */
const LAST_PAGE_MS = 1_500;

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:20vh auto;max-width:30rem;padding:0 1rem;text-align:center}h1{font-size:1.4rem}`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

export interface RedirectListener {
  redirectUri: string;
  /** The one answer that carries our state; others are refused and waited on. */
  answer: Promise<URL>;
  /** Resolves when the browser has its last page, or soon. */
  close(): Promise<void>;
}

export async function listenForRedirect(state: string): Promise<RedirectListener> {
  const answered = signal<URL>();
  const lastPage = signal<void>();
  let origin = '';
  let used = false;

  function respond(request: IncomingMessage, response: ServerResponse): void {
    // Another name in Host is a web page that points its own name at this computer (DNS rebinding).
    if (`http://${request.headers.host ?? ''}` !== origin || request.method !== 'GET') {
      return refuse(response, 403);
    }
    const url = targetOf(request.url);
    if (!url) return refuse(response, 400);
    if (url.pathname === DONE_PATH && used) {
      response.once('close', () => lastPage.resolve());
      response
        .writeHead(200, HEADERS)
        .end(page('You can close this tab', 'Banyan goes on by itself.'));
      return;
    }
    if (url.pathname !== CALLBACK_PATH) return refuse(response, 404);
    if (used) return refuse(response, 410);
    if (!isSame(url.searchParams.get('state') ?? '', state)) return refuse(response, 400);
    used = true;
    // A redirect leaves no entry in the history, so neither code nor state stays in the browser.
    response.writeHead(303, { ...HEADERS, location: DONE_PATH }).end();
    answered.resolve(url);
  }

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
    redirectUri: origin + CALLBACK_PATH,
    answer: answered.promise,
    async close() {
      if (used) {
        const timer = setTimeout(() => lastPage.resolve(), LAST_PAGE_MS);
        await lastPage.promise;
        clearTimeout(timer);
      }
      server.close();
      server.closeAllConnections();
    },
  };
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

function refuse(response: ServerResponse, status: number): void {
  const text = page('That did not work', 'Go back to Banyan and sign in from there.');
  response.writeHead(status, HEADERS).end(text);
}

const page = (title: string, text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Banyan</title><style>${STYLE}</style><h1>${title}</h1><p>${text}</p></html>`;
