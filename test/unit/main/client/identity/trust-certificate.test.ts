import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../../../src/main/client/device/membership.ts';
import { exchangeForCertificate } from '../../../../../src/main/client/identity/trust-certificate.ts';
import type { Tokens } from '../../../../../src/main/client/identity/oidc.ts';

describe('an organisation that gives no certificate', () => {
  it.each([
    [401, 'certificate_expired', 'device/certificate-expired'],
    [403, 'device_revoked', 'device/certificate-refused'],
    [401, 'session_ended', 'identity/certificate-refused'],
    [403, 'no_policy', 'identity/certificate-refused'],
  ])('with %s %s means %s', async (status, code, expected) => {
    const membership = {
      document: { name: 'Demo', est: { trustcert: 'https://demo.example/est' } },
      connection: {
        ask: () => Promise.resolve({ status, headers: {}, body: JSON.stringify({ code }) }),
      },
    } as unknown as Membership;
    const tokens = { trustToken: 'token', claims: {} } as unknown as Tokens;
    await expect(exchangeForCertificate(membership, tokens)).rejects.toMatchObject({
      code: expected,
    });
  });
});
