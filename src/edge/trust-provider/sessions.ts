// Sessions: one per sign-in, the issuer's grants seen from the rest of the edge. A TrustToken names its session in
// its `jti` (`<session>.<unique>`), and a TrustCert carries that on.
import type { Store } from '../store/store.ts';
import { isLive, recordKey } from './adapter.ts';

export interface Sessions {
  isLive(sessionId: string, deviceId: string): Promise<boolean>;
  /** Ids of all sessions of a device. */
  ofDevice(deviceId: string): Promise<string[]>;
  /** Of another issuer: begun by its first token. One that was ended goes on only with a token made later. */
  continue(
    sessionId: string,
    deviceId: string,
    token: { iat: number; exp: number },
  ): Promise<boolean>;
  /** Ends it with everything issued from it; false: there is no such session. */
  end(sessionId: string): Promise<boolean>;
}

export const sessionOfToken = (jti: string): string => jti.split('.')[0] ?? '';

const GRANT = recordKey('Grant', '');
/** In the payload of sessions whose tokens another issuer makes: they cannot be taken back, only no longer accepted. */
const FOREIGN = 'foreign';
const ENDED_AT = 'endedAt';
const FORGET_AFTER_SECONDS = 600;

export function createSessions(store: Store): Sessions {
  const find = (id: string) => store.get('issuer', recordKey('Grant', id));
  return {
    async isLive(sessionId, deviceId) {
      const grant = await find(sessionId);
      return (
        isLive(grant) &&
        grant.payload['clientId'] === deviceId &&
        grant.payload[ENDED_AT] === undefined
      );
    },
    async continue(id, clientId, { iat, exp }) {
      let isAccepted = false;
      await store.change('issuer', recordKey('Grant', id), (grant) => {
        const endedAt = Number(grant?.payload[ENDED_AT] ?? -Infinity);
        isAccepted = iat > endedAt;
        // Remembered for longer than any of its tokens is good.
        const expiresAt = exp + FORGET_AFTER_SECONDS;
        const isKnown = (grant?.expiresAt ?? 0) >= expiresAt && endedAt === -Infinity;
        if (!isAccepted || isKnown) return undefined;
        return { payload: { [FOREIGN]: true, clientId }, expiresAt };
      });
      return isAccepted;
    },
    async ofDevice(deviceId) {
      const records = await store.list('issuer');
      return records
        .filter(([key, { payload }]) => key.startsWith(GRANT) && payload['clientId'] === deviceId)
        .map(([key]) => key.slice(GRANT.length));
    },
    async end(sessionId) {
      const grant = await find(sessionId);
      if (grant?.payload[FOREIGN] === true) {
        const endedAt = Math.floor(Date.now() / 1000);
        const payload = { ...grant.payload, [ENDED_AT]: endedAt };
        await store.put('issuer', recordKey('Grant', sessionId), { ...grant, payload });
        return true;
      }
      // Without its grant a refresh or access token is refused; the rest is tidying up.
      await store.delete('issuer', recordKey('Grant', sessionId));
      for (const [key, { payload }] of await store.list('issuer')) {
        if (payload['grantId'] === sessionId) await store.delete('issuer', key);
      }
      return grant !== undefined;
    },
  };
}
