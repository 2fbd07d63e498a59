// Local people of the organisation: e-mail and password, kept as scrypt hashes.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Store, UserRecord } from '../store/store.ts';
import type { Throttle } from './throttle.ts';

const derive = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  length: number,
) => Promise<Buffer>;
const HASH_LENGTH = 32;

export interface NewUser {
  id: string;
  email: string;
  name: string;
  groups: string[];
  password: string;
}

export type SignInCheck = { ok: true; user: UserRecord } | { ok: false; why: 'wrong' | 'locked' };

export interface Users {
  put(user: NewUser): Promise<void>;
  find(id: string): Promise<UserRecord | undefined>;
  /** Unknown e-mails take as long as wrong passwords, and are locked the same way. */
  check(attempt: Attempt): Promise<SignInCheck>;
}

export interface Attempt {
  email: string;
  password: string;
  /** The device that started this sign-in; of one that is not registered yet, the network it comes from. */
  deviceId: string;
  /** Strangers' guesses are counted apart: they must not lock anybody out at a registered device. */
  isStranger?: boolean;
}

export interface UserThrottles {
  /** Of one e-mail at one device: a device that guesses locks itself out, not the person at theirs. */
  device: Throttle;
  /** Of one e-mail at all devices together. Short: whoever has many devices must not lock the person out for long. */
  person: Throttle;
}

export function createUsers(store: Store, throttles: UserThrottles): Users {
  const decoy = randomBytes(16);
  return {
    async put({ password, ...user }) {
      const salt = randomBytes(16);
      const hash = await derive(password, salt, HASH_LENGTH);
      await store.put('users', user.id, {
        ...user,
        password: `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`,
      });
    },
    find: (id) => store.get('users', id),
    async check({ email, password, deviceId, isStranger = false }) {
      const wanted = email.trim().toLowerCase();
      const person = isStranger ? `stranger ${wanted}` : wanted;
      const here = `${deviceId} ${wanted}`;
      if (throttles.device.delayMs(here) > 0 || throttles.person.delayMs(person) > 0) {
        return { ok: false, why: 'locked' };
      }
      // Counted before it is known to be wrong, so that many attempts at once do not all get through.
      throttles.device.failed(here);
      throttles.person.failed(person);
      const users = await store.list('users');
      const user = users
        .map(([, record]) => record)
        .find((each) => each.email.toLowerCase() === wanted);
      const [, salt = '', hash = ''] = user?.password.split('$') ?? [];
      const expected = Buffer.from(hash, 'base64url');
      const given = await derive(
        password,
        user ? Buffer.from(salt, 'base64url') : decoy,
        HASH_LENGTH,
      );
      if (!user || expected.length !== HASH_LENGTH || !timingSafeEqual(given, expected)) {
        return { ok: false, why: 'wrong' };
      }
      throttles.device.succeeded(here);
      throttles.person.succeeded(person);
      return { ok: true, user };
    },
  };
}
