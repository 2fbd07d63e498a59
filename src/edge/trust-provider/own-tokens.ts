// The TrustTokens of our own issuer: for one device, with their session in their name.
import { createLocalJWKSet, jwtVerify, type JWK } from 'jose';
import { trustTokenClaims } from '../../shared/protocol/trust-token.ts';
import type { VerifyToken } from './identify.ts';
import { TOKEN_ALGORITHM } from './secrets.ts';
import { sessionOfToken, type Sessions } from './sessions.ts';

export interface OwnTokensOptions {
  issuer: string;
  signingKey: JWK;
  sessions: Sessions;
}

export function createOwnTokens({ issuer, signingKey, sessions }: OwnTokensOptions): VerifyToken {
  const { d: _, ...publicKey } = signingKey;
  const keys = createLocalJWKSet({ keys: [publicKey] });
  return async (token, device) => {
    const verified = await jwtVerify(token, keys, {
      issuer,
      audience: device.id,
      algorithms: [TOKEN_ALGORITHM],
      requiredClaims: ['exp', 'jti'],
    }).catch(() => null);
    const claims = verified && trustTokenClaims.safeParse(verified.payload).data;
    // `audience` above accepts a list that holds the device; a token for the app names it alone.
    if (!claims || claims.aud !== device.id || claims.device_id !== device.id) return null;
    const sessionId = sessionOfToken(claims.jti ?? '');
    return { claims, sessionId, isLive: await sessions.isLive(sessionId, device.id) };
  };
}
