// OpenID Connect as anybody speaks it who knows the standards and nothing of us: plain requests, what they bring back and every
// refusal that RFC 6749, 7636, 8705, 9126, 9207 and OpenID Connect Discovery ask for. Pages and policy are other files.
import { createHash, createPublicKey, randomBytes } from 'node:crypto';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { createChanges } from '../../src/edge/changes.ts';
import { openRulebook } from '../../src/edge/command-center/rulebook.ts';
import { demoServiceId } from '../../src/edge/demo/documents.ts';
import { createMemoryStore } from '../../src/edge/store/memory-store.ts';
import { registrationClient } from '../../src/edge/trust-provider/registration-client.ts';
import { createWebClients } from '../../src/edge/trust-provider/web-clients.ts';
import { signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import { type Answer, call, type Identity } from '../support/https.ts';
import { exchange, registerDevice, type ScriptedDevice } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
let device: ScriptedDevice;
let other: ScriptedDevice;
let discovered: Record<string, unknown>;

beforeAll(async () => {
  edge = await startEdge();
  [device, other] = [await registerDevice(edge), await registerDevice(edge)];
  discovered = json(await get(`${issuer()}/.well-known/openid-configuration`));
});
afterAll(() => edge.stop());

const REDIRECT = 'http://127.0.0.1:49152/callback';
const REGISTRATION = 'banyan-registration';
const issuer = (): string => edge.edge.document.issuer;
const json = ({ body }: Answer): Record<string, unknown> =>
  JSON.parse(body) as Record<string, unknown>;
const endpoint = (name: string): string => String(discovered[name]);
const alias = (name: string): string =>
  (discovered['mtls_endpoint_aliases'] as Record<string, string>)[name] ?? '';
const get = (url: string) => call(url, { root: edge.edge.root });
const post = (
  url: string,
  form: Record<string, string>,
  more: { identity?: Identity; headers?: Record<string, string> } = {},
) =>
  call(url, {
    method: 'POST',
    root: edge.edge.root,
    body: new URLSearchParams(form).toString(),
    ...(more.identity && { identity: more.identity }),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...more.headers },
  });

const s256 = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');

interface Asked {
  verifier: string;
  state: string;
  nonce: string;
  answer: Answer;
}
/** A pushed request of a device (RFC 9126). An empty value leaves the parameter out. */
async function push(change: Record<string, string> = {}, from = device): Promise<Asked> {
  const [verifier = '', state = '', nonce = ''] = [48, 16, 16].map((bytes) =>
    randomBytes(bytes).toString('base64url'),
  );
  const wanted = {
    client_id: from.id,
    response_type: 'code',
    redirect_uri: REDIRECT,
    scope: 'openid offline_access email',
    prompt: 'consent',
    code_challenge: s256(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...change,
  };
  const form = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ''));
  const { identity } = from;
  const answer = await post(alias('pushed_authorization_request_endpoint'), form, { identity });
  return { verifier, state, nonce, answer };
}
const pageOf = (answer: Answer, clientId = device.id): string => {
  const query = new URLSearchParams({
    client_id: clientId,
    request_uri: String(json(answer)['request_uri']),
  });
  return `${edge.browserOrigin}/auth?${query.toString()}`;
};
/** With a person's yes: where the browser is sent. */
async function approved(change: Record<string, string> = {}) {
  const asked = await push(change);
  expect(asked.answer.status).toBe(201);
  const callback = new URL(await signInWithoutBrowser(pageOf(asked.answer)));
  return { ...asked, callback, code: callback.searchParams.get('code') ?? '' };
}
const redeem = (
  { code, verifier }: { code: string; verifier: string },
  change: Record<string, string> = {},
  from = device,
) =>
  post(
    alias('token_endpoint'),
    {
      grant_type: 'authorization_code',
      client_id: from.id,
      code,
      redirect_uri: REDIRECT,
      code_verifier: verifier,
      ...change,
    },
    { identity: from.identity },
  );
