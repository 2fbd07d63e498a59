// Invite codes: single use, short-lived, only their hash is kept.
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import type { Store } from '../store/store.ts';

/** No letters that are easily misread. 12 of them are 59 bits: not to be guessed within an invite's life. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 12;

export interface Invites {
  /** Returns the code; it cannot be read again. */
  create(lifetimeSeconds: number): Promise<string>;
  /** The id of the open invite with this code, or null: wrong, used and expired look alike. */
  find(code: string): Promise<string | null>;
  /** Only one caller gets true; the others come too late. */
  claim(id: string): Promise<boolean>;
  /** `used` when the certificate was issued, `open` when that failed. */
  settle(id: string, state: 'used' | 'open'): Promise<void>;
  /** For the start: nobody is left who would settle what was claimed before. */
  reopenClaimed(): Promise<void>;
}

export function createInvites(store: Store): Invites {
  return {
    async create(lifetimeSeconds) {
      const letters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
      const code = letters.join('').replace(/(.{4})(?!$)/g, '$1-');
      await store.put('invites', randomBytes(12).toString('hex'), {
        codeHash: hash(code).toString('base64url'),
        expiresAt: Date.now() / 1000 + lifetimeSeconds,
        state: 'open',
      });
      return code;
    },
    async find(code) {
      const presented = hash(code);
      let found: string | null = null;
      for (const [id, invite] of await store.list('invites')) {
        // Every invite is compared, each in constant time: how long it takes tells nothing.
        const same = timingSafeEqual(presented, Buffer.from(invite.codeHash, 'base64url'));
        if (same && invite.state === 'open' && invite.expiresAt > Date.now() / 1000) found = id;
      }
      return found;
    },
    claim: (id) =>
      store.change('invites', id, (invite) =>
        invite?.state === 'open' ? { ...invite, state: 'claimed' } : undefined,
      ),
    async settle(id, state) {
      await store.change('invites', id, (invite) => invite && { ...invite, state });
    },
    async reopenClaimed() {
      for (const [id] of await store.list('invites')) {
        await store.change('invites', id, (invite) =>
          invite?.state === 'claimed' ? { ...invite, state: 'open' } : undefined,
        );
      }
    },
  };
}

/** People type codes: case and dashes do not matter. */
const hash = (code: string): Buffer =>
  createHash('sha256').update(code.toUpperCase().replace(/-/g, '')).digest();
