// HTTPS requests that trust one root only, resolve `*.localhost` and may present a client certificate.
import { Agent, request } from 'node:https';
import { loopbackLookup } from '../../src/proxy/net/loopback.ts';

export interface Identity {
  key: string;
  cert: string;
}
export interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  identity?: Identity | undefined;
  /** PEM. */
  root: string;
}
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export function call(url: string, { method = 'GET', headers, body, identity, root }: Call) {
  return new Promise<Answer>((resolve, reject) => {
    const agent = new Agent({
      ca: root,
      ...identity,
      lookup: loopbackLookup,
      maxCachedSessions: 0,
    });
    const sent = request(
      url,
      {
        method,
        agent,
        // The name of the address, also when a test sends another Host.
        servername: new URL(url).hostname,
        headers: {
          ...headers,
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          agent.destroy();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** `fetch` that trusts one root and follows no redirect. */
export const fetchUnder =
  (root: string) =>
  async (url: URL, request: RequestInit): Promise<Response> => {
    if (url.protocol === 'http:') return fetch(url, request);
    const { status, headers, body } = await call(url.href, {
      root,
      ...(request.method && { method: request.method }),
      headers: request.headers as Record<string, string>,
      ...(typeof request.body === 'string' && { body: request.body }),
    });
    const pairs = Object.entries(headers).flatMap(([name, value]) =>
      [value ?? ''].flat().map((each): [string, string] => [name, each]),
    );
    return new Response(status === 204 ? null : body, { status, headers: pairs });
  };
