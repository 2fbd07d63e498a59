// Keys, certificate requests (PKCS#10) and the certificates that come back (certs-only PKCS#7). The library is loaded
// on first use: it takes longer than the rest of a start.
// Here and not beside the lazy import: the library refuses to be evaluated before it.
import 'reflect-metadata';
import { createHash, webcrypto, X509Certificate } from 'node:crypto';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const loadX509 = () => import('@peculiar/x509');

export interface KeyAndRequest {
  /** PEM, PKCS#8. */
  key: string;
  /** DER as base64. The subject is a placeholder: issuers use only the public key. */
  request: string;
  /** DER of the public key, to recognise the certificate that was made for it. */
  publicKey: Buffer;
}

export async function createKeyAndRequest(): Promise<KeyAndRequest> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=Banyan App',
    keys: keys as Parameters<typeof x509.Pkcs10CertificateRequestGenerator.create>[0]['keys'],
    signingAlgorithm: ALGORITHM,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey));
  return {
    key: pem('PRIVATE KEY', pkcs8),
    request: Buffer.from(request.rawData).toString('base64'),
    publicKey: spki,
  };
}

/** The certificates of a base64 PKCS#7 answer (RFC 7030 4.1.3, 4.2.3); throws when it is none. */
export async function readCertificates(base64: string): Promise<X509Certificate[]> {
  const x509 = await loadX509();
  const der = Buffer.from(base64.replaceAll(/\s/g, ''), 'base64');
  return [...new x509.X509Certificates(der)].map(
    (certificate) => new X509Certificate(Buffer.from(certificate.rawData)),
  );
}

/** URIs of the subject alternative name. */
export async function urisOf(certificate: X509Certificate): Promise<string[]> {
  const x509 = await loadX509();
  const extension = new x509.X509Certificate(certificate.raw).getExtension(
    x509.SubjectAlternativeNameExtension,
  );
  return (extension?.names.items ?? [])
    .filter(({ type }) => type === 'url')
    .map(({ value }) => value);
}

export const fingerprintOf = (certificate: X509Certificate): string =>
  createHash('sha256').update(certificate.raw).digest('base64url');

/** First 16 hexadecimal digits of the root's SHA-256: the trust anchor is the organisation's identity. */
export const organisationIdOf = (root: X509Certificate): string =>
  createHash('sha256').update(root.raw).digest('hex').slice(0, 16);

/** The same, from the SHA-256 that an invite carries. */
export const organisationIdOfFingerprint = (rootFingerprint: string): string =>
  Buffer.from(rootFingerprint, 'base64url').toString('hex').slice(0, 16);

export const isRoot = (certificate: X509Certificate): boolean =>
  certificate.ca &&
  certificate.checkIssued(certificate) &&
  certificate.verify(certificate.publicKey);

/** The certificate for our key and the chain up to, not including, the root; null when they do not fit together. */
export function chainFor(
  publicKey: Buffer,
  certificates: readonly X509Certificate[],
  root: X509Certificate,
): [X509Certificate, ...X509Certificate[]] | null {
  const leaf = certificates.find((candidate) =>
    candidate.publicKey.export({ type: 'spki', format: 'der' }).equals(publicKey),
  );
  if (!leaf) return null;
  const chain: [X509Certificate, ...X509Certificate[]] = [leaf];
  for (let current = leaf; !isIssuedBy(current, root);) {
    const child = current;
    const issuer = certificates.find((candidate) => candidate.ca && isIssuedBy(child, candidate));
    if (!issuer || chain.length > 4) return null;
    chain.push(issuer);
    current = issuer;
  }
  return chain;
}

const isIssuedBy = (child: X509Certificate, issuer: X509Certificate): boolean =>
  child.checkIssued(issuer) && child.verify(issuer.publicKey);

export const toPem = (chain: readonly X509Certificate[]): string =>
  chain.map((certificate) => certificate.toString().trimEnd() + '\n').join('');

const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
