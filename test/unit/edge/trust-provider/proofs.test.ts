// What a token, a session or a ticket proves, asked directly: checks that others stand in front of wherever it is used.
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { describe, expect, it, test } from 'vitest';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { recordKey } from '../../../../src/edge/trust-provider/adapter.ts';
import { createDeviceSessions } from '../../../../src/edge/trust-provider/device-sessions.ts';
import type { VerifyToken } from '../../../../src/edge/trust-provider/identify.ts';
import { createOwnTokens } from '../../../../src/edge/trust-provider/own-tokens.ts';
import { createSessions } from '../../../../src/edge/trust-provider/sessions.ts';
import { createTokenCheck } from '../../../../src/edge/trust-provider/token-check.ts';
import { trustTokenClaims } from '../../../../src/shared/protocol/trust-token.ts';

const ISSUER = 'https://team.localhost';
const now = Math.floor(Date.now() / 1000);
const CLAIMS = {
  sub: 'u-1',
  email: 'ann@example.com',
  name: 'Ann',
  groups: [],
  device_id: 'mac-1',
  serial_number: 'C02',
  jti: 's-1.1',
};

test.for<[string, object, boolean]>([
  ['for this audience alone', { aud: 'mac-1' }, true],
  ['for another', { aud: 'mac-2' }, false],
  ['for this one among others', { aud: ['mac-1', 'shop.demo.bnn'] }, false],
  ['for this one, as a list', { aud: ['mac-1'] }, false],
  ['of another issuer', { aud: 'mac-1', iss: 'https://other.localhost' }, false],
  ['that has ended', { aud: 'mac-1', exp: now - 1 }, false],
  ['without an end', { aud: 'mac-1', exp: undefined }, false],
  ['without a session', { aud: 'mac-1', jti: undefined }, false],
])('a TrustToken %s', async ([, given, counts]) => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'a', alg: 'ES256' };
  const payload = { iss: ISSUER, iat: now, exp: now + 60, ...CLAIMS, ...given };
  const token = await new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .sign(await importJWK(key, 'ES256'));
  const claims = await createTokenCheck(ISSUER, key).claims(token, 'mac-1');
  expect(claims !== null).toBe(counts);
});

describe('a session', () => {
  const started = async (clientId = 'mac-1') => {
    const store = createMemoryStore();
    const payload = { clientId, accountId: 'u-1' };
    await store.put('issuer', recordKey('Grant', 's-1'), { payload, expiresAt: now + 60 });
    return { sessions: createSessions(store), store };
  };

  it('is live on its own device alone', async () => {
    const { sessions } = await started();
    expect(await sessions.isLive('s-1', 'mac-1')).toBe(true);
    expect(await sessions.isLive('s-1', 'mac-2')).toBe(false);
    expect(await sessions.isLive('s-2', 'mac-1')).toBe(false);
  });

  it('is no proof of a device for a token that names another one', async () => {
    const { sessions } = await started();
    const claims = trustTokenClaims.parse({
      ...CLAIMS,
      iss: ISSUER,
      aud: 'mac-1',
      iat: now,
      exp: now + 60,
    });
    const verify = async (device_id: string) =>
      createOwnTokens({ claims: async () => ({ ...claims, device_id }) }, sessions)('', {
        id: 'mac-1',
      } as Parameters<VerifyToken>[1]);
    expect(await verify('mac-1')).toMatchObject({ isLive: true });
    expect(await verify('mac-2')).toBeNull();
  });

  it('that ends between ticket and browser opens nothing', async () => {
    const { sessions } = await started();
    const volatile = createMemoryStore();
    const tickets = createDeviceSessions(volatile, sessions, 60);
    const identity = {
      device: { id: 'mac-1' },
      claims: { sub: 'u-1', exp: now + 60 },
      sessionId: 's-1',
    } as Parameters<typeof tickets.issueTicket>[0];
    const [first, second] = [
      await tickets.issueTicket(identity, 'shop.demo.bnn'),
      await tickets.issueTicket(identity, 'shop.demo.bnn'),
    ];
    expect(await tickets.redeem(first)).toMatchObject({ serviceId: 'shop.demo.bnn' });
    await sessions.end('s-1');
    expect(await tickets.redeem(second)).toBeNull();
  });
});
