// Device phase, user phase, TrustToken and TrustCert against a real edge.
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import {
  buildAuthorizationUrlWithPAR,
  initiateDeviceAuthorization,
  refreshTokenGrant,
  tokenRevocation,
} from 'openid-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { trustTokenClaims } from '../../src/shared/protocol/trust-token.ts';
import { call } from '../support/https.ts';
import { signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import {
  exchange,
  openIdOf,
  registerDevice,
  type ScriptedDevice,
  signIn,
} from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let device: ScriptedDevice;

beforeAll(async () => {
  edge = await startEdge();
  device = await registerDevice(edge);
});
afterAll(() => edge.stop());

describe('device phase', () => {
  test('a request pushed without a certificate is refused on either port', async () => {
    const open = await call(`${edge.edge.document.issuer}/request`, {
      root: edge.edge.root,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `client_id=${device.id}&response_type=code`,
    });
    expect(JSON.parse(open.body)).toMatchObject({ error: 'invalid_client' });
    const mutual = await openIdOf(edge, device.id, undefined);
    await expect(mutual.start()).rejects.toMatchObject({ error: 'invalid_client' });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'at the port for devices no session of %s is taken up again: it would outlive its certificate',
    async (version) => {
      const port = Number(new URL(edge.edge.document.command_center).port);
      const open = (session?: Buffer) =>
        connect({
          host: '127.0.0.1',
          port,
          servername: 'demo.localhost',
          ca: edge.edge.root,
          maxVersion: version,
          ...device.identity,
          ...(session && { session }),
        });
      const first = open();
      let session: Buffer | undefined;
      first.on('session', (each: Buffer) => (session = each));
      // In TLS 1.3 tickets come after the handshake, before any answer.
      first.write('GET /.well-known/est/cacerts HTTP/1.1\r\nHost: demo.localhost\r\n\r\n');
      await once(first, 'data');
      first.destroy();
      const second = open(session);
      await once(second, 'secureConnect');
      onTestFinished(() => void second.destroy());
      expect([second.getProtocol(), second.isSessionReused()]).toEqual([version, false]);
    },
  );

  test.each(['/request', '/token'])(
    'a body for %s that breaks off is no error of ours and prints nothing',
    async (path) => {
      const printed = vi.spyOn(console, 'error');
      onTestFinished(() => printed.mockRestore());
      const before = edge.logged.length;
      const { hostname, host, port } = new URL(edge.edge.document.issuer);
      const socket = connect({
        host: '127.0.0.1',
        port: Number(port),
        servername: hostname,
        ca: edge.edge.root,
      });
      await once(socket, 'secureConnect');
      socket.end(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 9\r\n` +
          'Content-Type: application/x-www-form-urlencoded\r\n\r\nabc',
      );
      await until(() => Promise.resolve(edge.logged.length > before));
      expect(edge.logged.slice(before)).toEqual([expect.stringMatching(/^info .*broke off/)]);
      expect(printed).not.toHaveBeenCalled();
      socket.destroy();
    },
  );

  test("a request pushed with another device's certificate is refused", async () => {
    const other = await registerDevice(edge);
    const stranger = await openIdOf(edge, device.id, other.identity);
    await expect(stranger.start()).rejects.toMatchObject({ error: 'invalid_client' });
  });

  test('a TrustCert is no DeviceCert', async () => {
    const { trust } = await signIn(edge, device);
    const stranger = await openIdOf(edge, device.id, trust);
    await expect(stranger.start()).rejects.toMatchObject({ error: 'invalid_client' });
  });

  test('an authorization request that was not pushed is refused before any page asks for a password', async () => {
    const { browser_origin: origin } = edge.edge.document;
    const response = await fetch(
      `${origin}/auth?client_id=${device.id}&response_type=code&scope=openid&redirect_uri=http://127.0.0.1:1/callback`,
      { redirect: 'manual' },
    );
    expect(response.headers.get('location') ?? '').not.toContain('/interaction/');
  });
});

describe('user phase', () => {
  test('the complete flow gives a TrustToken with the claims of person and device', async () => {
    const { tokens, trust } = await signIn(edge, device);
    const claims = trustTokenClaims.parse(tokens.claims());
    expect(claims).toMatchObject({
      iss: edge.edge.document.issuer,
      aud: device.id,
      sub: 'u-dana',
      email: 'dana@demo.example',
      name: 'Dana Demo',
      groups: ['Engineering'],
      device_id: device.id,
      serial_number: 'L1HF8BL1234',
      'https://banyansecurity.io': {
        device_ownership: 'Corporate Dedicated',
        platform: 'Linux',
        orgname: 'Demo',
      },
    });
    expect(claims.jti).toBeTruthy();
    // Each claim of the seeds' examples, and no other but what names this token.
    const named =
      'at_hash aud device_id email email_verified exp groups https://banyansecurity.io iat iss jti name nonce preferred_username serial_number sub';
    expect(Object.keys(tokens.claims() ?? {}).toSorted()).toEqual(named.split(' '));
    const digest = createHash('sha256').update(tokens.access_token).digest();
    expect(tokens.claims()).toMatchObject({
      at_hash: digest.subarray(0, 16).toString('base64url'),
      email_verified: true,
      preferred_username: 'dana@demo.example',
      'https://banyansecurity.io': { is_staged_install: false, mdm_present: false },
    });
    expect(tokens.refresh_token).toBeTruthy();
    const certificate = new X509Certificate(trust.cert);
    expect(certificate.subject).toBe('CN=Banyan Client dana@demo.example');
    expect(Date.parse(certificate.validTo) / 1000).toBe(claims.exp);
    expect(certificate.subjectAltName).toContain('urn:banyan:trust:group:Engineering');
  });

  test('the page is served with a policy that lets nothing run', async () => {
    const openId = await openIdOf(edge, device.id, device.identity);
    const first = await fetch(await openId.start(), { redirect: 'manual' });
    const location = new URL(first.headers.get('location')!, edge.browserOrigin);
    const cookie = first.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    const page = await fetch(location, { headers: { cookie } });
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:49152",
    );
    expect(html).toContain('adam-thinkpad');
    expect(html).toContain('filled in for you');
    expect(html).not.toContain('<script');
  });

  test('a form that another site sends is refused', async () => {
    const openId = await openIdOf(edge, device.id, device.identity);
    const first = await fetch(await openId.start(), { redirect: 'manual' });
    const response = await fetch(new URL(first.headers.get('location')!, edge.browserOrigin), {
      method: 'POST',
      headers: {
        origin: 'https://evil.example',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'decision=sign-in',
    });
    expect(response.status).toBe(403);
  });

  test('"Deny" goes back to the app with access_denied', async () => {
    const openId = await openIdOf(edge, device.id, device.identity);
    const callback = await signInWithoutBrowser(await openId.start(), { decision: 'deny' });
    expect(new URL(callback).searchParams.get('error')).toBe('access_denied');
  });

  test('a wrong password shows the form again and signs nobody in', async () => {
    const openId = await openIdOf(edge, device.id, device.identity);
    await expect(
      signInWithoutBrowser(await openId.start(), { fields: { password: 'wrong' } }),
    ).rejects.toThrow('E-mail or password is wrong.');
  });

  test('a pushed request approves one sign-in only', async () => {
    const openId = await openIdOf(edge, device.id, device.identity);
    const url = await openId.start();
    await openId.finish(await signInWithoutBrowser(url));
    // A page and not a redirect: where the app waited for an answer is known from the request alone.
    await expect(signInWithoutBrowser(url)).rejects.toThrow('was already used');
  });

  test('a device keeps its refresh token, and a second device cannot use it', async () => {
    const { openId, tokens } = await signIn(edge, device);
    const renewed = await refreshTokenGrant(openId.config, tokens.refresh_token!);
    expect(renewed.refresh_token ?? tokens.refresh_token).toBe(tokens.refresh_token);
    expect(renewed.claims()?.['jti']).not.toBe(tokens.claims()?.['jti']);
    const other = await registerDevice(edge);
    const thief = await openIdOf(edge, other.id, other.identity);
    await expect(refreshTokenGrant(thief.config, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe('what is kept of a request', () => {
  const openOnce = (url: string) => fetch(url, { redirect: 'manual' });

  test('is ten pages at most, also of many at once; another request is not affected', async () => {
    const [openId, other] = [
      await openIdOf(edge, device.id, device.identity),
      await openIdOf(edge, device.id, device.identity),
    ];
    const url = await openId.start();
    const statuses: number[] = [];
    // At once: that is how somebody would do it who wants more than his share.
    const answers = await Promise.all(Array.from({ length: 15 }, () => openOnce(url)));
    for (const { status } of answers) statuses.push(status);
    expect(statuses.filter((status) => status === 303)).toHaveLength(10);
    const refused = await openOnce(url);
    expect(refused.status).toBe(429);
    const page = await refused.text();
    expect(page).toContain('This link was opened too often');
    expect(page).toContain('Go back to the app and start again');
    expect((await openOnce(await other.start())).status).toBe(303);
  });

  test.each(['login_hint', 'acr_values', 'ui_locales', 'claims_locales', 'nonce'])(
    'holds no %s of any length, and no state without end',
    async (name) => {
      const openId = await openIdOf(edge, device.id, device.identity);
      const push = (change: Record<string, string>) =>
        buildAuthorizationUrlWithPAR(openId.config, {
          redirect_uri: 'http://127.0.0.1:49152/callback',
          scope: 'openid',
          code_challenge: 'a'.repeat(43),
          code_challenge_method: 'S256',
          state: 's',
          ...change,
        });
      await push({ [name]: 'x'.repeat(200) });
      const long = { [name]: 'x'.repeat(300) };
      await expect(push(long)).rejects.toMatchObject({ error: 'invalid_request' });
      await expect(push({ state: 'x'.repeat(5_000) })).rejects.toMatchObject({
        error_description: 'state is too long',
      });
      const forCode = initiateDeviceAuthorization(openId.config, { scope: 'openid', ...long });
      await expect(forCode).rejects.toMatchObject({ error: 'invalid_request' });
    },
  );
});

describe('TrustToken to TrustCert', () => {
  test("another device's token is refused", async () => {
    const { trustToken } = await signIn(edge, device);
    const other = await registerDevice(edge);
    const { answer } = await exchange(edge, other, trustToken);
    expect(answer.status).toBe(401);
  });

  test('a token whose session was signed out is refused', async () => {
    const { openId, tokens, trustToken } = await signIn(edge, device);
    await tokenRevocation(openId.config, tokens.refresh_token!);
    const { answer } = await exchange(edge, device, trustToken);
    expect(answer.status).toBe(401);
  });

  test('a revoked device is told so with 403', async () => {
    const revoked = await registerDevice(edge);
    const { trustToken } = await signIn(edge, revoked);
    await edge.edge.revokeDevice(revoked.id, 'Lost.');
    const { answer } = await exchange(edge, revoked, trustToken);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'device_revoked' });
    const openId = await openIdOf(edge, revoked.id, revoked.identity);
    await expect(openId.start()).rejects.toMatchObject({ error: 'invalid_client' });
  });
});
