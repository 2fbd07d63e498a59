// What becomes of refresh tokens when nobody waits for them any more: the newest is kept, one that is not needed is given back.
import type { Membership } from '../device/membership.ts';
import type { StoredSession } from '../device/vault.ts';
import type { Log } from '../ports.ts';
import type { TrustProvider } from './sign-in.ts';

const REVOKE_WITHIN_MS = 3_000;
/** On the way out. Without it the next start has to ask the person, so it is worth a moment. */
const REFRESHED_WITHIN_MS = 3_000;

export interface RefreshTokensOptions {
  trustProvider: TrustProvider;
  membership: () => Membership | null;
  log: Log;
}

export function createRefreshTokens(options: RefreshTokensOptions) {
  const { membership, log } = options;
  let refreshing: Promise<unknown> = Promise.resolve();
  const trustProvider: TrustProvider = {
    ...options.trustProvider,
    refresh(...asked) {
      const refreshed = options.trustProvider.refresh(...asked);
      refreshing = refreshed.catch(() => {}); // told to whoever asked
      return refreshed;
    },
  };
  return {
    /** Everybody who refreshes takes this one. */
    trustProvider,

    /**
     * For a client that stops. An issuer that is not ours may have replaced the refresh token by now, and its answer is still
     * on the way: it is stored (`credentials.rotated`) before the connection goes. Ours gives no other one.
     */
    async settled(): Promise<void> {
      if (membership()?.document.client_id === undefined) return;
      await Promise.race([refreshing, after(REFRESHED_WITHIN_MS)]);
    },

    /** It is of no use any more, here or to a thief. */
    async giveBack({ refreshToken }: StoredSession): Promise<void> {
      const joined = membership();
      if (!refreshToken || !joined) return;
      const revoked = trustProvider.revoke(joined, refreshToken).catch((error: unknown) => {
        log.warn('the refresh token was not revoked', { error });
      });
      await Promise.race([revoked, after(REVOKE_WITHIN_MS)]);
    },
  };
}

const after = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
