// Reads a PKCS#10 request (RFC 2986). Only its public key is used, and only when it proves possession of the key.
import { KEY_ALGORITHM, x509 } from './crypto.ts';

/** The request's key, or null when it is malformed, of another kind than P-256, or not signed by that key. */
export async function readSigningRequest(base64: string): Promise<x509.PublicKey | null> {
  try {
    const der = Buffer.from(base64.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const request = new x509.Pkcs10CertificateRequest(der);
    const { name, namedCurve } = request.publicKey.algorithm as {
      name: string;
      namedCurve?: string;
    };
    if (name !== KEY_ALGORITHM.name || namedCurve !== KEY_ALGORITHM.namedCurve) return null;
    return (await request.verify()) ? request.publicKey : null;
  } catch {
    return null; // not a request at all: the caller answers 400 either way
  }
}
