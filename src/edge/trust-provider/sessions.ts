// Sessions: one per sign-in, the issuer's grants seen from the rest of the edge. A TrustToken names its session in
// its `jti` (`<session>.<unique>`), and a TrustCert carries that on.
import type { Store } from '../store/store.ts';
import { isLive, recordKey } from './adapter.ts';

export interface Session {
  id: string;
  /** Of the app; a web service that exempts unregistered devices is its own device. */
  deviceId: string;
  /** Id of a local person; absent: of another issuer. */
  accountId?: string;
  /** Seconds since the epoch. */
  since: number;
  until: number;
}

export interface Sessions {
  /** All that are live. */
  list(): Promise<Session[]>;
  isLive(sessionId: string, deviceId: string): Promise<boolean>;
  /** Ids of all sessions of a device. */
  ofDevice(deviceId: string): Promise<string[]>;
  /**
   * The session of a person and a device at another issuer: begun by its first token, and after an end begun anew, under
   * another id, by a token that was made later. What was issued before the end stays worthless.
   */
  continue(
    name: string,
    deviceId: string,
    token: { iat: number; exp: number },
  ): Promise<{ sessionId: string; isLive: boolean }>;
  /** Ends it with everything issued from it; false: there is no such session. The person may read the reason. */
  end(sessionId: string, reason?: string): Promise<boolean>;
}

export const sessionOfToken = (jti: string): string => jti.split('.')[0] ?? '';

const GRANT = recordKey('Grant', '');
const REFRESH_TOKEN = recordKey('RefreshToken', '');
/** What is left of a refresh token whose session was ended for a reason. */
const ENDED = 'Ended';
/** In the payload of sessions whose tokens another issuer makes: they cannot be taken back, only no longer accepted. */
const FOREIGN = 'foreign';
const ENDED_AT = 'endedAt';
/** Clocks differ: a token that was made before an end may bear a later time. */
const NEWEST_IAT = 'newestIat';
const FORGET_AFTER_SECONDS = 600;
/** Seconds. Longer-lived tokens of another issuer are refused, so that an end need not be remembered for ever. */
export const LONGEST_FOREIGN_LIFE = 24 * 60 * 60;

/** `<name>~<end>`: what was issued before an end bears another one. */
const foreignId = (name: string, payload: Record<string, unknown> | undefined): string =>
  `${name}~${Number(payload?.[ENDED_AT] ?? 0)}`;
const nameOf = (sessionId: string): string => sessionId.split('~')[0] ?? '';

export function createSessions(store: Store): Sessions {
  const find = (id: string) => store.get('issuer', recordKey('Grant', nameOf(id)));
  return {
    async isLive(sessionId, deviceId) {
      const grant = await find(sessionId);
      if (!isLive(grant) || grant.payload['clientId'] !== deviceId) return false;
      return (
        grant.payload[FOREIGN] !== true || sessionId === foreignId(nameOf(sessionId), grant.payload)
      );
    },
    async continue(name, clientId, { iat, exp }) {
      let answer = { sessionId: foreignId(name, undefined), isLive: false };
      await store.change('issuer', recordKey('Grant', name), (grant) => {
        const { [ENDED_AT]: endedAt, [NEWEST_IAT]: newest = iat } = grant?.payload ?? {};
        const isAccepted = endedAt === undefined || iat > Number(endedAt);
        answer = { sessionId: foreignId(name, grant?.payload), isLive: isAccepted };
        if (!isAccepted) return undefined;
        const newestIat = Math.max(iat, Number(newest));
        // Remembered for longer than any of its tokens is good.
        const expiresAt = Math.max(exp + FORGET_AFTER_SECONDS, grant?.expiresAt ?? 0);
        const isKnown = newestIat === newest && grant?.expiresAt === expiresAt;
        if (isKnown) return undefined;
        const ended = endedAt === undefined ? {} : { [ENDED_AT]: endedAt };
        return {
          payload: { [FOREIGN]: true, clientId, [NEWEST_IAT]: newestIat, ...ended },
          expiresAt,
        };
      });
      return answer;
    },
    async list() {
      const records = await store.list('issuer');
      // The grant outlives it by the life of one token more: that of the last renewal.
      const renewable = new Map(
        records
          .filter(([key]) => key.startsWith('RefreshToken:'))
          .map(([, { payload, expiresAt }]) => [payload['grantId'], expiresAt]),
      );
      return records.flatMap(([key, record]): Session[] => {
        const { payload, expiresAt = 0 } = record;
        const isOver = Number(payload[NEWEST_IAT] ?? Infinity) <= Number(payload[ENDED_AT] ?? -1);
        if (!key.startsWith(GRANT) || !isLive(record) || isOver) return [];
        const session = sessionOf(key, payload);
        return [{ ...session, until: renewable.get(session.id) ?? expiresAt }];
      });
    },
    async ofDevice(deviceId) {
      const records = await store.list('issuer');
      return records
        .filter(([key, { payload }]) => key.startsWith(GRANT) && payload['clientId'] === deviceId)
        .map(([key, { payload }]) => sessionOf(key, payload).id);
    },
    async end(sessionId, reason) {
      const grant = await find(sessionId);
      if (grant?.payload[FOREIGN] === true) {
        const now = Math.floor(Date.now() / 1000);
        const endedAt = Math.max(now, Number(grant.payload[NEWEST_IAT] ?? 0));
        const payload = { ...grant.payload, [ENDED_AT]: endedAt };
        const expiresAt = endedAt + LONGEST_FOREIGN_LIFE + FORGET_AFTER_SECONDS;
        await store.put('issuer', recordKey('Grant', nameOf(sessionId)), { payload, expiresAt });
        return true;
      }
      // Without its grant a refresh or access token is refused; the rest is tidying up.
      await store.delete('issuer', recordKey('Grant', sessionId));
      for (const [key, { payload, expiresAt }] of await store.list('issuer')) {
        if (payload['grantId'] !== sessionId) continue;
        await store.delete('issuer', key);
        if (reason && key.startsWith(REFRESH_TOKEN)) {
          await store.put('issuer', recordKey(ENDED, key.slice(REFRESH_TOKEN.length)), {
            payload: { reason },
            ...(expiresAt !== undefined && { expiresAt }),
          });
        }
      }
      return grant !== undefined;
    },
  };
}

function sessionOf(key: string, payload: Record<string, unknown>): Omit<Session, 'until'> {
  const id = key.slice(GRANT.length);
  const { accountId } = payload;
  return {
    id: payload[FOREIGN] === true ? foreignId(id, payload) : id,
    deviceId: String(payload['clientId']),
    ...(typeof accountId === 'string' && { accountId }),
    since: Number(payload['iat'] ?? payload[NEWEST_IAT] ?? 0),
  };
}

/** Why an administrator has ended the session of this refresh token: for a device that was away when it was told. */
export async function whyEnded(store: Store, refreshToken: string): Promise<string | null> {
  const record = await store.get('issuer', recordKey(ENDED, refreshToken));
  const reason = isLive(record) ? record.payload['reason'] : null;
  return typeof reason === 'string' ? reason : null;
}
