// TrustToken in, TrustCert out, over EST. See docs/protocol.md 5.
import { AppError } from '../../../shared/errors.ts';
import type { Membership } from '../device/membership.ts';
import type { StoredSession } from '../device/vault.ts';
import { enrol } from '../organisation/est.ts';
import { deviceRefused, readRefusal } from '../organisation/refusals.ts';
import type { Tokens } from './oidc.ts';

export async function exchangeForCertificate(
  membership: Membership,
  { trustToken, claims, refreshToken }: Tokens,
): Promise<StoredSession> {
  const { connection, document, root } = membership;
  const issued = await enrol({
    connection,
    base: document.est.trustcert,
    operation: 'simpleenroll',
    headers: { authorization: `Bearer ${trustToken}` },
    root,
    refused: (answer) => {
      const refusal = readRefusal(answer);
      if (!refusal) return null;
      if (refusal.about !== 'session') return deviceRefused(document.name, refusal);
      const why = refusal.detail && ` ${refusal.detail}`;
      return new AppError(
        'identity/certificate-refused',
        `${document.name} gave no certificate for this session.${why}`,
      );
    },
  });
  return {
    person: {
      subject: claims.sub,
      name: claims.name || claims.email || claims.sub,
      email: claims.email,
      groups: claims.groups,
    },
    trustToken,
    ...(refreshToken && { refreshToken }),
    issuedAt: claims.iat * 1000,
    expiresAt: Math.min(Date.parse(issued.leaf.validTo), claims.exp * 1000),
    key: issued.key,
    certificate: issued.certificate,
  };
}
