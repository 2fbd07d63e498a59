// Who may use the loopback host: whoever brings a key that this program gave out, once and in time, gets a bearer.
// Not a cookie: a browser sends cookies to every port of 127.0.0.1, so to every other program there.
import { randomBytes } from 'node:crypto';
import { isSame } from './guard.ts';

interface Key {
  key: string;
  /** By the monotonic clock: a clock that is set back must not give a key more time. */
  until: number;
}

export interface Sessions {
  newKey(lifeMs: number): string;
  /** The key is gone afterwards, whatever became of it. null: unknown, used before, or too old. */
  exchange(key: string): string | null;
  isBearer(bearer: string | null): boolean;
}

const MOST_KEYS = 16;

export function createSessions(now: () => number = () => performance.now()): Sessions {
  let keys: Key[] = [];
  const bearers: string[] = [];
  const secret = (): string => randomBytes(32).toString('base64url');
  return {
    newKey(lifeMs) {
      const key = secret();
      keys = [...keys, { key, until: now() + lifeMs }].slice(-MOST_KEYS);
      return key;
    },
    exchange(given) {
      const found = keys.find(({ key }) => isSame(given, key));
      keys = keys.filter((key) => key !== found);
      if (!found || found.until < now()) return null;
      const bearer = secret();
      bearers.push(bearer);
      return bearer;
    },
    isBearer: (given) => given !== null && bearers.some((bearer) => isSame(given, bearer)),
  };
}
