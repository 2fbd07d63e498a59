// Registering a device by signing in, as the edge sees it: who gets a token, and what it is good for.
import { randomUUID, X509Certificate } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_POSTURE } from '../../src/edge/policy/posture.ts';
import { createMemoryStore } from '../../src/edge/store/memory-store.ts';
import { createEdge } from '../../src/edge/index.ts';
import { createRegistrationTokens } from '../../src/edge/enrolment/registration-tokens.ts';
import { signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import { aSigningRequest, readBundle } from '../support/certificates.ts';
import { call, fetchUnder } from '../support/https.ts';
import {
  enrolWithToken,
  exchange,
  openIdOf,
  registerDevice,
  signIn,
} from '../support/scripted-device.ts';
import { registrationOf, registrationToken } from '../support/scripted-registration.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const refused = { status: 401, body: expect.stringContaining('"registration_refused"') as unknown };

async function entries(at: TestEdge = edge): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(at.data, 'audit.jsonl'), 'utf8');
  const lines = text.split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'registration');
}

const signingKey = async (at: TestEdge) => {
  const text = await readFile(path.join(at.data, 'issuer.json'), 'utf8');
  return (JSON.parse(text) as { signingKey: Record<string, string> }).signingKey;
};

/** Signed as the edge signs: what its key alone does not make good. */
async function forged(change: Record<string, unknown>): Promise<string> {
  const key = await signingKey(edge);
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: edge.edge.document.issuer,
    aud: 'banyan-registration',
    sub: 'u-dana',
    jti: 'forged',
    exp: now + 60,
    ...change,
  })
    .setProtectedHeader({ alg: 'ES256', kid: key['kid']! })
    .sign(await importJWK(key, 'ES256'));
}

