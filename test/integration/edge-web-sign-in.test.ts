// Signing a browser in to a web service: ticket, device session, code with PKCE, cookie. Over https all the way.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { registerDevice, signIn } from '../support/scripted-device.ts';
import { signInOn, webBrowser } from '../support/web-browser.ts';
import { startWebBench, type WebBench } from '../support/web-service.ts';

let bench: WebBench;
beforeAll(async () => {
  bench = await startWebBench({ plainPages: false });
});
afterAll(() => bench.stop());

const browser = () => webBrowser(bench.edge.edge.root);
/** A browser that the app has sent to a service. */
const opened = async (service = 'shop') => {
  const tab = browser();
  await tab.open(await bench.openUrl(`${service}.demo.bnn`));
  return tab;
};
const hostsOf = (trail: string[]) => trail.map((each) => new URL(each).hostname);
const tokenIn = (tab: ReturnType<typeof browser>, service = 'shop') =>
  tab.cookies(`${service}.demo.localhost`).get('__Host-bnn_trust') ?? '';
const ticketFor = (service: string, headers: Record<string, string> = {}) =>
  bench.device.call(`${bench.edge.edge.document.command_center}/ticket`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.dana.trustToken}`, ...headers },
    body: JSON.stringify({ service }),
  });

test('what the app opens ends at the service, signed in, without any question', async () => {
  const page = await browser().open(await bench.openUrl('shop.demo.bnn'));
  expect(page.status).toBe(200);
  expect(page.url).toBe(`${bench.origin('shop')}/`);
  expect(JSON.parse(page.body)).toMatchObject({ method: 'GET', url: '/' });
  expect(new Set(hostsOf(page.trail))).toEqual(new Set(['demo.localhost', 'shop.demo.localhost']));
});

test('the cookie is for this host alone, unreadable for scripts, and gone with the browser', async () => {
  const tab = browser();
  const first = await tab.open(await bench.openUrl('shop.demo.bnn'), { stay: true });
  expect(first.headers['set-cookie']?.[0]).toMatch(
    /^__Host-banyan_device=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  );
  let page = await tab.open(`${bench.origin('shop')}/`, { stay: true });
  for (let step = 0; step < 9 && !page.url.includes('/bnn_trust_cb'); step += 1) {
    page = await tab.open(new URL(page.headers.location ?? '', page.url).href, { stay: true });
  }
  expect(page.headers['set-cookie']).toEqual([
    expect.stringMatching(
      /^__Host-bnn_trust=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    ),
  ]);
});

test("the token is the service's own, of the app's session and device, and ends no later", async () => {
  const claims = decodeJwt(tokenIn(await opened()));
  const app = decodeJwt(bench.dana.trustToken);
  expect(claims).toMatchObject({
    aud: 'shop.demo.bnn',
    iss: bench.edge.edge.document.issuer,
    email: 'dana@demo.example',
    device_id: bench.device.id,
  });
  expect(claims.jti?.split('.')[0]).toBe(app.jti?.split('.')[0]);
  expect(claims.exp).toBeLessThanOrEqual(app.exp!);
});

test('each sign-in has a nonce of its own', async () => {
  const nonces = [await opened(), await opened()].map((tab) => decodeJwt(tokenIn(tab))['nonce']);
  for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{43}$/);
  expect(new Set(nonces).size).toBe(2);
});

test('a browser that the app has sent to one service opens others of this person by itself', async () => {
  const tab = await opened('shop');
  const page = await tab.open(`${bench.origin('forum')}/thread/7?page=2`);
  expect(page.status).toBe(200);
  expect(JSON.parse(page.body)).toMatchObject({ url: '/thread/7?page=2' });
});

test('a browser without a device session is dropped with a page that offers the app', async () => {
  const page = await browser().open(`${bench.origin('shop')}/`);
  expect(page.status).toBe(403);
  expect(page.body).toContain('href="banyan://open/shop.demo.bnn"');
  expect(page.body).not.toContain('<form');
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
});

test.each(['//evil.example/x?y=1', '/\\evil.example', '/%2f%2fevil.example', '/@evil.example'])(
  'after signing in, %s is a path of the service and leads nowhere else',
  async (path) => {
    const tab = await opened('forum');
    const { hostname, port } = new URL(bench.origin('shop'));
    // Not through URL, which would tidy it up.
    const page = await tab.open(`https://${hostname}:${port}/`, { stay: true });
    expect(page.status).toBe(302);
    const end = await tab.open(bench.origin('shop') + path.replaceAll('\\', '%5C'));
    expect(new URL(end.url).origin).toBe(bench.origin('shop'));
    expect(end.status).toBe(200);
  },
);

test('a ticket works once, and a second use ends what the first one opened', async () => {
  const url = await bench.openUrl('shop.demo.bnn');
  const tab = browser();
  expect((await tab.open(url)).status).toBe(200);
  expect(await browser().open(url)).toMatchObject({ status: 403, url });
  expect((await tab.open(`${bench.origin('forum')}/`)).status).toBe(403);
});

