import { request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenForRedirect } from '../../../../../src/main/client/identity/redirect-listener.ts';

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

async function listening() {
  const listener = await listenForRedirect('right');
  onTestFinished(() => listener.close());
  return listener;
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
