import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  listenForRedirect,
  type RedirectListenerOptions,
} from '../../../../../src/main/client/identity/redirect-listener.ts';

function get(url: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      request(url, { headers, agent: false }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      })
        .on('error', reject)
        .end();
    },
  );
}

/** The status for a request line as it is: clients of the library correct what attackers would not. */
function sendRaw(redirectUri: string, requestLine: string): Promise<number> {
  const { host, hostname, port } = new URL(redirectUri);
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(Number(port), hostname, function onConnect(this: ReturnType<typeof connect>) {
      this.write(`${requestLine} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    })
      .on('data', (chunk) => (answer += String(chunk)))
      .on('error', reject)
      .on('close', () => resolve(Number(answer.split(' ')[1])));
  });
}

async function listening(options: Partial<RedirectListenerOptions> = {}) {
  const listener = await listenForRedirect({
    onOpened: () => Promise.resolve({ status: 'ready', url: 'https://issuer.example/auth?page' }),
    states: () => ['right'],
    ...options,
  });
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
    return listener.retire(stop.signal);
  });
  return { ...listener, stop };
}

describe('the redirect listener', () => {
  it('takes the one answer with our state and leaves no code in the address bar', async () => {
    const { redirectUri, answer } = await listening();
    const first = await get(`${redirectUri}?code=SECRET&state=right&iss=x`);
    expect(first.status).toBe(303);
    expect(first.headers['location']).toBe('/done');
    expect((await answer).searchParams.get('code')).toBe('SECRET');
    const page = await get(new URL('/done', redirectUri).href);
    expect(page.body).toContain('You can close this tab');
    expect(page.body).not.toContain('SECRET');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('refuses another state and goes on waiting', async () => {
    const { redirectUri, answer } = await listening();
    expect((await get(`${redirectUri}?code=x&state=wrong`)).status).toBe(400);
    expect((await get(`${redirectUri}?code=x`)).status).toBe(400);
    await get(`${redirectUri}?code=right-one&state=right`);
    expect((await answer).searchParams.get('code')).toBe('right-one');
  });

  it('takes only one answer', async () => {
    const { redirectUri } = await listening();
    await get(`${redirectUri}?code=1&state=right`);
    expect((await get(`${redirectUri}?code=2&state=right`)).status).toBe(410);
    await get(new URL('/done', redirectUri).href);
  });

  it('refuses other paths, and names that point here from elsewhere', async () => {
    const { redirectUri } = await listening();
    expect((await get(`${redirectUri}/x?code=1&state=right`)).status).toBe(404);
    const rebound = await get(`${redirectUri}?code=1&state=right`, { host: 'evil.example' });
    expect(rebound.status).toBe(403);
  });

  it.each(['GET //', 'GET http://[/', 'GET //evil.example/callback?code=1&state=right'])(
    'answers %s with 400 and goes on waiting',
    async (requestLine) => {
      const { redirectUri, answer } = await listening();
      expect(await sendRaw(redirectUri, requestLine)).toBe(400);
      await get(`${redirectUri}?code=after&state=right`);
      expect((await answer).searchParams.get('code')).toBe('after');
      await get(new URL('/done', redirectUri).href);
    },
  );

  it('refuses an answer that is posted', async () => {
    const { redirectUri } = await listening();
    expect(await sendRaw(redirectUri, 'POST /callback?code=1&state=right')).toBe(403);
  });

  it('shows its last page to nobody before it has the answer', async () => {
    const { redirectUri } = await listening();
    expect(await sendRaw(redirectUri, 'GET /done')).toBe(404);
  });
});

describe('the address that a sign-in starts at', () => {
  it('leads to another page at each opening, and is kept nowhere', async () => {
    let count = 0;
    const onOpened = () => {
      count += 1;
      return Promise.resolve({
        status: 'ready' as const,
        url: `https://issuer.example/auth?request=${count}`,
      });
    };
    const { startUri } = await listening({ onOpened });
    for (const request of [1, 2, 3]) {
      const { status, headers } = await get(startUri);
      expect(status).toBe(302);
      expect(headers['location']).toBe(`https://issuer.example/auth?request=${request}`);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  it('cannot be guessed, and is of no use to a web page elsewhere', async () => {
    let count = 0;
    const onOpened = () => {
      count += 1;
      return Promise.resolve({ status: 'ready' as const, url: 'https://issuer.example/' });
    };
    const { startUri } = await listening({ onOpened });
    const { origin, pathname } = new URL(startUri);
    expect(pathname).toMatch(/^\/start\/[\w-]{43}$/);
    for (const path of ['/', '/start', '/start/', `${pathname}/`, pathname.slice(0, -1)]) {
      expect((await get(origin + path)).status).toBe(404);
    }
    expect((await get(startUri, { host: 'evil.example' })).status).toBe(403);
    expect(await sendRaw(startUri, `POST ${pathname}`)).toBe(403);
    for (const kind of ['image', 'iframe', 'empty', 'script']) {
      expect((await get(startUri, { 'sec-fetch-dest': kind })).status).toBe(403);
    }
    expect(count).toBe(0);
    expect((await get(startUri, { 'sec-fetch-dest': 'document' })).status).toBe(302);
  });

  it('asks the organisation thirty times at most', async () => {
    let count = 0;
    const onOpened = () => {
      count += 1;
      return Promise.resolve({ status: 'ready' as const, url: 'https://issuer.example/' });
    };
    const { startUri } = await listening({ onOpened });
    const statuses = new Set<number>();
    for (let opening = 0; opening < 35; opening += 1) statuses.add((await get(startUri)).status);
    expect([...statuses]).toEqual([302, 429]);
    expect(count).toBe(30);
  });

  it.each([
    [true, 'Reload this page'],
    [false, 'Go back to Banyan'],
  ])('says why there is no page, and what to do (app waits: %s)', async (goesOn, advice) => {
    const problem = 'x <b>cannot</b> be reached.';
    const { startUri } = await listening({
      onOpened: () => Promise.resolve({ status: 'failed', problem, goesOn }),
    });
    const { status, body } = await get(startUri);
    expect(status).toBe(502);
    expect(body).toContain('cannot&#60;/b&#62; be reached.');
    expect(body).toContain(advice);
  });

  it('says that the sign-in is over, as its callback does, until the client stops', async () => {
    const { startUri, redirectUri, stop, ...listener } = await listening();
    const gone = listener.retire(stop.signal);
    for (const address of [startUri, `${redirectUri}?code=1&state=right`]) {
      const { status, body } = await get(address);
      expect(status).toBe(410);
      expect(body).toContain('This sign-in is over');
      expect(body).toContain('start again there');
    }
    stop.abort();
    await gone;
    await expect(get(startUri)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
