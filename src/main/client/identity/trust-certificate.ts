// TrustToken in, TrustCert out, over EST. See docs/protocol.md 5.
import { AppError } from '../../../shared/errors.ts';
import { trustAttributesOf } from '../../../shared/protocol/subject-alternative-names.ts';
import type { Membership } from '../device/membership.ts';
import type { StoredSession } from '../device/vault.ts';
import { enrol } from '../organisation/est.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import { deviceRefused, readRefusal } from '../organisation/refusals.ts';
import type { Log } from '../ports.ts';
import type { Tokens } from './oidc.ts';
import { sshCertificateFor } from './ssh-certificate.ts';

export async function exchangeForCertificate(
  membership: Membership,
  { trustToken, claims, refreshToken }: Tokens,
  log: Log,
): Promise<StoredSession> {
  const { connection, document, root, deviceId } = membership;
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
  const { host } = new URL(document.est.trustcert);
  const names = trustAttributesOf(issued.uris);
  if (names?.get('subject')?.[0] !== claims.sub || names.get('device')?.[0] !== deviceId) {
    throw invalidAnswer(host, 'the certificate is for another person or device');
  }
  if (issued.expiresAt > claims.exp * 1000) {
    throw invalidAnswer(host, 'the certificate ends later than the session');
  }
  const sshCertificate = await (
    document.ssh && sshCertificateFor(membership, { trustToken, claims }, issued, document.ssh)
  )?.catch((error: unknown) => {
    // It is for some services only: nobody stays signed out because of it. The next renewal asks again.
    log.warn('signed in without an SSH certificate', { error });
    return undefined;
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
    expiresAt: issued.expiresAt,
    key: issued.key,
    certificate: issued.certificate,
    ...(sshCertificate !== undefined && { sshCertificate }),
  };
}
