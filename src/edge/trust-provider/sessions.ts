// Sessions: one per sign-in, the issuer's grants seen from the rest of the edge. A TrustToken names its session in
// its `jti` (`<session>.<unique>`), and a TrustCert carries that on.
import type { Store } from '../store/store.ts';
import { isLive, recordKey } from './adapter.ts';

export interface Sessions {
  isLive(sessionId: string, deviceId: string): Promise<boolean>;
  /** Ids of all sessions of a device. */
  ofDevice(deviceId: string): Promise<string[]>;
  /** Ends it with everything issued from it; false: there is no such session. */
  end(sessionId: string): Promise<boolean>;
}

export const sessionOfToken = (jti: string): string => jti.split('.')[0] ?? '';

const GRANT = recordKey('Grant', '');

export function createSessions(store: Store): Sessions {
  const find = (id: string) => store.get('issuer', recordKey('Grant', id));
  return {
    async isLive(sessionId, deviceId) {
      const grant = await find(sessionId);
      return isLive(grant) && grant.payload['clientId'] === deviceId;
    },
    async ofDevice(deviceId) {
      const records = await store.list('issuer');
      return records
        .filter(([key, { payload }]) => key.startsWith(GRANT) && payload['clientId'] === deviceId)
        .map(([key]) => key.slice(GRANT.length));
    },
    async end(sessionId) {
      const grant = await find(sessionId);
      // Without its grant a refresh or access token is refused; the rest is tidying up.
      await store.delete('issuer', recordKey('Grant', sessionId));
      for (const [key, { payload }] of await store.list('issuer')) {
        if (payload['grantId'] === sessionId) await store.delete('issuer', key);
      }
      return grant !== undefined;
    },
  };
}