const refresh = (
  token: string,
  from: { id: string; identity?: Identity },
  at = alias('token_endpoint'),
) =>
  post(
    at,
    { grant_type: 'refresh_token', client_id: from.id, refresh_token: token },
    from.identity ? { identity: from.identity } : {},
  );
const tokensOf = (
  answer: Answer,
): Record<'id_token' | 'access_token' | 'refresh_token', string> => {
  expect(answer.status).toBe(200);
  return json(answer) as Record<'id_token' | 'access_token' | 'refresh_token', string>;
};

describe('discovery', () => {
  test('names the issuer exactly, and what it announces is what there is', () => {
    expect(discovered).toMatchObject({
      issuer: issuer(),
      response_types_supported: ['code'],
      response_modes_supported: expect.arrayContaining(['query']) as unknown,
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['ES256'],
      subject_types_supported: ['public'],
      require_pushed_authorization_requests: true,
      authorization_response_iss_parameter_supported: true,
    });
    expect(new Set(discovered['grant_types_supported'] as string[])).toEqual(
      new Set([
        'authorization_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
      ]),
    );
    expect(new Set(discovered['token_endpoint_auth_methods_supported'] as string[])).toEqual(
      new Set(['tls_client_auth', 'client_secret_basic', 'none']),
    );
    // What would be a promise nobody keeps.
    for (const name of [
      'userinfo_endpoint',
      'end_session_endpoint',
      'registration_endpoint',
      'introspection_endpoint',
      'check_session_iframe',
    ]) {
      expect(discovered).not.toHaveProperty(name);
    }
  });

  test('every endpoint is of this issuer, over TLS, and answers there; no other name finds it', async () => {
    const names = Object.keys(discovered).filter((name) => /_(endpoint|uri)$/.test(name));
    expect(names).toEqual(
      expect.arrayContaining([
        'authorization_endpoint',
        'token_endpoint',
        'jwks_uri',
        'pushed_authorization_request_endpoint',
        'revocation_endpoint',
        'device_authorization_endpoint',
      ]),
    );
    for (const name of names) {
      const url = new URL(endpoint(name));
      expect(url.origin).toBe(issuer());
      const isRead = ['authorization_endpoint', 'jwks_uri'].includes(name);
      const { status } = await (isRead ? get(url.href) : post(url.href, {}));
      expect({ name, isThere: ![404, 405, 421, 500].includes(status) }).toEqual({
        name,
        isThere: true,
      });
    }
    for (const url of Object.values(discovered['mtls_endpoint_aliases'] as object) as string[]) {
      expect(new URL(url).protocol).toBe('https:');
      const { status } = await post(url, {}, { identity: device.identity });
      expect([404, 405, 421, 500]).not.toContain(status);
    }
  });

  test('its keys verify what it signs, and are public ones alone', async () => {
    const keys = json(await get(endpoint('jwks_uri'))) as unknown as JSONWebKeySet;
    for (const key of keys.keys) {
      expect(key).not.toHaveProperty('d');
      expect(createPublicKey({ key: { ...key }, format: 'jwk' }).type).toBe('public');
    }
    const asked = await approved();
    const { id_token } = tokensOf(await redeem(asked));
    expect(decodeProtectedHeader(id_token).alg).toBe('ES256');
    const { payload } = await jwtVerify(id_token, createLocalJWKSet(keys), {
      issuer: issuer(),
      audience: device.id,
    });
    expect(payload['nonce']).toBe(asked.nonce);
    expect(payload.exp! - payload.iat!).toBe(24 * 3600);
  });

  test.each(['token', 'id_token', 'code id_token', 'code token', 'id_token token', 'none'])(
    'the response type "%s", which it does not announce, is refused',
    async (response_type) => {
      expect(json((await push({ response_type })).answer)).toMatchObject({
        error: 'unsupported_response_type',
      });
    },
  );

  test.each([
    ['fragment', 'code in a fragment'],
    ['form_post', 'a form'],
  ])('the response mode "%s" is announced if and only if it works', async (response_mode) => {
    const announced = (discovered['response_modes_supported'] as string[]).includes(response_mode);
    expect((await push({ response_mode })).answer.status).toBe(announced ? 201 : 400);
  });

  test('a way to authenticate that it does not announce lets no client in', async () => {
    const body = {
      client_id: device.id,
      client_secret: 'x',
      grant_type: 'authorization_code',
      code: 'x',
    };
    expect(json(await post(endpoint('token_endpoint'), body))).toMatchObject({
      error: 'invalid_client',
    });
    const assertion = {
      ...body,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'a.b.c',
    };
    expect(json(await post(endpoint('token_endpoint'), assertion))).toMatchObject({
      error: 'invalid_client',
    });
    // And a device without its certificate, nor by a secret that it does not have.
    const authorization = `Basic ${Buffer.from(`${device.id}:x`).toString('base64')}`;
    const basic = await post(
      endpoint('token_endpoint'),
      { grant_type: 'authorization_code', code: 'x' },
      { headers: { authorization } },
    );
    expect([basic.status, json(basic)['error']]).toEqual([401, 'invalid_client']);
  });
});

