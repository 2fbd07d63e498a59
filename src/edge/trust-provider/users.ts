// People of the organisation: those who sign in here, by e-mail and password, kept as scrypt hashes; or those of one issuer
// elsewhere, as it has named them last.
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AppError } from '../../shared/errors.ts';
import type { Store, UserRecord } from '../store/store.ts';
import { createTurns } from '../turns.ts';
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

export interface Person {
  email: string;
  groups: readonly string[];
}

export type SignInCheck =
  { ok: true; user: UserRecord } | { ok: false; why: 'wrong' | 'locked' | 'disabled' };

export interface Users {
  put(user: NewUser): Promise<void>;
  /** Who may sign in; one who was disabled may not. */
  find(id: string): Promise<UserRecord | undefined>;
  list(): Promise<UserRecord[]>;
  /** Upper and lower case are the same. Also one who was disabled. */
  byEmail(email: string): Promise<UserRecord | undefined>;
  /** false: somebody was faster, and has this e-mail now. */
  add(user: Omit<NewUser, 'id'>): Promise<boolean>;
  /** Of the issuer where people sign in, as it names them now. 'taken': somebody else there has this e-mail. */
  arrived(person: UpstreamPerson): Promise<UserRecord | 'disabled' | 'taken'>;
  setPassword(id: string, password: string): Promise<void>;
  update(id: string, change: { groups?: string[]; disabled?: boolean }): Promise<void>;
  remove(id: string): Promise<void>;
  /** With the groups of now: tokens and certificates carry those of when they were issued. */
  asOfNow(person: Person): Promise<Person>;
  /** Unknown e-mails take as long as wrong passwords, and are locked the same way. */
  check(attempt: Attempt): Promise<SignInCheck>;
}

export interface UpstreamPerson {
  subject: string;
  email: string;
  name: string;
  groups: string[];
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

/** `upstream` is the issuer where people sign in; null: here. Those who sign in elsewhere than that count for nothing. */
export function createUsers(
  store: Store,
  throttles: UserThrottles,
  upstream: string | null = null,
): Users {
  const isOurs = (user: UserRecord): boolean => (user.upstream?.issuer ?? null) === upstream;
  const decoy = randomBytes(16);
  const list = async (): Promise<UserRecord[]> =>
    (await store.list('users')).map(([, record]) => record).filter(isOurs);
  const byEmail = async (email: string): Promise<UserRecord | undefined> => {
    const wanted = email.trim().toLowerCase();
    return (await list()).find((user) => user.email.toLowerCase() === wanted);
  };
  /** One after the other: of two with the same e-mail only the first is added. */
  const inTurn = createTurns();
  const add = async (user: Omit<NewUser, 'id'>): Promise<boolean> => {
    if (upstream !== null) {
      throw new AppError(
        'edge/value-invalid',
        `People of this organisation sign in at ${upstream}.`,
      );
    }
    if (await byEmail(user.email)) return false;
    await put({ ...user, id: `u-${randomBytes(9).toString('base64url')}` });
    return true;
  };
  const arrived: Users['arrived'] = async ({ subject, email, name, groups }) => {
    if (upstream === null) throw new Error('people sign in here');
    const id = `up-${createHash('sha256').update(`${upstream}\0${subject}`).digest('base64url')}`;
    // Roles go by the e-mail: one that two have would give each the groups of the other.
    const other = await byEmail(email);
    if (other && other.id !== id) return 'taken';
    const record: UserRecord = {
      id,
      email,
      name,
      groups,
      password: '',
      upstream: { issuer: upstream, subject },
    };
    const isKept = await store.change('users', id, (before) =>
      before?.disabled ? undefined : record,
    );
    return isKept ? record : 'disabled';
  };
  const put = async ({ password, ...user }: NewUser): Promise<void> =>
    store.put('users', user.id, { ...user, password: await hashed(password) });

  return {
    put,
    list,
    byEmail,
    add: (user) => inTurn(() => add(user)),
    arrived: (person) => inTurn(() => arrived(person)),
    async setPassword(id, password) {
      const hash = await hashed(password);
      await store.change('users', id, (user) => user && { ...user, password: hash });
    },
    async update(id, { groups, disabled }) {
      await store.change('users', id, (user) => {
        if (!user) return undefined;
        const { disabled: before, ...rest } = user;
        const isDisabled = disabled ?? before ?? false;
        return { ...rest, ...(groups && { groups }), ...(isDisabled && { disabled: true }) };
      });
    },
    remove: (id) => store.delete('users', id),
    async asOfNow(person) {
      const user = await byEmail(person.email);
      return user ? { email: person.email, groups: user.groups } : person;
    },
    async find(id) {
      const user = await store.get('users', id);
      return user && !user.disabled && isOurs(user) ? user : undefined;
    },
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
      const user = await byEmail(wanted);
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
      if (user.disabled) return { ok: false, why: 'disabled' };
      throttles.device.succeeded(here);
      throttles.person.succeeded(person);
      return { ok: true, user };
    },
  };
}

async function hashed(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, HASH_LENGTH);
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}
