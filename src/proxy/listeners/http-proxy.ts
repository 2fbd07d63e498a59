// The local port as an HTTP proxy: CONNECT, requests in absolute form (what programs with `http_proxy` send), the PAC.
import type { Duplex } from 'node:stream';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { isOwnHost } from '../guard/web-page.ts';
import { type Head, HeadError, isToken, readHead } from '../net/http-head.ts';
import { type Answer, answerFailure, answerHttp } from './answers.ts';
import { bodyReader } from './http-body.ts';
import { forwardRequest, type RequestLine } from './http-forward.ts';
import { OneExchange } from './one-exchange.ts';
import { PAC_TYPE, pacScript } from './pac.ts';
import { type Routed, type RouteParts, TargetError } from './route.ts';
import { parseTarget } from './target.ts';

const WHAT_THIS_IS =
  'This port is a proxy (HTTP and SOCKS5) of Banyan; browsers find its configuration at /proxy.pac.';

export async function routeHttp(
  near: Duplex,
  parts: RouteParts,
  deadlineMs: number,
): Promise<Routed | null> {
  const head = await readRequest(near, deadlineMs);
  if (!head) return null;
  const request = parseRequestLine(head.startLine);
  if (!request) return refuse(near, { status: '400 Bad Request', text: WHAT_THIS_IS });
  if (request.method === 'CONNECT') return tunnel(near, parts, request);
  if (/^[a-z][a-z0-9+.-]*:/i.test(request.url)) return forward(near, parts, request, head);
  return refuse(near, answerItself(request, head, parts));
}

async function readRequest(near: Duplex, deadlineMs: number): Promise<Head | null> {
  try {
    return await readHead(near, deadlineMs);
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    if (error.failure === 'too-long') {
      await refuse(near, {
        status: '431 Request Header Fields Too Large',
        text: 'The head of the request is longer than 16 KiB.',
      });
    } else if (error.failure === 'malformed') {
      await refuse(near, { status: '400 Bad Request', text: WHAT_THIS_IS });
    } else near.destroy();
    return null;
  }
}

function parseRequestLine(line: string): RequestLine | null {
  const [, method, url, version] = /^(\S+) (\S+) HTTP\/(1\.[01])$/.exec(line) ?? [];
  return method && url && version && isToken(method) ? { method, url, version } : null;
}

async function tunnel(
  near: Duplex,
  { open }: RouteParts,
  { url }: RequestLine,
): Promise<Routed | null> {
  const target = parseTarget(url, 0);
  if (!target) {
    return refuse(near, { status: '400 Bad Request', text: 'CONNECT needs host:port.' });
  }
  const name = formatHostPort(target);
  try {
    const early = near.read() as Buffer | null;
    const far = await open(target, early ?? undefined);
    near.write('HTTP/1.1 200 Connection established\r\n\r\n');
    return { far, target: name };
  } catch (error) {
    await answerFailure(near, error);
    throw new TargetError(name, error);
  }
}

async function forward(
  near: Duplex,
  { open }: RouteParts,
  request: RequestLine,
  head: Head,
): Promise<Routed | null> {
  if (!/^http:/i.test(request.url)) {
    return refuse(near, {
      status: '501 Not Implemented',
      text: 'This proxy forwards http:// addresses; for others the program has to tunnel (CONNECT).',
    });
  }
  const forwarded = forwardRequest(request, head);
  if ('status' in forwarded) return refuse(near, forwarded);
  const name = formatHostPort(forwarded.target);
  try {
    const far = await open(forwarded.target, forwarded.head);
    return { far: new OneExchange(far, bodyReader(forwarded.framing)), target: name };
  } catch (error) {
    await answerFailure(near, error);
    throw new TargetError(name, error);
  }
}

/** Requests to this port itself: from programs that take it for a server, and from web pages. */
function answerItself(
  { method, url }: RequestLine,
  { lines }: Head,
  { spec, listening }: RouteParts,
): Answer {
  if (isFromAPage(lines)) {
    return { status: '403 Forbidden', text: 'Web pages may not use this port.' };
  }
  const withoutBody = method === 'HEAD';
  if (!listening || !/^\/proxy\.pac(?:\?|$)/.test(url)) {
    return { status: '404 Not Found', text: WHAT_THIS_IS, withoutBody };
  }
  if (method !== 'GET' && !withoutBody) {
    return {
      status: '405 Method Not Allowed',
      text: 'The proxy configuration can only be read.',
      fields: 'Allow: GET, HEAD\r\n',
    };
  }
  const text = pacScript(formatHostPort(listening), spec);
  return { status: '200 OK', type: PAC_TYPE, text, withoutBody };
}

/**
 * A browser says where a request comes from (Sec-Fetch-Site, `none`: the person). Older ones do not, and a page whose
 * name was made to point here (DNS rebinding) still writes its own name into Host.
 */
function isFromAPage(lines: Head['lines']): boolean {
  const all = (field: string) => lines.filter(({ name }) => name.toLowerCase() === field);
  return (
    all('sec-fetch-site').some(({ value }) => value !== 'none') ||
    all('origin').length > 0 ||
    all('host').some(({ value }) => !isOwnHost(value))
  );
}

async function refuse(near: Duplex, answer: Answer): Promise<null> {
  await answerHttp(near, answer);
  return null;
}
