// Front door of the web host: the app's window as a browser tab on loopback, where there is no Electron or no display.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tabCallNames } from '../../shared/ipc/names.ts';
import type { Client } from '../client/index.ts';
import type { Log } from '../client/ports.ts';
import { serve } from '../ipc/serve.ts';
import { readWindowFile, windowHeaders } from '../window-files.ts';
import { bearerOf, whyRefused } from './guard.ts';
import { writeLaunchFile } from './launch-file.ts';
import { readJson, UnusableBody } from './read-json.ts';
import { createSessions } from './sessions.ts';
import { streamSignals } from './signals.ts';

/** A browser that is started now has its page by then. */
const LAUNCH_KEY_MS = 30_000;
/** The printed link is copied by hand, perhaps into a browser at the other end of an SSH tunnel. It too works once. */
const PRINTED_KEY_MS = 10 * 60_000;
const MOST_CONNECTIONS = 64;
/** Of one kind, in the log. */
const REFUSALS_APART_MS = 60_000;

export interface WebHostOptions {
  client: Pick<Client, 'handlers' | 'subscribe'>;
  /** Of the built window. */
  rendererFolder: string;
  /** 0700 folder of the launch file. */
  home: string;
  log: Log;
}

export interface WebHost {
  /** To print: a new one each time, good once, within ten minutes. */
  newLink(): string;
  /** Path of a page that forwards a browser that is started at once; removed again by itself. */
  launchFile(): Promise<string>;
  stop(): Promise<void>;
}

export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { client, rendererFolder, home, log } = options;
  const sessions = createSessions();
  const calls = serve<IncomingMessage>({
    calls: tabCallNames,
    handlers: client.handlers,
    isTrusted: (request) => sessions.isBearer(bearerOf(request)),
    log,
  });
  const headers = windowHeaders("'self'");
  const apiHeaders = { ...headers, 'cache-control': 'no-store' };
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 });
  server.maxConnections = MOST_CONNECTIONS;
  const port = await listen(server);
  const address = `http://127.0.0.1:${port}/`;
  server.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof UnusableBody))
        log.error('a request of a browser tab failed', { error });
      // What is left of a body is not waited for.
      response.shouldKeepAlive = false;
      if (response.headersSent) response.destroy();
      else end(response, error instanceof UnusableBody ? error.status : 500);
    });
  });

  function end(response: ServerResponse, status: number, body?: unknown): void {
    const json = { ...apiHeaders, 'content-type': 'application/json' };
    response.writeHead(status, json).end(JSON.stringify(body ?? { status }));
  }

  /** A page that asks again and again must not push everything else out of the log. */
  const toldAt = new Map<string, number>();
  function tellRefusal(why: string): void {
    const now = performance.now();
    if (now - (toldAt.get(why) ?? -Infinity) < REFUSALS_APART_MS) return;
    toldAt.set(why, now);
    log.warn('a request to the browser tab was refused', { why });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const why = whyRefused(request, port);
    if (why !== null) {
      tellRefusal(why);
      // There are few connections, and no page elsewhere is to keep them.
      response.shouldKeepAlive = false;
      return end(response, 403);
    }
    const asked = request.url ?? '/';
    if (!URL.canParse(asked, address)) return end(response, 404);
    const { pathname } = new URL(asked, address);
    switch (`${request.method} ${pathname}`) {
      case 'POST /api/session': {
        const { key } = await readJson(request);
        const bearer = typeof key === 'string' ? sessions.exchange(key) : null;
        return bearer === null ? end(response, 401) : end(response, 200, { bearer });
      }
      case 'POST /api/call': {
        // Before the body is read: nobody without a bearer makes this process work.
        if (!sessions.isBearer(bearerOf(request))) return end(response, 401);
        const { name, input } = await readJson(request);
        return end(response, 200, await calls.answer(request, name, input));
      }
      case 'GET /api/signals':
        if (!sessions.isBearer(bearerOf(request))) return end(response, 401);
        return streamSignals(client, response, apiHeaders);
      default:
        return file(request, response, pathname);
    }
  }

  async function file(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
  ): Promise<void> {
    if (request.method !== 'GET') return end(response, 405);
    const found = await readWindowFile(rendererFolder, pathname);
    if (!found) return end(response, 404);
    response.writeHead(200, {
      ...headers,
      'cache-control': 'no-cache',
      'content-type': found.type,
    });
    response.end(found.body);
  }

  let removeLaunchFile = (): Promise<void> => Promise.resolve();
  return {
    newLink: () => `${address}#key=${sessions.newKey(PRINTED_KEY_MS)}`,
    async launchFile() {
      const url = `${address}#key=${sessions.newKey(LAUNCH_KEY_MS)}`;
      const file = await writeLaunchFile(home, url);
      // A file that stays is worthless: its key is too old. Stopping tries again.
      const timer = setTimeout(() => void file.remove().catch(() => {}), LAUNCH_KEY_MS);
      removeLaunchFile = () => {
        clearTimeout(timer);
        return file.remove();
      };
      return file.path;
    },
    async stop() {
      await removeLaunchFile();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
