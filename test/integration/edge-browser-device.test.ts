// A browser that holds the certificate of a Device Manager signs in to web services without any app: the device by the
// certificate, the person by password.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Call, callsTo } from '../../src/edge/administration/control-client.ts';
import type { Identity } from '../support/https.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import { signInOn, type WebBrowser, webBrowser } from '../support/web-browser.ts';
import { startWebBench, type WebBench } from '../support/web-service.ts';

const by = 'test';
const DEVICE = 'jamf:C02XL0AAJGH5';
let bench: WebBench;
let ask: Call;
let jamf: TestPki;
let managed: Identity;
beforeAll(async () => {
  bench = await startWebBench({ plainPages: false });
  ask = callsTo(bench.edge.data);
  jamf = await createTestPki('Jamf CA');
  managed = await certificateOf(jamf, 'C02XL0AAJGH5');
  await trust();
});
afterAll(() => bench.stop());

const trust = () =>
  ask('settings.ca.add', { name: 'jamf', pem: jamf.root, ownership: 'Corporate Dedicated', by });

async function certificateOf(pki: TestPki, commonName: string, lifeMs?: number): Promise<Identity> {
  const issued = await pki.issue({ commonName, clientAuth: true, ...(lifeMs && { lifeMs }) });
  return { key: issued.key, cert: issued.certificate };
}
const browser = (identity?: Identity) => webBrowser(bench.edge.edge.root, identity);
const shop = () => `${bench.origin('shop')}/`;
const tokenIn = (tab: WebBrowser, service = 'shop') =>
  tab.cookies(`${service}.demo.localhost`).get('__Host-bnn_trust') ?? '';

async function signedIn(): Promise<WebBrowser> {
  const tab = browser(managed);
  expect((await signInOn(tab, await tab.open(shop()))).url).toBe(shop());
  return tab;
}

test('is asked for its certificate and for the password, and gets a token of that device', async () => {
  const tab = browser(managed);
  const page = await tab.open(shop());
  expect(page.status).toBe(200);
  expect(page.body).toContain('type="password"');
  expect((await signInOn(tab, page, { password: 'wrong' })).status).toBe(401);
  const end = await signInOn(tab, page);
  expect([end.status, end.url]).toEqual([200, shop()]);
  expect(decodeJwt(tokenIn(tab))).toMatchObject({
    aud: 'shop.demo.bnn',
    device_id: DEVICE,
    email: 'dana@demo.example',
    'https://banyansecurity.io': { mdm_present: true, device_ownership: 'Corporate Dedicated' },
  });
  const { entries } = await ask('audit.list', { last: 50, event: 'sign-in' });
  expect(entries.at(-1)).toMatchObject({ allowed: true, device: DEVICE, service: 'shop.demo.bnn' });
});

test('opens further services without another question, as far as policy goes', async () => {
  const tab = await signedIn();
  const forum = await tab.open(`${bench.origin('forum')}/`);
  expect([forum.status, forum.url]).toEqual([200, `${bench.origin('forum')}/`]);
  // Nothing is known of how safe this device is.
  const trusted = await tab.open(`${bench.origin('trusted')}/`);
  expect([trusted.status, trusted.body]).toEqual([403, expect.stringContaining('You may not use')]);
});

test('is let in no longer once the device is banned, its session ended, or the Device Manager removed', async () => {
  const tab = await signedIn();
  const { sessions } = await ask('session.list', {});
  expect(sessions.filter(({ deviceId }) => deviceId === DEVICE).length).toBeGreaterThan(0);
  await ask('session.end', { device: DEVICE, reason: 'It is over.', by });
  const asked = await tab.open(shop());
  expect(asked.body).toContain('type="password"');

  const another = await signedIn();
  await ask('device.ban', { device: DEVICE, banned: true, reason: 'Lost on a train.', by });
  onTestFinished(
    async () => void (await ask('device.ban', { device: DEVICE, banned: false, reason: '', by })),
  );
  const banned = await another.open(shop());
  expect([banned.status, banned.body]).toEqual([403, expect.stringContaining('Lost on a train.')]);
  // Nor in the middle of it.
  expect((await signInOn(tab, asked)).status).toBe(403);
});

