// "Open" from the client to the page: real client, real edge, a browser that keeps cookies.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { webBrowser } from '../support/web-browser.ts';

const WIKI = 'wiki.demo.bnn';
let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

/** Signs in by itself; what else is opened is kept. */
async function signedInClient(open?: () => Promise<void>) {
  const opened: string[] = [];
  const app = await startClient({
    browser: {
      open(url) {
        if (!url.includes('/open?')) {
          void approveSignIn(url).catch(() => {});
          return Promise.resolve();
        }
        opened.push(url);
        return open?.() ?? Promise.resolve();
      },
    },
  });
  onTestFinished(() => app.stop());
  await app.register(await edge.edge.createInvite());
  await app.signIn();
  return { app, opened };
}
const pendingLink = (app: TestClient) => app.client.snapshot().slices.links.service;

test('a web service opens in the browser as the person of the app', async () => {
  const { app, opened } = await signedInClient();
  await app.call('service.open', { service: WIKI });
  expect(opened).toHaveLength(1);
  expect(opened[0]).toMatch(`${edge.browserOrigin}/open?ticket=`);
  const page = await webBrowser('').open(opened[0]!);
  expect(page.status).toBe(200);
  expect(page.body).toContain('You are dana@demo.example');
});

test('signing out of the app ends the page, too', async () => {
  const { app, opened } = await signedInClient();
  await app.call('service.open', { service: WIKI });
  const tab = webBrowser('');
  const page = await tab.open(opened[0]!);
  await app.call('session.signOut', {});
  const after = await tab.open(page.url);
  expect(after.status).toBe(403);
  expect(after.body).toContain(`banyan://open/${WIKI}`);
});

test('what cannot be opened is refused with its reason, and no browser starts', async () => {
  const { app, opened } = await signedInClient();
  const open = (service: string) => app.call('service.open', { service });
  await expect(open('echo.demo.bnn')).rejects.toMatchObject({ code: 'web/not-a-web-service' });
  await expect(open('no.demo.bnn')).rejects.toMatchObject({ code: 'catalog/service-not-found' });
  await app.call('session.signOut', {});
  await expect(open(WIKI)).rejects.toMatchObject({ code: 'identity/sign-in-required' });
  expect(opened).toEqual([]);
});

test('a browser that cannot be started is an error, and its address is in no log', async () => {
  const { app, opened } = await signedInClient(() => Promise.reject(new Error('spawn ENOENT')));
  await expect(app.call('service.open', { service: WIKI })).rejects.toMatchObject({
    code: 'web/no-browser',
  });
  const ticket = new URL(opened[0]!).searchParams.get('ticket');
  expect(ticket).toHaveLength(43);
  expect(JSON.stringify(app.log)).not.toContain(ticket);
  expect(edge.logged.join('\n')).not.toContain(ticket);
});

test('a link only asks: the person opens it, or does not', async () => {
  const { app, opened } = await signedInClient();
  app.client.openLink(`banyan://open/${WIKI}`);
  expect(pendingLink(app)).toEqual({ wants: 'open', service: WIKI });
  expect(opened).toEqual([]);
  await app.call('link.dismiss', { asksFor: 'service' });
  expect(pendingLink(app)).toBeNull();
  app.client.openLink(`banyan://open/${WIKI}?next=evil`);
  expect(pendingLink(app)).toBeNull();
  app.client.openLink(`banyan://open/${WIKI}`);
  await app.call('service.open', { service: WIKI });
  expect(pendingLink(app)).toBeNull();
  expect(opened).toHaveLength(1);
});

test('a link that wants a connection only asks too', async () => {
  const { app } = await signedInClient();
  const echo = 'echo.demo.bnn';
  app.client.openLink(`banyan://connect/${echo}`);
  expect(pendingLink(app)).toEqual({ wants: 'connect', service: echo });
  expect(app.slices().tunnels.states).toEqual({});
  await app.call('tunnel.open', { service: 'api.demo.bnn' });
  expect(pendingLink(app)).toMatchObject({ service: echo });
  await app.call('tunnel.open', { service: echo });
  expect(pendingLink(app)).toBeNull();
});
