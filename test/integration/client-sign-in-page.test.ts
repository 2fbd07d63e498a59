// The page of a sign-in, for as long as the app waits for it, and after that.
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  approveSignIn,
  pageBehind,
  signInWithoutBrowser,
} from '../../scripts/lib/approve-sign-in.mjs';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { CLIENT_ID, startSecondIssuer } from '../support/second-issuer.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { webBrowser } from '../support/web-browser.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());
afterEach(() => void vi.useRealTimers());

/** For whoever looks at the time of day; timers go on as they are. */
function laterBy(minutes: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(now + minutes * 60_000);
}

async function aClient() {
  const browser = scriptedBrowser();
  const client = await startClient({ browser });
  onTestFinished(() => client.stop());
  return { client, browser };
}

async function isShown(client: TestClient): Promise<string> {
  const { session } = await client.until(
    ({ session: now }) => now.status === 'signing-in' && now.prompt !== null,
  );
  const prompt = 'prompt' in session ? session.prompt : null;
  return prompt?.by === 'browser' ? prompt.url : '';
}

/** The form of a page, sent with its first button. */
function submit(tab: ReturnType<typeof webBrowser>, page: { url: string; body: string }) {
  const action = /action="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const url = new URL(action, page.url);
  return tab.open(url.href, {
    method: 'POST',
    headers: {
      origin: url.origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'email=dana%40demo.example&password=demo-password&decision=sign-in',
  });
}

describe('the link of a sign-in', () => {
  it('is good four minutes later, and again, whoever has opened it before', async () => {
    const { client, browser } = await aClient();
    await client.register(await edge.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    const link = await isShown(client);
    expect(browser.opened).toEqual([link]);
    const first = await pageBehind(link);
    laterBy(4);
    const second = await pageBehind(link);
    expect(second.href).not.toBe(first.href);
    await expect(signInWithoutBrowser(first.href)).rejects.toThrow('expired, or was already used');
    await approveSignIn(link);
    expect((await signedIn).status).toBe('signed-in');
  });

  it('of a registration is, too', async () => {
    const { client } = await aClient();
    const done = client.call('device.registerBySignIn', {
      address: edge.organisation,
      fingerprint: edge.edge.rootFingerprint,
      name: 'laptop',
      ownership: 'Other',
      secrets: 'keychain',
      openBrowser: true,
    });
    const { registration } = await client.until(({ registration: at }) => at.status === 'waiting');
    laterBy(4);
    await approveSignIn(registration.status === 'waiting' ? registration.url : '');
    expect((await done).status).toBe('registered');
  });

  it('leads to an issuer of somebody else as often as it is opened', async () => {
    const issuer = await startSecondIssuer();
    const elsewhere = await startEdge({
      data: issuer.data,
      foreignIssuer: { issuer: issuer.url, clientId: CLIENT_ID, root: issuer.root },
    });
    onTestFinished(() => elsewhere.stop());
    const { client } = await aClient();
    await client.register(await elsewhere.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    const link = await isShown(client);
    const [first, second] = [await pageBehind(link), await pageBehind(link)];
    expect(second.origin).toBe(issuer.url);
    for (const own of ['state', 'nonce', 'code_challenge']) {
      expect(second.searchParams.get(own)).not.toBe(first.searchParams.get(own));
    }
    await issuer.approve(first.href); // the one that was opened first may be the one that is finished
    expect((await signedIn).status).toBe('signed-in');
  });

  it('shows no page while nothing answers, says why, and works when it is opened again', async () => {
    const { client } = await aClient();
    const data = tempDir();
    const own = await startEdge({ data });
    await client.register(await own.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    const link = await isShown(client);
    await pageBehind(link);
    const { issuer, command_center, browser_origin = '' } = own.edge.document;
    const [open, mutual, browser] = [issuer, command_center, browser_origin].map((url) => ({
      port: Number(new URL(url).port),
    }));
    await own.stop();
    const page = await fetch(link, { redirect: 'manual' });
    expect(page.status).toBe(502);
    const text = await page.text();
    expect(text).toContain('cannot be reached');
    expect(text).toContain('Reload this page');
    expect(client.slices().session.status).toBe('signing-in');
    const back = await startEdge({
      data,
      ports: { public: open!, mutual: mutual!, browser: browser! },
    });
    onTestFinished(() => back.stop());
    await approveSignIn(link);
    expect((await signedIn).status).toBe('signed-in');
  });

  it('ends the sign-in in the app where the device is no longer accepted', async () => {
    const { client } = await aClient();
    await client.register(await edge.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    const refused = expect(signedIn).rejects.toMatchObject({ code: 'device/certificate-refused' });
    const link = await isShown(client);
    await pageBehind(link);
    const device = (await edge.edge.devices()).at(-1)!;
    await edge.edge.revokeDevice(device.id, 'Lost.');
    const page = await fetch(link, { redirect: 'manual' });
    expect(await page.text()).toContain('no longer accepts this device');
    await refused;
    expect(client.slices().session).toMatchObject({ status: 'signed-out' });
  });
});

describe('the sign-in page', () => {
  it('that was left open for four minutes still signs in', async () => {
    const { client } = await aClient();
    await client.register(await edge.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    const tab = webBrowser(edge.edge.root);
    const page = await tab.open(await isShown(client));
    expect(page.body).toContain('Sign in to Demo');
    laterBy(4);
    expect((await submit(tab, page)).body).toContain('You can close this tab');
    expect((await signedIn).status).toBe('signed-in');
  });

  it.each([6, 11])('that was left open for %d minutes says what to do', async (minutes) => {
    const { client } = await aClient();
    await client.register(await edge.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    const over = expect(signedIn).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    const tab = webBrowser(edge.edge.root);
    const page = await tab.open(await isShown(client));
    laterBy(minutes);
    await client.call('session.cancelSignIn', {}); // as the time-out does
    await over;
    const { body } = await submit(tab, page);
    expect(body).toContain('This sign-in is over');
    expect(body).toMatch(/Go back to (Banyan|the app) and start again/);
    expect(client.slices().session.status).toBe('signed-out');
  });
});
