// Device authorization grant (RFC 8628) of a real edge: the device phase first, then a page at any other device.
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approveCode, createCookieJar } from '../../scripts/lib/approve-sign-in.mjs';
import { trustTokenClaims } from '../../src/shared/protocol/trust-token.ts';
import { call } from '../support/https.ts';
import {
  exchange,
  openIdOf,
  registerDevice,
  type ScriptedDevice,
} from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let edge: TestEdge;
let device: ScriptedDevice;

beforeAll(async () => {
  edge = await startEdge({ lifetimes: { pollEvery: 1, signInPage: 4 } });
  device = await registerDevice(edge);
});
afterAll(() => edge.stop());

async function aCode(of = device) {
  const { config } = await openIdOf(edge, of.id, of.identity);
  const given = await openid.initiateDeviceAuthorization(config, {
    scope: 'openid offline_access profile email groups',
  });
  const pages = given.verification_uri_complete!.replace(
    edge.edge.document.issuer,
    edge.browserOrigin,
  );
  return {
    given,
    pages,
    poll: () => openid.pollDeviceAuthorizationGrant(config, given),
    /** One question, whatever the pace. */
    ask: async () => {
      const { body } = await of.call(
        config.serverMetadata().mtls_endpoint_aliases!.token_endpoint!,
        {
          method: 'POST',
          headers: FORM,
          body: new URLSearchParams({
            grant_type: GRANT,
            device_code: given.device_code,
            client_id: of.id,
          }).toString(),
        },
      );
      return JSON.parse(body) as { error?: string; id_token?: string };
    },
  };
}

describe('a device code', () => {
  test('is given to no one without a DeviceCert, on either port', async () => {
    const open = await call(`${edge.edge.document.issuer}/device/auth`, {
      root: edge.edge.root,
      method: 'POST',
      headers: FORM,
      body: `client_id=${device.id}&scope=openid`,
    });
    expect(JSON.parse(open.body)).toMatchObject({ error: 'invalid_client' });
    const { config } = await openIdOf(edge, device.id, undefined);
    await expect(openid.initiateDeviceAuthorization(config, {})).rejects.toMatchObject({
      error: 'invalid_client',
    });
  });

  test("is not given for another device's certificate, nor tokens for a code of another device", async () => {
    const other = await registerDevice(edge);
    const { config } = await openIdOf(edge, device.id, other.identity);
    await expect(openid.initiateDeviceAuthorization(config, {})).rejects.toMatchObject({
      error: 'invalid_client',
    });
    const code = await aCode();
    await approveCode(code.pages);
    const stranger = await openIdOf(edge, other.id, other.identity);
    await expect(
      openid.pollDeviceAuthorizationGrant(stranger.config, code.given),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('leads browsers to the port that wants no certificate', async () => {
    const { given } = await aCode();
    expect(given.verification_uri).toBe(`${edge.edge.document.issuer}/device`);
    expect(given.verification_uri_complete).toBe(
      `${edge.edge.document.issuer}/device?user_code=${given.user_code}`,
    );
    expect(given.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
  });

  test('that is approved with the password gives TrustToken, refresh token and TrustCert, once', async () => {
    const code = await aCode();
    expect(await approveCode(code.pages)).toContain('You are signed in');
    const tokens = await code.poll();
    expect(trustTokenClaims.parse(tokens.claims())).toMatchObject({
      sub: 'u-dana',
      device_id: device.id,
    });
    expect(tokens.refresh_token).toBeTruthy();
    expect((await exchange(edge, device, tokens.id_token!)).answer.status).toBe(200);
    expect(await approveCode(code.pages)).toContain('used already');
    expect(await code.ask()).toMatchObject({ error: 'invalid_grant' });
  });

  test('is asked for the password again in a browser that has just signed in', async () => {
    const cookies = createCookieJar();
    const before = await aCode();
    expect(await approveCode(before.pages, { cookies })).toContain('You are signed in');
    const code = await aCode();
    const wrong = await approveCode(code.pages, { cookies, fields: { password: 'wrong' } });
    expect(wrong).toContain('password is wrong');
    expect(await code.ask()).toMatchObject({ error: 'authorization_pending' });
  });

  test('that is denied on the page tells the device so', async () => {
    const atTheDevice = await aCode();
    expect(await approveCode(atTheDevice.pages, { decision: 'abort' })).toContain('denied');
    await expect(atTheDevice.poll()).rejects.toMatchObject({ error: 'access_denied' });
    const atTheSignIn = await aCode();
    expect(await approveCode(atTheSignIn.pages, { decision: 'deny' })).toContain('denied');
    await expect(atTheSignIn.poll()).rejects.toMatchObject({ error: 'access_denied' });
  });

  test('that is asked for too often is answered with slow_down', async () => {
    const code = await aCode();
    expect(await code.ask()).toMatchObject({ error: 'authorization_pending' });
    expect(await code.ask()).toMatchObject({ error: 'slow_down' });
  });

  test('that nobody approves expires, for the device and on the page', async () => {
    const code = await aCode();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await code.ask()).toMatchObject({ error: 'expired_token' });
    expect(await approveCode(code.pages)).toContain('expired');
  });

  test('is shown for confirmation with the device that asks, on a page that lets nothing run', async () => {
    const code = await aCode();
    const entry = await fetch(code.pages);
    const html = await entry.text();
    expect(html).toContain(code.given.user_code); // filled in, and not sent by itself
    expect(html).not.toContain('<script');
    expect(entry.headers.get('content-security-policy')).toContain("default-src 'none'");
    const confirm = await fetch(`${edge.browserOrigin}/device`, {
      method: 'POST',
      headers: { ...FORM, cookie: cookiesOf(entry) },
      body: new URLSearchParams({
        xsrf: /name="xsrf" value="([^"]+)"/.exec(html)![1]!,
        user_code: code.given.user_code,
      }).toString(),
    });
    const question = await confirm.text();
    expect(question).toContain('adam-thinkpad (Corporate Dedicated)');
    expect(question).toContain('127.0.0.1');
    expect(confirm.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('is not confirmed by a form of another site', async () => {
    const code = await aCode();
    await fetch(`${edge.browserOrigin}/device`, {
      method: 'POST',
      headers: FORM,
      body: `user_code=${code.given.user_code}&confirm=yes&xsrf=guessed`,
    });
    expect(await code.ask()).toMatchObject({ error: 'authorization_pending' });
  });
});

test('whoever guesses codes is slowed down', async () => {
  const own = await startEdge();
  try {
    const answers: number[] = [];
    for (let guess = 0; guess < 12; guess += 1) {
      const response = await fetch(`${own.browserOrigin}/device`, {
        method: 'POST',
        headers: FORM,
        body: 'user_code=BBBB-BBBB',
      });
      answers.push(response.status);
    }
    expect(answers.slice(0, 10)).not.toContain(429);
    expect(answers.slice(10)).toEqual([429, 429]);
  } finally {
    await own.stop();
  }
});

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
