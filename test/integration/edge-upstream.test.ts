// People sign in at an issuer of somebody else, with ours in front of it: device phase, tokens and policy stay here.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { exchangeBytes } from '../support/bytes.ts';
import { launchChromium, skipWithoutChromium } from '../support/chromium.ts';
import { openIdOf, registerDevice, type ScriptedDevice } from '../support/scripted-device.ts';
import { CLIENT_ID, type SecondIssuer, startSecondIssuer } from '../support/second-issuer.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { type Page, webBrowser } from '../support/web-browser.ts';

async function organisation(more: object = {}) {
  const issuer = await startSecondIssuer();
  issuer.claims['teams'] = ['Engineering'];
  const edge = await startEdge({
    data: issuer.data,
    upstream: {
      issuer: issuer.url,
      clientId: CLIENT_ID,
      clientSecret: 'secret',
      groupsClaim: 'teams',
      root: issuer.root,
      ...more,
    },
  });
  onTestFinished(() => edge.stop());
  return { issuer, edge };
}

type Tab = ReturnType<typeof webBrowser>;

/** A sign-in of a device in one tab: what each step answers. */
async function begin(edge: TestEdge, device: ScriptedDevice, tab: Tab) {
  const openId = await openIdOf(edge, device.id, device.identity);
  const page = await tab.open(await openId.start());
  const [, action = ''] = /action="([^"]+)"/.exec(page.body) ?? [];
  const answer = (decision: string): Promise<Page> =>
    tab.open(new URL(action, page.url).href, {
      method: 'POST',
      body: `decision=${decision}`,
      stay: true,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(page.url).origin,
        'sec-fetch-site': 'same-origin',
      },
    });
  return { openId, page, action: new URL(action, page.url).href, answer };
}
/** Redirects until a page, or until the app's own address. */
async function follow(tab: Tab, from: Page): Promise<Page> {
  let page = from;
  while (page.headers.location !== undefined) {
    const next = new URL(page.headers.location, page.url);
    if (next.pathname === '/callback' && next.port === '49152') return { ...page, url: next.href };
    page = await tab.open(next.href, { stay: true });
  }
  return page;
}
async function signIn(edge: TestEdge, device: ScriptedDevice, issuer: SecondIssuer) {
  const tab = webBrowser(issuer.root);
  const { openId, answer } = await begin(edge, device, tab);
  const end = await follow(tab, await answer('sign-in'));
  return { end, openId };
}
const audit = (edge: TestEdge) => readFile(path.join(edge.data, 'audit.jsonl'), 'utf8');

