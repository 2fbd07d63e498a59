// Tokens of people who register a device by signing in: good for one DeviceCert, once, for minutes.
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose';
import type { Store, UserRecord } from '../store/store.ts';
import { recordKey } from '../trust-provider/adapter.ts';
import { REGISTRATION_CLIENT } from '../trust-provider/registration-client.ts';
import { TOKEN_ALGORITHM } from '../trust-provider/secrets.ts';

export interface RegistrationToken {
  id: string;
  /** Seconds since the epoch. */
  expiresAt: number;
  user: UserRecord;
}

export interface RegistrationTokens {
  /** Null: not ours, for something else, used, too old, or of somebody who is gone (never which of them). */
  find(token: string): Promise<RegistrationToken | null>;
  /**
   * Only one caller gets true, and a restart forgets nothing: one that a crash has caught half-way stays used, since its
   * certificate may be out already, and signing in again costs little.
   */
  claim(token: RegistrationToken): Promise<boolean>;
  /** No certificate was issued for it. */
  release(token: RegistrationToken): Promise<void>;
}

export interface RegistrationTokensOptions {
  issuer: string;
  signingKey: JWK;
  store: Store;
}

export function createRegistrationTokens(options: RegistrationTokensOptions): RegistrationTokens {
  const { issuer, store } = options;
  const { d: _, ...publicKey } = options.signingKey;
  const keys = createLocalJWKSet({ keys: [publicKey] });
  const keyOf = ({ id }: RegistrationToken): string => recordKey('Registration', id);
  return {
    async find(token) {
      const verified = await jwtVerify(token, keys, {
        issuer,
        audience: REGISTRATION_CLIENT,
        algorithms: [TOKEN_ALGORITHM],
        requiredClaims: ['exp', 'jti', 'sub'],
      }).catch(() => null);
      const { aud, exp = 0, jti = '', sub = '' } = verified?.payload ?? {};
      // `audience` above accepts a list that holds it.
      if (aud !== REGISTRATION_CLIENT) return null;
      const user = await store.get('users', sub);
      if (!user) return null;
      const found = { id: jti, expiresAt: exp, user };
      return (await store.get('issuer', keyOf(found))) ? null : found;
    },
    claim: (token) =>
      store.change('issuer', keyOf(token), (known) =>
        // Remembered for longer than it is good: what is forgotten could be used again.
        known ? undefined : { payload: {}, expiresAt: token.expiresAt + 60 },
      ),
    release: (token) => store.delete('issuer', keyOf(token)),
  };
}