describe('a token', () => {
  test('registers one device, in the name of the person who signed in', async () => {
    const { request } = await aSigningRequest();
    const answer = await enrolWithToken(edge, await registrationToken(edge), request);
    expect(answer.status).toBe(200);
    const [leaf] = readBundle(answer.body).map((pem) => new X509Certificate(pem));
    const device = (await edge.edge.devices()).at(-1)!;
    expect(device).toMatchObject({ owner: 'dana@demo.example', name: 'adam-thinkpad' });
    expect(leaf?.subject).toBe(`CN=ManagedDevice-${device.id}`);
    expect(leaf?.subjectAltName).toContain(`URI:urn:banyan:device:${device.id}`);
    expect(leaf?.subjectAltName).toContain('dana@demo.example');
  });

  test('works once', async () => {
    const token = await registrationToken(edge);
    const { request } = await aSigningRequest();
    expect((await enrolWithToken(edge, token, request)).status).toBe(200);
    const before = (await edge.edge.devices()).length;
    expect(await enrolWithToken(edge, token, request)).toMatchObject(refused);
    expect(await edge.edge.devices()).toHaveLength(before);
  });

  test('used by many at once gives one certificate', async () => {
    const token = await registrationToken(edge);
    const before = (await edge.edge.devices()).length;
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () =>
        enrolWithToken(edge, token, (await aSigningRequest()).request),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 401, 401, 401, 401, 401]);
    expect(await edge.edge.devices()).toHaveLength(before + 1);
  });

  test('is not used up by a request that is malformed', async () => {
    const token = await registrationToken(edge);
    const { request } = await aSigningRequest();
    expect((await enrolWithToken(edge, token, 'AAAA')).status).toBe(400);
    expect((await enrolWithToken(edge, token, request, 'no facts')).status).toBe(400);
    expect((await enrolWithToken(edge, token, request)).status).toBe(200);
  });

  test('that was used stays so over a restart', async () => {
    const first = await startEdge();
    onTestFinished(() => rm(first.data, { recursive: true }));
    const token = await registrationToken(first);
    const unused = await registrationToken(first);
    const { request } = await aSigningRequest();
    expect((await enrolWithToken(first, token, request)).status).toBe(200);
    const { port } = new URL(first.edge.document.issuer);
    await first.edge.stop();
    // The same port, as the port is part of the issuer's name.
    const again = await createEdge({
      data: first.data,
      name: 'Demo',
      host: 'demo.localhost',
      address: '127.0.0.1',
      ports: {
        public: { port: Number(port) },
        mutual: { port: 0 },
        browser: null,
        accessTier: { port: 0 },
      },
      lifetimes: {},
      documents: {},
      users: [],
      posture: DEFAULT_POSTURE,
      registersBySignIn: true,
      log: () => {},
    });
    onTestFinished(() => again.stop());
    const restarted = { ...first, edge: again };
    expect(await enrolWithToken(restarted, token, request)).toMatchObject(refused);
    expect((await enrolWithToken(restarted, unused, request)).status).toBe(200);
  });

  test('is good for five minutes, for nothing else, and brings no refresh token', async () => {
    const registration = await registrationOf(edge);
    const page = await registration.start({ prompt: 'consent', scope: 'openid email' });
    const tokens = await registration.finish(await signInWithoutBrowser(page));
    expect(tokens.refresh_token).toBeUndefined();
    const claims = decodeJwt(tokens.id_token!);
    expect(claims.aud).toBe('banyan-registration');
    expect(claims.exp! - claims.iat!).toBe(300);
    expect(claims).not.toHaveProperty('device_id');

    const device = await registerDevice(edge);
    const { answer } = await exchange(edge, device, tokens.id_token!);
    expect(answer.status).toBe(401);
    for (const token of [tokens.id_token!, tokens.access_token]) {
      const services = await device.call(`${edge.edge.document.command_center}/services`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(services.status).toBe(401);
    }
    const { request } = await aSigningRequest();
    expect(await enrolWithToken(edge, tokens.access_token, request)).toMatchObject(refused);
  });

  test.each([
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 1 }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for somebody else too', { aud: ['banyan-registration', 'other'] }],
    ['for a device', { aud: '9c93cb47-88be-463f-9edf-2f4a7d1f6a11' }],
    ['of a person who is gone', { sub: 'u-gone' }],
    ['without a name of its own', { jti: undefined }],
  ])('%s registers nothing', async (_, change) => {
    const { request } = await aSigningRequest();
    // Nothing but the change is wrong with it.
    const good = await forged({ jti: randomUUID() });
    expect((await enrolWithToken(edge, good, request)).status).toBe(200);
    const before = (await edge.edge.devices()).length;
    expect(await enrolWithToken(edge, await forged(change), request)).toMatchObject(refused);
    expect(await edge.edge.devices()).toHaveLength(before);
  });

  test('of another key registers nothing, and a TrustToken does not either', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const own = await new SignJWT({ sub: 'u-dana', jti: 'x' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(edge.edge.document.issuer)
      .setAudience('banyan-registration')
      .setExpirationTime('1 minute')
      .sign(privateKey);
    const { request } = await aSigningRequest();
    expect(await enrolWithToken(edge, own, request)).toMatchObject(refused);
    const { trustToken } = await signIn(edge, await registerDevice(edge));
    expect(await enrolWithToken(edge, trustToken, request)).toMatchObject(refused);
  });

  test('whose certificate could not be issued is good again', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const signingKey = { ...(await exportJWK(privateKey)), kid: 'k' };
    const store = createMemoryStore();
    await store.put('users', 'u', { id: 'u', email: 'e', name: 'n', groups: [], password: '' });
    const tokens = createRegistrationTokens({ issuer: 'https://i', signingKey, store });
    const token = await new SignJWT({ sub: 'u', jti: 'x' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer('https://i')
      .setAudience('banyan-registration')
      .setExpirationTime('1 minute')
      .sign(privateKey);
    const found = (await tokens.find(token))!;
    expect([await tokens.claim(found), await tokens.claim(found)]).toEqual([true, false]);
    expect(await tokens.find(token)).toBeNull();
    await tokens.release(found);
    expect(await tokens.claim(found)).toBe(true);
  });
});

describe('the client for registrations', () => {
  test.each([
    ['another redirect', { redirect_uri: 'http://127.0.0.1:49152/other' }],
    ['a redirect to another host', { redirect_uri: 'http://evil.example/callback' }],
    ['a name instead of the loopback address', { redirect_uri: 'http://localhost:1/callback' }],
    ['a session that goes on', { scope: 'openid offline_access', prompt: 'consent' }],
    ['more than who it is', { scope: 'openid email groups' }],
    ['a weak challenge', { code_challenge_method: 'plain' }],
  ])('asks in vain for %s', async (_, change) => {
    const registration = await registrationOf(edge);
    const page = await registration.start(change as Record<string, string>).catch(() => null);
    if (page === null) return;
    // The library leaves out what a client may not have: then it is not in the answer.
    const tokens = await registration.finish(await signInWithoutBrowser(page));
    expect(tokens.refresh_token).toBeUndefined();
    expect(decodeJwt(tokens.id_token!)).not.toHaveProperty('groups');
    expect(change).toHaveProperty('scope');
  });

  test('may not go on without a pushed request, nor with a code for another device', async () => {
    const { document, root } = edge.edge;
    const page = `${document.issuer}/auth?client_id=banyan-registration&response_type=code&scope=openid&redirect_uri=http://127.0.0.1:1/callback&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`;
    const answer = await call(page, { root });
    expect(answer.headers.location).toContain('/callback?error=invalid_request');
    const code = await call(`${document.issuer}/device/auth`, {
      root,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'client_id=banyan-registration&scope=openid',
    });
    expect(code).toMatchObject({
      status: 400,
      body: expect.stringContaining('device_code is not allowed') as unknown,
    });
  });

  test('says on its page what it asks for, and always asks for the password', async () => {
    const registration = await registrationOf(edge);
    const page = new URL(await registration.start());
    const shown = await followed(page);
    expect(shown).toContain('A new device asks to be registered in your name.');
    expect(shown).toContain('Go on only if you have just started this');
    expect(shown).toContain('type="password"');
  });

  test('is slowed down by guesses without locking the person out at a device', async () => {
    const own = await startEdge();
    onTestFinished(() => own.stop());
    const guess = async (): Promise<string> => {
      const page = await (await registrationOf(own)).start();
      const fields = { password: 'wrong' };
      return signInWithoutBrowser(page, { fields }).catch((error: Error) => error.message);
    };
    const said: string[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) said.push(await guess());
    expect(said.at(-1)).toContain('Too many attempts');
    await signIn(own, await registerDevice(own));
  });

  test('is no device: it has no way to the ports of devices', async () => {
    const openId = await openIdOf(edge, 'banyan-registration', undefined);
    await expect(openId.start()).rejects.toThrow();
  });
});

