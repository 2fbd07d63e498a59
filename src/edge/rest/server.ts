// Administration over the network: HTTP at a port of its own, under TLS, for whoever has a key. No cookies, no word to pages of
// other origins: a browser can do nothing here.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createTlsHttpServer, type TlsServerOptions } from '../servers.ts';
import { misdirected, namesOneHost, readBody, sendJson } from '../http/exchange.ts';
import {
  type AuthenticateOptions,
  bearerOf,
  callerOf,
  createAuthenticate,
} from './authenticate.ts';
import { requestInvalid, sendRefusal } from './refusals.ts';
import { type Calls, createRoutes, type Route } from './routes.ts';

export interface RestOptions extends AuthenticateOptions {
  host: string;
  serverCertificates: TlsServerOptions['serverCertificates'];
  calls: Calls;
}

/** Programs of administrators, not an office full of apps. */
const CAPACITY = { most: 256, mostOfSource: 128, mostUnprovenOfSource: 32 };
/** Whoever neither sends nor reads is cut. */
const SILENT_MS = 30_000;
const LONGEST_BODY = 1024 * 1024;
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

export function createRestServer(options: RestOptions): Server {
  const { host, serverCertificates, calls, log } = options;
  const server = createTlsHttpServer({ host, serverCertificates, capacity: CAPACITY });
  server.setTimeout(SILENT_MS);
  const authenticate = createAuthenticate(options);
  const routes = createRoutes(calls);

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    refuseOtherHost(request, host);
    // Before anything else: without a key nobody learns what there is.
    const key = await authenticate.key(request);
    const { route, parts, query } = find(routes, request);
    authenticate.role(request, key, route.role);
    const text = route.body ? await readText(request, route.body) : '';
    // A body takes its time; by now the key may have been revoked.
    if (text !== '') authenticate.role(request, await authenticate.key(request), route.role);
    const parameters = [...query, ...(route.body === 'form' ? new URLSearchParams(text) : [])];
    return route.answer({
      parts,
      text,
      parameter: (name) => only(name, parameters),
      by: callerOf(key.name),
      key: bearerOf(request) ?? '',
    });
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request)
      .then((value) => sendJson(response, 200, value))
      .catch((error: unknown) => sendRefusal(response, error, log));
  });
  return server;
}

/** A page that rebinds its name to this address has no key either; still, this is no server of that name. */
function refuseOtherHost(request: IncomingMessage, host: string): void {
  const asked = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
  if (!namesOneHost(request) || asked !== host) throw misdirected(request);
}

function find(routes: readonly Route[], request: IncomingMessage) {
  const [rawPath = '', ...rest] = (request.url ?? '').split('?');
  // A client of this interface writes two slashes where its address ends with one.
  const path = rawPath.replace(/^\/+/, '/');
  const found = routes.flatMap((route) => {
    const parts = partsOf(route.path, path);
    return parts ? [{ route, parts }] : [];
  });
  if (found.length === 0) throw requestInvalid(404, `There is no ${path} here.`);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const match = found.find(({ route }) => route.method === method);
  if (match) return { ...match, query: new URLSearchParams(rest.join('?')) };
  const allowed = found.flatMap(({ route }) =>
    route.method === 'GET' ? ['GET', 'HEAD'] : [route.method],
  );
  throw requestInvalid(405, `${path} is asked by ${allowed.join(' or ')}.`, {
    Allow: allowed.join(', '),
  });
}

/** What stands for each `*`; null: it is another path. */
function partsOf(pattern: string, path: string): string[] | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const parts: string[] = [];
  for (const [index, part] of wanted.entries()) {
    const actual = given[index] ?? '';
    if (part === '*') parts.push(decoded(actual));
    else if (part !== actual) return null;
  }
  return parts;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw requestInvalid(400, 'The path is not written as a URL is.');
  }
}

/** Without a type a document is taken for what it has to be: a client of this interface names none. */
async function readText(request: IncomingMessage, kind: 'json' | 'form'): Promise<string> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const wanted = kind === 'json' ? JSON_TYPE : FORM_TYPE;
  const isUnnamed = type === '' && (kind === 'json' || !hasBody(request));
  if (type !== wanted && !isUnnamed && (kind === 'json' || hasBody(request))) {
    throw requestInvalid(415, `The body has to be ${wanted}, not ${type || 'without a type'}.`, {
      Accept: wanted,
    });
  }
  if (request.headers['content-encoding']) {
    throw requestInvalid(415, 'The body has to be sent as it is, without an encoding.');
  }
  return readBody(request, LONGEST_BODY);
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Given twice, nobody knows which is meant. */
function only(name: string, parameters: readonly [string, string][]): string | undefined {
  const values = parameters.filter(([key]) => key === name).map(([, value]) => value);
  if (values.length > 1) throw requestInvalid(400, `${name} is given more than once.`);
  return values[0] || undefined;
}
