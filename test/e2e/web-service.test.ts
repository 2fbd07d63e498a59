// A web service in a real browser: opened by the app's ticket, a WebSocket from its page, cut when the session ends.
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { launchChromium, skipWithoutChromium } from '../support/chromium.ts';
import { startWebBench, type WebBench } from '../support/web-service.ts';

let browser: Browser | null = null;
beforeEach(skipWithoutChromium);
afterAll(() => browser?.close());

const ways = [
  { name: 'over https at the Access Tier', plainPages: false, scheme: 'https:' },
  { name: 'on plain loopback, as in the demo', plainPages: true, scheme: 'http:' },
];

test.each(ways)(
  '$name: from the ticket to the page, and to its end',
  async ({ plainPages, scheme }) => {
    browser ??= await launchChromium();
    const bench = await startWebBench({ plainPages });
    onTestFinished(() => bench.stop());
    bench.backend((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>Shop</title><h1>Welcome</h1>');
    });
    // The demo's root is in no browser: where it is met at all, this test does what a person would have to.
    const context: BrowserContext = await browser.newContext({ ignoreHTTPSErrors: !plainPages });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(await bench.openUrl('shop.demo.bnn'));
    expect(await page.title()).toBe('Shop');
    expect(new URL(page.url())).toMatchObject({
      protocol: scheme,
      hostname: 'shop.demo.localhost',
      pathname: '/',
    });
    expect(await page.evaluate('document.cookie')).toBe('');

    // From a page of its own, a WebSocket; from this browser, the neighbour without another question.
    const echo = await page.evaluate(`new Promise((resolve, reject) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/frames');
    window.socketEnd = new Promise((done) => { socket.onclose = () => done('closed'); });
    socket.onopen = () => socket.send('hello');
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error('refused'));
  })`);
    expect(echo).toBe('hello');
    const neighbour = await context.newPage();
    await neighbour.goto(page.url().replace('shop.', 'forum.'));
    expect(await neighbour.title()).toBe('Shop');
    const stolen = await neighbour.evaluate(
      `fetch(${JSON.stringify(page.url())}, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'x' }).then(() => 'sent')`,
    );
    expect(stolen).toBe('sent');
    expect(bench.methods).not.toContain('POST');

    const startedAt = performance.now();
    await bench.edge.edge.endSessions(bench.device.id, 'Ended.');
    expect(await page.evaluate('window.socketEnd')).toBe('closed');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await page.reload();
    expect(
      await page.getByRole('link', { name: 'Open with the Banyan app' }).getAttribute('href'),
    ).toBe('banyan://open/shop.demo.bnn');
  },
);

test('a page of another site cannot sign a browser in with a ticket of its own', async () => {
  browser ??= await launchChromium();
  const bench: WebBench = await startWebBench();
  onTestFinished(() => bench.stop());
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.route('http://evil.localhost/', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<h1>evil</h1>' }),
  );
  await page.goto('http://evil.localhost/');
  await page.evaluate(`location.href = ${JSON.stringify(await bench.openUrl('shop.demo.bnn'))}`);
  await page.getByRole('heading', { name: 'Open Shop as dana@demo.example?' }).waitFor();
  expect(await context.cookies(bench.edge.browserOrigin)).toEqual([]);
});

test('a browser without the app is offered it, but for what is exempted and where any device will do', async () => {
  browser ??= await launchChromium();
  const bench: WebBench = await startWebBench({ plainPages: false });
  onTestFinished(() => bench.stop());
  bench.backend(({ url = '' }, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><h1>Welcome to ${url}</h1>`);
  });
  await bench.settingsOf('forum', { exempted_paths: { enabled: true, paths: ['/open/*'] } });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const isOffered = async (address: string): Promise<void> => {
    expect((await page.goto(address))?.status()).toBe(403);
    await page.getByRole('link', { name: 'Open with the Banyan app' }).waitFor();
  };
  const typePassword = async (): Promise<void> => {
    await page.locator('input[name=email]').fill('dana@demo.example');
    await page.locator('input[type=password]').fill('demo-password');
    await page.locator('button[value=sign-in]').click();
  };
  const isWelcome = (where: string): Promise<void> =>
    page.getByRole('heading', { name: `Welcome to ${where}` }).waitFor();

  await isOffered(`${bench.origin('shop')}/`);
  // Exempted: nobody is asked anything.
  await page.goto(`${bench.origin('forum')}/open/rules`);
  await isWelcome('/open/rules');
  expect(await context.cookies(bench.origin('forum'))).toEqual([]);
  await isOffered(`${bench.origin('forum')}/closed`);

  // Suppressed for this service.
  await page.goto(`${bench.origin('guests')}/hello`);
  await typePassword();
  await isWelcome('/hello');
  await isOffered(`${bench.origin('shop')}/`);

  // Allowed everywhere: now it is for the roles to say.
  const ask = callsTo(bench.edge.data);
  await ask('settings.set', { unregisteredDevices: 'allowed', by: 'test' });
  await bench.policyOf('forum', 'anybody');
  await page.goto(`${bench.origin('forum')}/closed`);
  await typePassword();
  await isWelcome('/closed');
  await page.goto(`${bench.origin('shop')}/`);
  await typePassword();
  await page.getByText('You may use this service, but not from this device.').waitFor();
});
