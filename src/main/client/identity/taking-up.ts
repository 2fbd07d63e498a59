// Takes a stored session up again, without anybody doing anything: one that is good, or one whose certificate is over.
import { toWireError } from '../../../shared/errors.ts';
import type { Session, SessionEvent } from '../../../shared/model/session.ts';
import type { StoredSession } from '../device/vault.ts';
import type { Renewal, RenewalOptions } from './renewal.ts';
import { untilAborted } from './in-time.ts';

export interface TakingUpOptions extends Pick<
  RenewalOptions,
  'ports' | 'state' | 'device' | 'credentials' | 'trustProvider'
> {
  renewal: Renewal;
}

export function createTakingUp(options: TakingUpOptions) {
  const { state, device, credentials, renewal, trustProvider } = options;
  const { clock, log } = options.ports;
  return {
    takeUp: async (session: StoredSession, cancelled: AbortSignal): Promise<Session> => {
      try {
        return await credentials.adopt(session, cancelled);
      } catch (error) {
        state.session(notSignedIn(cancelled, error));
        throw error;
      }
    },

    /** One that has lapsed. What cannot be renewed now is tried again later, unless it was taken back. */
    comeBack: async (session: StoredSession, cancelled: AbortSignal): Promise<Session> => {
      state.session({ type: 'sign-in-started', at: clock.now() });
      try {
        // A clock that was wrong for a while makes a good certificate look expired.
        if (session.expiresAt > clock.now()) return await credentials.adopt(session, cancelled);
        const renewed = trustProvider.refresh(device.requireMembership(), session, (refreshToken) =>
          credentials.rotated(session, refreshToken),
        );
        return await credentials.adopt(await untilAborted(cancelled, renewed), cancelled);
      } catch (error) {
        log.info('the session was not renewed in silence', { error });
        if (!cancelled.aborted) renewal.failed(error);
        if (renewal.mayRefresh()) state.session(notSignedIn(cancelled, error));
        else await credentials.end(notSignedIn(cancelled, error));
        if (!credentials.isStopping()) renewal.comeBackLater();
        throw error;
      }
    },
  };
}

export const notSignedIn = (cancelled: AbortSignal, error: unknown): SessionEvent =>
  cancelled.aborted
    ? { type: 'sign-in-cancelled' }
    : { type: 'sign-in-failed', error: toWireError(error) };