describe('a sign-in that passes people on', () => {
  it('goes in a real browser from the click to bytes, with the groups of that issuer', async (ctx) => {
    skipWithoutChromium(ctx);
    const { issuer, edge } = await organisation();
    const chromium = await launchChromium();
    onTestFinished(() => chromium.close());
    const window = await chromium.newPage({ ignoreHTTPSErrors: true });
    const client = await startClient({
      browser: scriptedBrowser(async (url) => {
        await window.goto(url);
        expect(await window.textContent('main')).toContain(new URL(issuer.url).host);
        expect(await window.locator('input[type=password]').count()).toBe(0);
        await window.click('text=Continue');
        await window.waitForURL(/\/callback/);
      }),
    });
    onTestFinished(() => client.stop());
    await client.register(await edge.edge.createInvite());
    await client.signIn();
    expect(client.slices().session).toMatchObject({
      status: 'signed-in',
      person: { email: 'dana@demo.example', name: 'Dana Elsewhere' },
    });
    const tunnel = await client.call('tunnel.open', { service: 'echo.demo.bnn' });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    expect(await exchangeBytes(port, 'through')).toBe('through');
    // Who chooses what stands before the @ there is not known: it is no login name here.
    const file = path.join(client.home, 'login-key.pem-cert.pub');
    const [, line = ''] = (await readFile(file, 'utf8')).split(' ');
    const certificate = Buffer.from(line, 'base64').toString('latin1');
    expect(certificate).toContain('\0\0\0\x15\0\0\0\x11dana@demo.example');
  });

  it('asks with PKCE, state and nonce for a fresh sign-in; the token that comes of it is ours', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const tab = webBrowser(issuer.root);
    const { openId, answer } = await begin(edge, device, tab);
    const sent = await answer('sign-in');
    const asked = new URL(sent.headers.location ?? '');
    expect(asked.origin).toBe(issuer.url);
    const given = Object.fromEntries(asked.searchParams);
    expect(given).toMatchObject({ code_challenge_method: 'S256', prompt: 'login' });
    for (const name of ['code_challenge', 'state', 'nonce']) expect(given[name]).toMatch(/^.{40,}/);
    const end = await follow(tab, sent);
    const claims = (await openId.finish(end.url)).claims();
    expect(claims).toMatchObject({
      iss: edge.edge.document.issuer,
      aud: device.id,
      email: 'dana@demo.example',
      groups: ['Engineering'],
    });
    expect(await audit(edge)).toMatch(/"sign-in".*"allowed":true.*"person":"dana@demo.example"/);
  });

  it('counts the groups of the last sign-in, and lets nobody in who was switched off', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    await signIn(edge, device, issuer);
    issuer.claims['teams'] = 'Finance';
    const { end, openId } = await signIn(edge, device, issuer);
    expect((await openId.finish(end.url)).claims()).toMatchObject({ groups: ['Finance'] });
    await callsTo(edge.data)('user.enable', {
      email: 'dana@demo.example',
      enabled: false,
      by: 'test',
    });
    const refused = await signIn(edge, device, issuer);
    expect([refused.end.status, refused.end.body]).toEqual([
      403,
      expect.stringContaining('Code: account_disabled'),
    ]);
  });

  it.each<[string, string, (issuer: SecondIssuer) => void]>([
    ['another nonce', 'issuer_answer_invalid', ({ claims }) => (claims['nonce'] = 'other')],
    ['another issuer', 'issuer_answer_invalid', ({ claims }) => (claims['iss'] = 'https://x.test')],
    ['another audience', 'issuer_answer_invalid', ({ claims }) => (claims['aud'] = 'somebody')],
    ['a token that is over', 'issuer_answer_invalid', ({ claims }) => (claims['exp'] = 1_000)],
    ['no e-mail', 'issuer_answer_invalid', ({ claims }) => (claims['email'] = '')],
    ['groups that are none', 'issuer_answer_invalid', ({ claims }) => (claims['teams'] = { a: 1 })],
    ['an e-mail that it does not vouch for', 'email_unverified', unverified],
    [
      'a token endpoint that fails',
      'issuer_answer_invalid',
      (issuer) => (issuer.fault = { path: '/token', how: 'server error' }),
    ],
    [
      'a token endpoint that is gone',
      'issuer_unreachable',
      (issuer) => (issuer.fault = { path: '/token', how: 'reset' }),
    ],
  ])('signs nobody in with %s, and says so on a page with its code', async (_, code, spoil) => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    spoil(issuer);
    const { end } = await signIn(edge, device, issuer);
    expect(end.body).toContain(`Code: ${code}`);
    expect(await audit(edge)).toContain(`"allowed":false,"code":"${code}"`);
  });

  it('takes the secret of this edge to no other place that the issuer names', async () => {
    const told: string[] = [];
    const elsewhere = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => told.push(chunk));
      request.on('end', () => response.writeHead(404).end());
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void elsewhere.close());
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const to = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
    issuer.fault = { path: '/token', how: 'redirect', to };
    const { end } = await signIn(edge, device, issuer);
    expect(told).toEqual([]);
    expect(end.body).toContain('Code: issuer_answer_invalid');
  });

  it('says when that issuer cannot be reached, and goes on once it can', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    issuer.fault = { path: '/.well-known/openid-configuration', how: 'reset' };
    const { page } = await begin(edge, device, webBrowser(issuer.root));
    expect([page.status, page.body]).toEqual([
      503,
      expect.stringContaining('Code: issuer_unreachable'),
    ]);
    issuer.fault = null;
    const { end, openId } = await signIn(edge, device, issuer);
    expect((await openId.finish(end.url)).claims()).toMatchObject({ aud: device.id });
  });

  it.each(
    (['/.well-known/openid-configuration', '/token'] as const).flatMap((at) =>
      (['endless', 'compressed'] as const).map((how) => [how, at] as const),
    ),
  )('does not read an answer that is %s at %s into memory', async (how, at) => {
    const { issuer, edge } = await organisation();
    issuer.fault = { path: at, how };
    const began = Date.now();
    const device = await registerDevice(edge);
    const page =
      at === '/token'
        ? (await signIn(edge, device, issuer)).end
        : (await begin(edge, device, webBrowser(issuer.root))).page;
    const code = at === '/token' ? 'issuer_answer_invalid' : 'issuer_unreachable';
    expect(page.body).toContain(`Code: ${code}`);
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(edge.logged.join('\n')).toContain('the answer is too large');
  });

  it('can be denied before anything is asked elsewhere', async () => {
    const { issuer, edge } = await organisation();
    const tab = webBrowser(issuer.root);
    const { answer } = await begin(edge, await registerDevice(edge), tab);
    const end = await follow(tab, await answer('deny'));
    expect(end.url).toContain('error=access_denied');
  });
});

describe('an answer of that issuer', () => {
  /** Up to where the issuer sends the browser back. */
  async function answered(edge: TestEdge, tab: Tab) {
    const started = await begin(edge, await registerDevice(edge), tab);
    const sent = await started.answer('sign-in');
    const back = await tab.open(sent.headers.location ?? '', { stay: true });
    return { ...started, callback: back.headers.location ?? '' };
  }

  it('signs nobody in in another browser than the one that was sent there', async () => {
    const { issuer, edge } = await organisation();
    const { callback } = await answered(edge, webBrowser(issuer.root));
    const { status, body } = await webBrowser(issuer.root).open(callback);
    expect([status, body]).toEqual([400, expect.stringContaining('This sign-in is over')]);
  });

  it('counts for the one sign-in that has asked for it', async () => {
    const { issuer, edge } = await organisation();
    const tab = webBrowser(issuer.root);
    const { callback } = await answered(edge, tab);
    const other = await begin(edge, await registerDevice(edge), tab);
    const { body } = await tab.open(`${other.action}${new URL(callback).search}`);
    expect(body).toContain('Code: issuer_answer_invalid');
  });

  it.each(['', '?state=made-up&code=x', '?code=x'])('is nothing as %j', async (query) => {
    const { issuer, edge } = await organisation();
    const { origin } = new URL(await (await openIdOfNew(edge)).start());
    const { status, body } = await webBrowser(issuer.root).open(
      `${origin}/upstream/callback${query}`,
    );
    expect([status, body]).toEqual([403, expect.stringContaining('Code: issuer_answer_invalid')]);
  });
});

function unverified({ claims }: SecondIssuer): void {
  claims['email_verified'] = false;
}
async function openIdOfNew(edge: TestEdge) {
  const device = await registerDevice(edge);
  return openIdOf(edge, device.id, device.identity);
}
