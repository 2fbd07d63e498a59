// Is this a TrustToken of ours for exactly this audience? A token for the app names the device, a web service's token
// names the service; one is never accepted as the other.
import { createLocalJWKSet, jwtVerify, type JWK } from 'jose';
import { trustTokenClaims, type TrustTokenClaims } from '../../shared/protocol/trust-token.ts';
import { TOKEN_ALGORITHM } from './secrets.ts';

export interface TokenCheck {
  /** Its claims while it holds; null for everything else, whatever the reason. */
  claims(token: string, audience: string): Promise<TrustTokenClaims | null>;
}

export function createTokenCheck(issuer: string, signingKey: JWK): TokenCheck {
  const { d: _, ...publicKey } = signingKey;
  const keys = createLocalJWKSet({ keys: [publicKey] });
  return {
    async claims(token, audience) {
      const verified = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: [TOKEN_ALGORITHM],
        requiredClaims: ['exp', 'jti'],
      }).catch(() => null);
      // `audience` above accepts a list that holds it; a TrustToken names it alone, which these claims say.
      return (verified && trustTokenClaims.safeParse(verified.payload).data) ?? null;
    },
  };
}
