import { request } from 'node:http';
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
});