test('strangers cannot fill the memory with registrations that they only begin', async () => {
  const own = await startEdge();
  onTestFinished(() => own.stop());
  const { config } = await registrationOf(own);
  const url = config.serverMetadata().pushed_authorization_request_endpoint ?? '';
  const push = async (state: string): Promise<number> => {
    const body = new URLSearchParams({
      client_id: 'banyan-registration',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1/callback',
      scope: 'openid email',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
      nonce: 'n',
      state,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return (await call(url, { root: own.edge.root, method: 'POST', headers, body })).status;
  };
  expect(await push('s')).toBe(201);
  expect(await push('s'.repeat(50_000))).toBe(413);
  const answers = new Set<number>();
  for (let turn = 0; turn < 52; turn += 1) {
    for (const status of await Promise.all(Array.from({ length: 10 }, () => push('s')))) {
      answers.add(status);
    }
  }
  expect([...answers]).toEqual([201, 503]);
  // Whoever proves to be a device goes on.
  await signIn(own, await registerDevice(own));
}, 60_000);

test('every decision is in the audit log, with what tells it apart', async () => {
  const own = await startEdge();
  onTestFinished(() => own.stop());
  const token = await registrationToken(own);
  const { request } = await aSigningRequest();
  await enrolWithToken(own, token, request);
  const answer = await enrolWithToken(own, token, request);
  await registerDevice(own);
  const [signedIn, again, invited] = await entries(own);
  const [one, other] = await own.edge.devices();
  expect(signedIn).toMatchObject({ allowed: true, person: 'dana@demo.example', device: one!.id });
  expect(again).toMatchObject({ allowed: false, code: 'registration_refused', from: '127.0.0.1' });
  expect(JSON.parse(answer.body)).toMatchObject({ correlation_id: again!['correlation_id'] });
  expect(invited).toMatchObject({ allowed: true, device: other!.id });
  expect(invited).not.toHaveProperty('person');
  expect(JSON.stringify(await entries(own))).not.toContain(token);
});

test('an organisation that does not offer it says so nowhere and takes no token', async () => {
  const closed = await startEdge({ registersBySignIn: false });
  onTestFinished(() => closed.stop());
  expect(closed.edge.document.registration).toBeUndefined();
  const registration = await registrationOf(closed);
  await expect(registration.start()).rejects.toMatchObject({ error: 'invalid_client' });
  const { request } = await aSigningRequest();
  const key = await signingKey(closed);
  const token = await new SignJWT({ sub: 'u-dana', jti: 'x' })
    .setProtectedHeader({ alg: 'ES256', kid: key['kid']! })
    .setIssuer(closed.edge.document.issuer)
    .setAudience('banyan-registration')
    .setExpirationTime('1 minute')
    .sign(await importJWK(key, 'ES256'));
  expect(await enrolWithToken(closed, token, request)).toMatchObject(refused);
});

test('an edge whose people live at another issuer does not start with it', async () => {
  const foreignIssuer = { issuer: 'https://id.example', clientId: 'banyan' } as never;
  await expect(
    startEdge({ data: tempDir(), registersBySignIn: true, foreignIssuer }),
  ).rejects.toThrow(/own issuer/);
});

/** The page after its redirects, with the cookies that come on the way. */
async function followed(page: URL): Promise<string> {
  const first = await fetch(page, { redirect: 'manual' });
  const cookie = first.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const next = new URL(first.headers.get('location') ?? '', page);
  const answer = await fetchUnder(edge.edge.root)(next, { headers: { cookie } });
  return answer.text();
}