describe('a request', () => {
  test('without PKCE is refused, whoever asks (RFC 7636)', async () => {
    const { answer } = await push({ code_challenge: '', code_challenge_method: '' });
    expect([answer.status, json(answer)['error']]).toEqual([400, 'invalid_request']);
    const registration = await post(endpoint('pushed_authorization_request_endpoint'), {
      client_id: REGISTRATION,
      response_type: 'code',
      redirect_uri: REDIRECT,
      scope: 'openid email',
    });
    expect([registration.status, json(registration)['error']]).toEqual([400, 'invalid_request']);
  });

  test.each([
    ['plain', 'plain', 'a'.repeat(43)],
    ['an unknown method', 'S512', 'a'.repeat(43)],
    ['no method, which would be plain', '', 'a'.repeat(43)],
    ['a challenge that is none', 'S256', 'short'],
  ])('with %s is refused', async (_, code_challenge_method, code_challenge) => {
    const { answer } = await push({ code_challenge_method, code_challenge });
    expect([answer.status, json(answer)['error']]).toEqual([400, 'invalid_request']);
  });

  // The port of a loopback address is the app's to choose (RFC 8252 7.3), and nothing else of it.
  test.each([
    ['one character', 'http://127.0.0.1:49152/callbacks'],
    ['a trailing slash', `${REDIRECT}/`],
    ['another case', 'http://127.0.0.1:49152/Callback'],
    ['a fragment', `${REDIRECT}#here`],
    ['a query', `${REDIRECT}?to=there`],
    ['a step up', 'http://127.0.0.1:49152/x/../callback'],
    ['another scheme', 'https://127.0.0.1:49152/callback'],
    ['the name of loopback', 'http://localhost:49152/callback'],
    ['another host that begins so', 'http://127.0.0.1.evil.example:49152/callback'],
    ['a name before the host', 'http://127.0.0.1:49152@evil.example/callback'],
    ['another site', 'https://evil.example/callback'],
    ['none at all', ''],
  ])(
    'whose redirect address differs by %s is refused, and nobody is sent there',
    async (_, redirect_uri) => {
      const pushed = await push({ redirect_uri });
      expect(pushed.answer.status).toBe(400);
      expect(pushed.answer.headers).not.toHaveProperty('location');
      const query = new URLSearchParams({
        client_id: device.id,
        response_type: 'code',
        scope: 'openid',
        redirect_uri,
        code_challenge: s256('x'),
        code_challenge_method: 'S256',
      });
      const page = await get(`${endpoint('authorization_endpoint')}?${query.toString()}`);
      expect(page.status).toBe(400);
      expect(page.headers).not.toHaveProperty('location');
      expect(page.body).not.toContain('evil.example');
    },
  );

  test('whose redirect address is the registered one at any port of loopback is taken', async () => {
    expect((await push({ redirect_uri: 'http://127.0.0.1:1/callback' })).answer.status).toBe(201);
  });

  test('may not come by the browser, nor be that of another client, nor be used twice (RFC 9126)', async () => {
    const { answer } = await push();
    const stolen = new URL(pageOf(answer, other.id));
    const page = await fetch(stolen, { redirect: 'manual' });
    expect(page.headers.get('location') ?? '').not.toMatch(/interaction|code=/);
    expect(Number(json(answer)['expires_in'])).toBeLessThanOrEqual(60);
  });
});

