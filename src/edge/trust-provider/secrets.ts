// The issuer's own secrets: the key that signs tokens and the keys that sign cookies. Made once, kept 0600.
import { hkdfSync, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from '../../shared/schema.ts';
import { readKept, writeFileAtomically } from '../store/atomic-file.ts';

export const TOKEN_ALGORITHM = 'ES256';

const secretsFile = z.object({
  version: z.literal(1),
  signingKey: z.object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string(),
    y: z.string(),
    d: z.string(),
    kid: z.string(),
  }),
  cookieKeys: z.array(z.string().min(32)).min(1),
});

export interface IssuerSecrets {
  signingKey: JWK & { d: string; kid: string };
  cookieKeys: string[];
  /** Of the public part of the signing key (RFC 7638), base64url. */
  fingerprint: string;
  /** Seals what is in the store for every edge that has this file, and for nobody else who reads the store. */
  sealingKey: Uint8Array;
}

export async function openIssuerSecrets(path: string): Promise<IssuerSecrets> {
  const kept = await readKept(path, secretsFile, 'a file of issuer keys');
  if (kept) {
    const { signingKey, cookieKeys } = kept;
    const [first = ''] = cookieKeys;
    return {
      signingKey: { ...signingKey, alg: TOKEN_ALGORITHM, use: 'sig' },
      cookieKeys,
      fingerprint: await calculateJwkThumbprint(signingKey),
      sealingKey: new Uint8Array(hkdfSync('sha256', first, '', 'banyan-edge store', 32)),
    };
  }
  const { privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const signingKey = { ...jwk, kid: randomBytes(8).toString('hex') };
  const cookieKeys = [randomBytes(32).toString('base64url')];
  await writeFileAtomically(path, JSON.stringify({ version: 1, signingKey, cookieKeys }));
  return openIssuerSecrets(path);
}
