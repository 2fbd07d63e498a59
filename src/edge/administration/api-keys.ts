// Keys of programs that administer an edge over the network. They are in the store, so every edge of the organisation
// knows each change at once; only what the secret hashes to is kept.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ApiKeyRecord, Store } from '../store/store.ts';

export const API_KEY_ROLES = ['read', 'write'] as const;
export type ApiKeyRole = (typeof API_KEY_ROLES)[number];
export const API_KEY_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export interface ApiKey {
  name: string;
  role: ApiKeyRole;
  /** Seconds since the epoch; 0: never. */
  createdAt: number;
  createdBy: string;
  expiresAt: number;
  lastUsedAt: number;
}

export interface ApiKeys {
  /** The key itself, told this once. null: there is one of that name. */
  create(key: {
    name: string;
    role: ApiKeyRole;
    lifetimeSeconds: number;
    by: string;
  }): Promise<string | null>;
  list(): Promise<ApiKey[]>;
  /** false: there is none of that name. */
  revoke(name: string): Promise<boolean>;
  /** Whose it is; null: not of one that is good now. */
  check(key: string): Promise<ApiKey | null>;
}

/** Its name stands in a key: whoever finds one somewhere knows which to revoke. No name has an underscore. */
const KEY = /^bnn_([a-z0-9-]{1,63})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;
/** Each use would be a write otherwise. */
const USE_NOTED_EVERY = 60;

export const nameInKey = (key: string): string | null => KEY.exec(key)?.[1] ?? null;

export function createApiKeys(store: Store): ApiKeys {
  return {
    async create({ name, role, lifetimeSeconds, by }) {
      const secret = randomBytes(SECRET_BYTES).toString('base64url');
      const createdAt = now();
      const isNew = await store.change('apiKeys', name, (existing) =>
        existing
          ? undefined
          : {
              role,
              hash: hashOf(secret).toString('base64url'),
              createdAt,
              createdBy: by,
              expiresAt: createdAt + lifetimeSeconds,
            },
      );
      return isNew ? `bnn_${name}_${secret}` : null;
    },
    list: async () => (await store.list('apiKeys')).map(([name, record]) => shown(name, record)),
    async revoke(name) {
      if (!(await store.get('apiKeys', name))) return false;
      await store.delete('apiKeys', name);
      return true;
    },
    async check(key) {
      const [, name, secret = ''] = KEY.exec(key) ?? [];
      const record = name === undefined ? undefined : await store.get('apiKeys', name);
      // Also where there is nothing to compare it with, so that time does not tell which names there are.
      const expected = record ? Buffer.from(record.hash, 'base64url') : hashOf('');
      const isRight = timingSafeEqual(hashOf(secret), expected);
      if (name === undefined || !record || !isRight || record.expiresAt <= now()) return null;
      if (now() - (record.lastUsedAt ?? 0) >= USE_NOTED_EVERY) {
        // Of the key as it is now: one that has just been revoked must not come back by this.
        await store.change(
          'apiKeys',
          name,
          (current) => current && { ...current, lastUsedAt: now() },
        );
      }
      return shown(name, record);
    },
  };
}

function shown(name: string, record: ApiKeyRecord): ApiKey {
  const { role, createdAt, createdBy, expiresAt, lastUsedAt = 0 } = record;
  return { name, role, createdAt, createdBy, expiresAt, lastUsedAt };
}

/** Plain: nobody guesses 32 random bytes, so nothing is won by a slow one. */
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const now = (): number => Math.floor(Date.now() / 1000);
