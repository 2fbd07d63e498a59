// Keys, certificate requests and issued bundles, as a client makes and reads them.
import {
  exportPrivateKey,
  generateKeyPair,
  type KeyPair,
  SIGNATURE,
  x509,
} from '../../src/edge/authority/crypto.ts';

export interface KeyAndRequest {
  keys: KeyPair;
  /** PKCS#8 PEM. */
  key: string;
  /** PKCS#10, base64. */
  request: string;
}

export async function aSigningRequest(): Promise<KeyAndRequest> {
  const keys = await generateKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=ignored',
    keys,
    signingAlgorithm: SIGNATURE,
  });
  return {
    keys,
    key: await exportPrivateKey(keys.privateKey),
    request: request.toString('base64'),
  };
}

/** PEM certificates of a certs-only PKCS#7, in their order. */
export const readBundle = (base64: string): string[] =>
  [...new x509.X509Certificates(base64.replace(/\s/g, ''))].map((each) => each.toString('pem'));