test('of two browsers with the same ticket at once, at most one is let in', async () => {
  const url = await bench.openUrl('shop.demo.bnn');
  const pages = await Promise.all([1, 2, 3, 4].map(() => browser().open(url)));
  expect(pages.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
});

test('a ticket is over after a minute', async () => {
  const url = await bench.openUrl('shop.demo.bnn');
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
  onTestFinished(() => now.mockRestore());
  expect((await browser().open(url)).status).toBe(403);
});

test('a ticket of a session that has ended meanwhile opens nothing', async () => {
  const device = await registerDevice(bench.edge);
  const url = await bench.openUrl('shop.demo.bnn', await signIn(bench.edge, device));
  await bench.edge.edge.endSessions(device.id, 'Ended.');
  expect((await browser().open(url)).status).toBe(403);
});

test.each([
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-user': '?1' },
  { 'sec-fetch-site': 'same-site', 'sec-fetch-user': '?1' },
  { 'sec-fetch-site': 'same-origin' },
])('where a page leads here (%o), the person is asked as whom', async (headers) => {
  const url = await bench.openUrl('shop.demo.bnn');
  const tab = browser();
  const page = await tab.open(url, { headers });
  expect(page).toMatchObject({ status: 200, url });
  expect(page.body).toContain('Open shop as dana@demo.example?');
  expect(tab.cookies('demo.localhost').size).toBe(0);
  const [, link = ''] = /href="(\/open\?ticket=[\w-]+)"/.exec(page.body) ?? [];
  const clicked = { 'sec-fetch-site': 'same-origin', 'sec-fetch-user': '?1' };
  const yes = await tab.open(new URL(link, url).href, { headers: clicked });
  expect(new URL(yes.url).hostname).toBe('shop.demo.localhost');
  const used = await browser().open(url, { headers });
  expect(used.status).toBe(403);
});

test.each([
  { 'sec-purpose': 'prefetch' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
])('a guess ahead or a picture (%o) cannot trade a ticket, nor use it up', async (headers) => {
  const url = await bench.openUrl('shop.demo.bnn');
  const tab = browser();
  expect((await tab.open(url, { headers })).status).toBe(403);
  expect(tab.cookies('demo.localhost').size).toBe(0);
  expect((await tab.open(url)).status).toBe(200);
});

test('a made-up ticket opens nothing', async () => {
  const origin = new URL(await bench.openUrl('shop.demo.bnn')).origin;
  for (const query of ['', '?ticket=', `?ticket=${'A'.repeat(43)}`, '?ticket=__proto__', '?x=1']) {
    expect((await browser().open(`${origin}/open${query}`)).status).toBe(403);
  }
});

test('no ticket without the token of this very device, nor for what is no web service or not allowed', async () => {
  expect((await ticketFor('shop.demo.bnn', { authorization: '' })).status).toBe(401);
  const other = await signIn(bench.edge, await registerDevice(bench.edge));
  const stolen = { authorization: `Bearer ${other.trustToken}` };
  expect((await ticketFor('shop.demo.bnn', stolen)).status).toBe(401);
  expect((await ticketFor('echo.demo.bnn')).status).toBe(404);
  expect((await ticketFor('nothing.demo.bnn')).status).toBe(404);
  const refused = await ticketFor('trusted.demo.bnn');
  expect(refused.status).toBe(403);
  expect(JSON.parse(refused.body)).toMatchObject({ code: 'trust_level' });
});

test('policy is checked before a token is issued, and its reason is said in plain words', async () => {
  const tab = await opened('shop');
  const page = await tab.open(`${bench.origin('trusted')}/`);
  expect(page.status).toBe(403);
  expect(page.body).toContain('Your device has to be at trust level High.');
  expect(new URL(page.url).hostname).toBe('demo.localhost');
});

test('a device session ends with the session of the app', async () => {
  const device = await registerDevice(bench.edge);
  const tab = browser();
  await tab.open(await bench.openUrl('shop.demo.bnn', await signIn(bench.edge, device)));
  await bench.edge.edge.endSessions(device.id, 'Ended.');
  const page = await tab.open(`${bench.origin('shop')}/`);
  expect(page.status).toBe(403);
  expect(page.body).toContain('banyan://open/');
});

/** Walks up to, not through, the callback. */
const callbackOf = async (tab: ReturnType<typeof browser>, service = 'shop') => {
  let page = await tab.open(`${bench.origin(service)}/`, { stay: true });
  for (let step = 0; step < 9; step += 1) {
    const next = new URL(page.headers.location ?? '', page.url).href;
    if (next.includes('/bnn_trust_cb')) return next;
    page = await tab.open(next, { stay: true });
  }
  throw new Error('no callback');
};

test("somebody else's sign-in cannot be put into a browser", async () => {
  const callback = await callbackOf(await opened('forum'));
  const victim = await opened('forum');
  await victim.open(`${bench.origin('shop')}/`, { stay: true }); // has a sign-in of its own under way
  const page = await victim.open(callback);
  expect(page.status).toBe(400);
  expect(tokenIn(victim)).toBe('');
});

test("led to somebody else's sign-in, a browser signs nobody in there, whatever a neighbouring host has planted", async () => {
  const thief = browser();
  const away = await thief.open(`${bench.origin('forum')}/`, { stay: true });
  const begun = await thief.open(away.headers.location ?? '', { stay: true });
  const page = new URL(begun.headers.location ?? '', begun.url);
  // All of the thief's cookies but those that browsers take from their own host alone.
  const planted = (begun.headers['set-cookie'] ?? [])
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.startsWith('__Host-'));
  const victim = await opened('shop');
  const own = `__Host-banyan_device=${victim.cookies('demo.localhost').get('__Host-banyan_device')}`;
  const cookie = [own, ...planted].join('; ');
  const lured = await victim.open(page.href, { stay: true, headers: { cookie } });
  expect(lured.status).toBe(400);
  await thief.open(page.href.replace('/interaction/', '/auth/'));
  expect(tokenIn(thief, 'forum')).toBe('');
});

test('a code works once, at its own service, with its own state', async () => {
  const tab = await opened('forum');
  const callback = await callbackOf(tab);
  const elsewhere = callback.replace('//shop.', '//forum.');
  expect((await tab.open(elsewhere)).status).toBe(400);
  const bent = callback.replace(/state=(.)/, (_, first) => `state=${first === 'A' ? 'B' : 'A'}`);
  expect((await tab.open(bent)).status).toBe(400);
  expect((await tab.open(callback)).status).toBe(200);
  expect((await browser().open(callback)).status).toBe(400);
  expect((await tab.open(callback)).status).toBe(400);
});

test('a sign-in that has taken longer than a quarter of an hour is over, and the page says so', async () => {
  const tab = await opened('forum');
  const callback = await callbackOf(tab);
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 901_000);
  onTestFinished(() => now.mockRestore());
  const page = await tab.open(callback);
  // Its code has run out long before; that it took too long, only `state` tells.
  expect([page.status, page.body]).toEqual([400, expect.stringContaining('took too long')]);
  expect(tokenIn(tab)).toBe('');
});

