// A browser reduced to navigations: redirects, cookies by host and scheme, Fetch Metadata. Shows every step it takes.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from './https.ts';
import { loopbackLookup } from '../../src/proxy/net/loopback.ts';

export interface Page {
  status: number;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Every address on the way, this one included. */
  trail: string[];
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Answer of the first step instead of following redirects. */
  stay?: boolean;
}

export interface WebBrowser {
  /** As if typed, or opened by a program. */
  open(url: string, ask?: Ask): Promise<Page>;
  /** name → value for one host. */
  cookies(host: string): Map<string, string>;
}

const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
  accept: 'text/html',
};

/** `identity`: a client certificate that it shows wherever one is asked for. `localAddress`: where it comes from. */
export function webBrowser(root: string, identity?: Identity, localAddress?: string): WebBrowser {
  const jar = new Map<string, { host: string; path: string; name: string; value: string }>();
  const keep = (url: URL, lines: readonly string[]): void => {
    for (const line of lines) {
      const [pair = '', ...rest] = line.split(/;\s*/);
      const at = pair.indexOf('=');
      const name = pair.slice(0, at);
      const attributes = rest.map((each) => each.toLowerCase());
      if (name.startsWith('__Host-')) {
        const fits = attributes.includes('secure') && attributes.includes('path=/');
        if (!fits || attributes.some((each) => each.startsWith('domain='))) continue;
      }
      if (attributes.includes('secure') && url.protocol !== 'https:') continue;
      const path = rest.find((each) => /^path=/i.test(each))?.slice(5) ?? url.pathname;
      const expires = rest.find((each) => /^expires=/i.test(each))?.slice(8);
      const key = `${url.hostname} ${path} ${name}`;
      if (expires && Date.parse(expires) < Date.now()) jar.delete(key);
      else jar.set(key, { host: url.hostname, path, name, value: pair.slice(at + 1) });
    }
  };
  const cookieFor = (url: URL): string =>
    [...jar.values()]
      .filter(({ host, path }) => {
        const below = url.pathname === path || url.pathname.startsWith(path.replace(/\/?$/, '/'));
        return host === url.hostname && below;
      })
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');

  const once = (url: URL, ask: Ask) =>
    new Promise<Omit<Page, 'trail'>>((resolve, reject) => {
      const cookie = cookieFor(url);
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent = send(
        url,
        {
          method: ask.method ?? 'GET',
          agent: false,
          lookup: loopbackLookup,
          localAddress,
          // Else Node would ask for the name of a `host` header.
          ...(url.protocol === 'https:' && { ca: root, servername: url.hostname, ...identity }),
          headers: {
            ...NAVIGATION,
            ...(cookie && { cookie }),
            ...(ask.body !== undefined && { 'content-length': Buffer.byteLength(ask.body) }),
            ...ask.headers,
          },
        },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.on('error', reject).on('end', () => {
            keep(url, response.headers['set-cookie'] ?? []);
            const { statusCode: status = 0, headers } = response;
            resolve({ status, url: url.href, headers, body });
          });
        },
      );
      sent.on('error', reject).end(ask.body);
    });

  return {
    cookies: (host) =>
      new Map(
        [...jar.values()]
          .filter((each) => each.host === host)
          .map(({ name, value }) => [name, value]),
      ),
    async open(address, ask = {}) {
      const trail: string[] = [];
      let url = new URL(address);
      let next = ask;
      for (let step = 0; step < 20; step += 1) {
        trail.push(url.href);
        const page = await once(url, next);
        const { location } = page.headers;
        if (location === undefined || ask.stay) return { ...page, trail };
        url = new URL(location, url);
        next = {};
      }
      throw new Error(`no end: ${trail.join(' → ')}`);
    },
  };
}

/** Answers the sign-in page as a person does. */
export const signInOn = (
  tab: WebBrowser,
  page: Page,
  answer: { password?: string; headers?: Record<string, string> } = {},
): Promise<Page> => {
  const action = /action="([^"]+)"/.exec(page.body)?.[1] ?? '';
  return tab.open(new URL(action, page.url).href, {
    method: 'POST',
    body: new URLSearchParams({
      email: 'dana@demo.example',
      password: answer.password ?? 'demo-password',
      decision: 'sign-in',
    }).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: new URL(page.url).origin,
      'sec-fetch-site': 'same-origin',
      ...answer.headers,
    },
  });
};
