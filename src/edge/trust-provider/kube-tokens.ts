// The ID token that a person shows to one cluster (decision 21). Its audience is that service alone and it names no device, so
// that no other door of ours opens to it: they all want a TrustToken.
import { importJWK, SignJWT } from 'jose';
import type { Identity } from './identify.ts';
import { type IssuerSecrets, TOKEN_ALGORITHM } from './secrets.ts';

/** A cluster asks nobody whether a token is still good, so what is revoked goes on for as long. */
export const KUBE_TOKEN_SECONDS = 300;

export interface KubeToken {
  token: string;
  /** Seconds since the epoch. */
  expiresAt: number;
}

export interface KubeTokens {
  /** For who has been let in to that service just now. `groups`: those of now. */
  issue(
    claims: Identity['claims'],
    groups: readonly string[],
    serviceId: string,
  ): Promise<KubeToken>;
}

export function createKubeTokens(
  issuer: string,
  signingKey: IssuerSecrets['signingKey'],
): KubeTokens {
  return {
    async issue({ sub, email, name, exp }, groups, serviceId) {
      const now = Math.floor(Date.now() / 1000);
      // Never longer than what vouched for it.
      const expiresAt = Math.min(now + KUBE_TOKEN_SECONDS, exp);
      // Without `email_verified` an API server takes no e-mail for a name.
      const token = await new SignJWT({ email, email_verified: true, name, groups: [...groups] })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: signingKey.kid })
        .setIssuer(issuer)
        .setAudience(serviceId)
        .setSubject(sub)
        .setIssuedAt(now)
        .setExpirationTime(expiresAt)
        .sign(await importJWK(signingKey, TOKEN_ALGORITHM));
      return { token, expiresAt };
    },
  };
}