describe('the answer', () => {
  test('brings back state and issuer, and no token in any address (RFC 9207)', async () => {
    const asked = await approved();
    expect(Object.fromEntries(asked.callback.searchParams)).toEqual({
      code: asked.code,
      state: asked.state,
      iss: issuer(),
    });
    expect(asked.callback.hash).toBe('');
    expect(`${asked.callback.origin}${asked.callback.pathname}`).toBe(REDIRECT);
    const answer = await redeem(asked);
    const tokens = tokensOf(answer);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(answer.headers).not.toHaveProperty('location');
    for (const token of Object.values(tokens)) expect(asked.callback.href).not.toContain(token);
  });

  test('that denies brings back state and issuer, too', async () => {
    const asked = await push();
    const callback = new URL(
      await signInWithoutBrowser(pageOf(asked.answer), { decision: 'deny' }),
    );
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({
      error: 'access_denied',
      state: asked.state,
      iss: issuer(),
    });
  });

  test('a token in an address or a form proves nobody', async () => {
    const { id_token } = tokensOf(await redeem(await approved()));
    const { command_center } = edge.edge.document;
    const header = { authorization: `Bearer ${id_token}` };
    const asked = (url: string, headers: Record<string, string> = {}) =>
      device.call(url, { headers });
    expect((await asked(`${command_center}/services`, header)).status).toBe(200);
    for (const name of ['access_token', 'id_token', 'token']) {
      expect((await asked(`${command_center}/services?${name}=${id_token}`)).status).toBe(401);
    }
  });
});