test('an authorization request that was not pushed by the service itself is refused', async () => {
  const { issuer } = bench.edge.edge.document;
  const tab = await opened('shop');
  const query = `client_id=shop.demo.bnn&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(`${bench.origin('shop')}/bnn_trust_cb`)}`;
  const page = await tab.open(`${issuer}/auth?${query}`, { stay: true });
  expect(page.headers.location ?? '').not.toContain('/interaction/');
});

test('where unregistered devices are exempted, a password is enough, and nowhere else', async () => {
  const tab = browser();
  const page = await tab.open(`${bench.origin('guests')}/`);
  expect(page.status).toBe(200);
  const planted = { headers: { origin: 'https://evil.example' } };
  expect((await signInOn(tab, page, planted)).status).toBe(403);
  expect((await signInOn(tab, page, { password: 'wrong' })).status).toBe(401);
  const end = await signInOn(tab, page);
  expect(end.status).toBe(200);
  expect(end.url).toBe(`${bench.origin('guests')}/`);
  expect(decodeJwt(tokenIn(tab, 'guests'))).toMatchObject({
    device_id: '',
    aud: 'guests.demo.bnn',
  });
  expect((await tab.open(`${bench.origin('shop')}/`)).status).toBe(403);
});

test('guesses without a device lock nobody out who comes from elsewhere', async () => {
  const guests = `${bench.origin('guests')}/`;
  const guesser = webBrowser(bench.edge.edge.root, undefined, '127.0.0.9');
  const page = await guesser.open(guests);
  let status = 0;
  for (let guess = 0; guess < 6; guess += 1) {
    ({ status } = await signInOn(guesser, page, { password: 'wrong' }));
  }
  expect(status).toBe(429);
  const dana = browser();
  expect((await signInOn(dana, await dana.open(guests))).url).toBe(guests);
});

test('where pages are on plain loopback, the service is too: no certificate of ours is needed', async () => {
  const plain = await startWebBench();
  onTestFinished(() => plain.stop());
  const tab = webBrowser('no root at all');
  const page = await tab.open(await plain.openUrl('shop.demo.bnn'));
  expect(page.status).toBe(200);
  expect(new URL(page.url).protocol).toBe('http:');
  expect([...tab.cookies('shop.demo.localhost').keys()]).toContain('bnn_trust');
});

test('nothing of it is in the log', async () => {
  const url = await bench.openUrl('shop.demo.bnn');
  const tab = browser();
  await tab.open(url);
  await browser().open(url);
  const text = bench.edge.logged.join('\n');
  expect(text).not.toContain(new URL(url).searchParams.get('ticket'));
  expect(text).not.toContain(tokenIn(tab).slice(-40));
});