test('that shows none, an expired one or one of somebody else is offered the app', async () => {
  const others = await createTestPki('Another CA');
  for (const identity of [
    undefined,
    await certificateOf(others, 'C02XL0AAJGH5'),
    await certificateOf(jamf, 'C02XL0AAJGH5', -1_000),
  ]) {
    const page = await browser(identity).open(shop());
    expect([page.status, page.body]).toEqual([403, expect.stringContaining('banyan://open/')]);
  }
});

test('goes by no certificate once the Device Manager is removed, and is not even asked', async () => {
  const tab = browser(managed);
  const page = await tab.open(shop());
  await ask('settings.ca.remove', { name: 'jamf', by });
  onTestFinished(async () => void (await trust()));
  expect((await signInOn(tab, page)).status).toBe(403);
  const again = await browser(managed).open(shop());
  expect([again.status, again.body]).toEqual([403, expect.stringContaining('banyan://open/')]);
  const { host } = new URL(bench.edge.edge.document.command_center);
  expect(again.trail.filter((each) => new URL(each).host === host)).toEqual([]);
});

test('that guesses is slowed down, and keeps nobody out at another device', async () => {
  const guesser = browser(await certificateOf(jamf, 'GUESSER'));
  const page = await guesser.open(shop());
  let status = 0;
  for (let guess = 0; guess < 6; guess += 1) {
    ({ status } = await signInOn(guesser, page, { password: 'wrong' }));
  }
  expect(status).toBe(429);
  await signedIn();
});

test('proves its device to its own sign-in alone, once', async () => {
  // Somebody without such a device sends her own sign-in to one that has it.
  const stranger = browser();
  const first = await stranger.open(shop());
  const sent = first.trail.find((each) => each.includes('interaction='))!;
  const victim = browser(managed);
  const lured = await victim.open(sent);
  expect([lured.status, lured.url]).toEqual([400, expect.stringContaining('?certificate=')]);
  // Even knowing the proof that the victim's browser brought along, after the victim has used it.
  const tab = browser(managed);
  const own = await tab.open(shop());
  expect((await tab.open(own.url)).body).toContain('type="password"'); // a reload asks again
  const interaction = lured.url.replace(/\?.*/, '');
  const proof = new URL(own.url).search;
  const stolen = await stranger.open(`${interaction}${proof}`);
  expect(stolen.body).not.toContain('type="password"');
  // And one that was made for another sign-in, before anybody has used it.
  const { origin } = new URL(bench.edge.edge.document.command_center);
  const other = await victim.open(`${origin}/browser-device?interaction=another`, { stay: true });
  const unused = new URL(other.headers.location ?? '').search;
  expect(unused).toMatch(/^\?certificate=[\w-]{43}$/);
  const tried = await stranger.open(`${interaction}${unused}`);
  expect(tried.body).not.toContain('type="password"');
  const form = { ...first, url: interaction, body: `action="${new URL(interaction).pathname}"` };
  expect((await signInOn(stranger, form)).status).toBe(403);
});

test('asks for certificates as browsers need it: of any authority, and takes none as an answer', async () => {
  const { origin } = new URL(bench.edge.edge.document.command_center);
  const page = await browser().open(`${origin}/browser-device?interaction=nobody`, { stay: true });
  expect([page.status, page.headers.location]).toEqual([
    303,
    expect.stringMatching(/\/interaction\/nobody\?certificate=none$/),
  ]);
  const bad = await browser().open(`${origin}/browser-device?interaction=//evil.example`, {
    stay: true,
  });
  expect(bad.status).toBe(400);
  // Named ones would be the only ones that a browser offers.
  const { hostname, port } = new URL(origin);
  const s_client = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', hostname];
  const asked = promisify(execFile)('openssl', s_client);
  asked.child.stdin?.end();
  const { stdout } = await asked;
  expect(stdout).toContain('No client certificate CA names sent');
});