describe('a code', () => {
  test('is good once; the second use ends what the first one gave (RFC 6749 4.1.2)', async () => {
    const asked = await approved();
    const tokens = tokensOf(await redeem(asked));
    expect((await exchange(edge, device, tokens.id_token)).answer.status).toBe(200);
    const again = await redeem(asked);
    expect([again.status, json(again)['error']]).toEqual([400, 'invalid_grant']);
    expect(json(await refresh(tokens.refresh_token, device))).toMatchObject({
      error: 'invalid_grant',
    });
    expect((await exchange(edge, device, tokens.id_token)).answer.status).toBe(401);
  });

  test('used by many at once is good once at most, and leaves nobody signed in twice', async () => {
    const asked = await approved();
    const answers = await Promise.all(Array.from({ length: 5 }, () => redeem(asked)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const { status } of answers) expect([200, 400]).toContain(status);
    // It was used more than once: whoever was first has nothing of it either.
    for (const answer of good) {
      const { refresh_token } = tokensOf(answer);
      expect((await refresh(refresh_token, device)).status).toBe(400);
    }
  });

  test.each<[string, Record<string, string>]>([
    ['a wrong verifier', { code_verifier: randomBytes(48).toString('base64url') }],
    ['no verifier', { code_verifier: '' }],
    ['the challenge as verifier', { code_verifier: s256('x') }],
    ['another redirect address', { redirect_uri: 'http://127.0.0.1:49153/callback' }],
    ['no redirect address', { redirect_uri: '' }],
  ])('with %s is refused', async (_, change) => {
    const refused = await redeem(await approved(), change);
    expect(refused.status).toBe(400);
    expect(['invalid_grant', 'invalid_request']).toContain(json(refused)['error']);
  });

  test('is over after a minute', async () => {
    const asked = await approved();
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    onTestFinished(() => now.mockRestore());
    const late = await redeem(asked);
    expect([late.status, json(late)['error']]).toEqual([400, 'invalid_grant']);
  });

  test('of another client is refused, and so is another client by the certificate of its own', async () => {
    const asked = await approved();
    expect(json(await redeem(asked, {}, other))).toMatchObject({ error: 'invalid_grant' });
    const borrowed = await redeem(asked, { client_id: device.id }, other);
    expect([borrowed.status, json(borrowed)['error']]).toEqual([401, 'invalid_client']);
  });
});

describe('a refresh token', () => {
  test('is bound to the certificate of its device (RFC 8705), so a lost answer signs nobody out', async () => {
    const { refresh_token } = tokensOf(await redeem(await approved()));
    const first = tokensOf(await refresh(refresh_token, device));
    const second = tokensOf(await refresh(refresh_token, device));
    expect(first.id_token).not.toBe(second.id_token);
    const by = async (who: { id: string; identity?: Identity }, at?: string) => {
      const answer = await refresh(refresh_token, who, at);
      return [answer.status, json(answer)['error']];
    };
    expect(await by({ id: device.id })).toEqual([401, 'invalid_client']);
    expect(await by({ id: device.id }, endpoint('token_endpoint'))).toEqual([
      401,
      'invalid_client',
    ]);
    expect(await by({ id: device.id, identity: other.identity })).toEqual([401, 'invalid_client']);
    expect(await by(other)).toEqual([400, 'invalid_grant']);
    expect((await by({ id: REGISTRATION }, endpoint('token_endpoint')))[0]).toBe(400);
    tokensOf(await refresh(refresh_token, device));
  });

  test('is given to no client that is not bound by a certificate: to renew it, there would have to be rotation', async () => {
    const verifier = randomBytes(48).toString('base64url');
    const pushed = await post(endpoint('pushed_authorization_request_endpoint'), {
      client_id: REGISTRATION,
      response_type: 'code',
      redirect_uri: REDIRECT,
      scope: 'openid email offline_access',
      prompt: 'consent',
      code_challenge: s256(verifier),
      code_challenge_method: 'S256',
    });
    // What it may not have, it is not given: the request is refused, or the scope is left out.
    if (pushed.status === 201) {
      const callback = new URL(await signInWithoutBrowser(pageOf(pushed, REGISTRATION)));
      const answer = await post(endpoint('token_endpoint'), {
        grant_type: 'authorization_code',
        client_id: REGISTRATION,
        code: callback.searchParams.get('code') ?? '',
        redirect_uri: REDIRECT,
        code_verifier: verifier,
      });
      expect(answer.status).toBe(200);
      expect(json(answer)).not.toHaveProperty('refresh_token');
    }
  });

  test('is nothing that the client of a web service could ask for, and nobody has its secret', async () => {
    const web = demoServiceId('wiki');
    for (const secret of ['x', web]) {
      const authorization = `Basic ${Buffer.from(`${web}:${secret}`).toString('base64')}`;
      const form = { grant_type: 'refresh_token', refresh_token: 'x' };
      const refused = await post(endpoint('token_endpoint'), form, { headers: { authorization } });
      expect([refused.status, json(refused)['error']]).toEqual([401, 'invalid_client']);
    }
    const rulebook = await openRulebook(createMemoryStore(), createChanges(), () => {});
    const { definition } = await callsTo(edge.data)('document.show', { kind: 'service', id: web });
    await rulebook.put('service', definition, 'test');
    const clients = [createWebClients(rulebook, () => []).metadata(web), registrationClient];
    for (const client of clients) expect(client?.grant_types).toEqual(['authorization_code']);
  });

  test('that is revoked at its endpoint (RFC 7009) is over, by its own client alone', async () => {
    const { refresh_token, id_token } = tokensOf(await redeem(await approved()));
    const revoke = (from: ScriptedDevice) =>
      post(
        alias('revocation_endpoint'),
        { client_id: from.id, token: refresh_token },
        { identity: from.identity },
      );
    await revoke(other);
    tokensOf(await refresh(refresh_token, device));
    expect((await revoke(device)).status).toBe(200);
    expect(json(await refresh(refresh_token, device))).toMatchObject({ error: 'invalid_grant' });
    expect((await exchange(edge, device, id_token)).answer.status).toBe(401);
  });
});

test('the log of the edge has no code and no token', async () => {
  const asked = await approved();
  const tokens = tokensOf(await redeem(asked));
  for (const secret of [asked.code, asked.verifier, ...Object.values(tokens)]) {
    expect(edge.logged.join('\n')).not.toContain(secret);
  }
});
