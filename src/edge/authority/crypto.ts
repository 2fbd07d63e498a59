// The X.509 library, loaded after the metadata polyfill it needs, and the one key type of this organisation: P-256.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };

/** Named by the library, so that they are the same with and without the DOM's types around. */
export type KeyPair = x509.X509CertificateCreateSelfSignedParams['keys'];
export type PrivateKey = KeyPair['privateKey'];

const { subtle } = globalThis.crypto;

export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;

export const generateKeyPair = (): Promise<KeyPair> =>
  subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);

export async function exportPrivateKey(key: PrivateKey): Promise<string> {
  const pkcs8 = Buffer.from(await subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})(?!$)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
}

export function importPrivateKey(pem: string): Promise<PrivateKey> {
  const pkcs8 = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, false, ['sign']);
}
