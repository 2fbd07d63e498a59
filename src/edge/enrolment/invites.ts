// Invite codes: for one device and a day, or for a deployment: as many devices as an administrator says, until she says.
// Only their hash is kept.
import { createHash, randomBytes, randomInt, randomUUID, timingSafeEqual } from 'node:crypto';
import type { InviteRecord, Store } from '../store/store.ts';

/** No letters that are easily misread. 12 of them are 59 bits: not to be guessed within an invite's life. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 12;
/** Nobody types it, and it lives for weeks: 98 bits. */
const DEPLOYMENT_LENGTH = 20;
/** Longer than a registration takes; then whoever has claimed a use is taken for dead, and it is free again. */
const CLAIM_SECONDS = 60;
export const MOST_USES = 100_000;
const LONGEST_DEPLOYMENT_SECONDS = 366 * 24 * 3600;

export type InviteState = 'open' | 'used-up' | 'expired' | 'revoked';

export interface DeploymentWish {
  /** For the administrator's own eyes, e.g. `Laptops of autumn`. */
  name: string;
  uses: number;
  lifetimeSeconds: number;
}

/** What an administrator sees of an invite; never its code. */
export interface ListedInvite {
  id: string;
  /** null: for one device. */
  name: string | null;
  state: InviteState;
  uses: number;
  used: number;
  /** Seconds since the epoch. */
  createdAt: number;
  expiresAt: number;
}

export interface FoundInvite {
  id: string;
  state: InviteState;
}

export interface Invites {
  /** For one device. The code cannot be read again. */
  create(lifetimeSeconds: number): Promise<{ id: string; code: string }>;
  /** For many. Rejects with what is wrong with the wish. */
  createDeployment(wish: DeploymentWish): Promise<{ id: string; code: string }>;
  /** Those of deployments, and those for one device that are open still. */
  list(): Promise<ListedInvite[]>;
  /** No further use from now on. false: there is no such invite. */
  revoke(id: string): Promise<boolean>;
  /** The invite with this code, whatever became of it; null: there is none, so somebody guesses. */
  find(code: string): Promise<FoundInvite | null>;
  /** One use, as a claim to settle. Of several callers at the limit only so many get one; null: too late. */
  claim(id: string): Promise<string | null>;
  /** `used` when the certificate was issued, `open` when that failed. false: it took too long, and another has the use. */
  settle(id: string, claim: string, state: 'used' | 'open'): Promise<boolean>;
  /** For the start: those of a store from before uses were counted. Good for a day at most, they are over. */
  dropUncounted(): Promise<void>;
}

export function createInvites(store: Store): Invites {
  const put = async (
    length: number,
    lifetimeSeconds: number,
    rest: Pick<InviteRecord, 'deployment'> & { most: number },
  ): Promise<{ id: string; code: string }> => {
    const { most, ...facts } = rest;
    const letters = Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]);
    const code = letters.join('').replace(/(.{4})(?!$)/g, '$1-');
    const id = randomBytes(12).toString('hex');
    const createdAt = Date.now() / 1000;
    await store.put('invites', id, {
      codeHash: hash(code).toString('base64url'),
      createdAt,
      expiresAt: createdAt + lifetimeSeconds,
      uses: { most, made: 0 },
      ...facts,
    });
    return { id, code };
  };

  return {
    create: (lifetimeSeconds) => put(LENGTH, lifetimeSeconds, { most: 1 }),
    async createDeployment({ name, uses, lifetimeSeconds }) {
      refuseUnless(name.trim() !== '' && name.length <= 100, 'a name of 1 to 100 characters');
      refuseUnless(within(uses, MOST_USES), `1 to ${MOST_USES} uses`);
      refuseUnless(
        within(lifetimeSeconds, LONGEST_DEPLOYMENT_SECONDS),
        `a life of 1 to ${LONGEST_DEPLOYMENT_SECONDS} seconds`,
      );
      return put(DEPLOYMENT_LENGTH, lifetimeSeconds, { most: uses, deployment: name.trim() });
    },
    async list() {
      const all = (await store.list('invites')).map(([id, invite]) => listed(id, invite));
      return all.filter(({ name, state }) => name !== null || state === 'open');
    },
    revoke: (id) =>
      store.change('invites', id, (invite) => invite && { ...invite, revoked: true as const }),
    async find(code) {
      const presented = hash(code);
      let found: FoundInvite | null = null;
      for (const [id, invite] of await store.list('invites')) {
        // Every invite is compared, each in constant time: how long it takes tells nothing.
        const same = timingSafeEqual(presented, Buffer.from(invite.codeHash, 'base64url'));
        if (same) found = { id, state: stateOf(invite) };
      }
      return found;
    },
    async claim(id) {
      const claim = randomUUID();
      const isClaimed = await store.change('invites', id, (invite) => {
        if (!invite || stateOf(invite) !== 'open') return undefined;
        const claims = { ...liveClaims(invite), [claim]: Date.now() / 1000 + CLAIM_SECONDS };
        return { ...invite, claims };
      });
      return isClaimed ? claim : null;
    },
    settle: (id, claim, state) =>
      store.change('invites', id, (invite) => {
        const { [claim]: until, ...claims } = invite?.claims ?? {};
        // One that has run out is good until somebody else has claimed in its place.
        if (!invite || until === undefined) return undefined;
        const { most, made } = invite.uses;
        return { ...invite, claims, uses: { most, made: state === 'used' ? made + 1 : made } };
      }),
    async dropUncounted() {
      for (const [id, invite] of await store.list('invites')) {
        if (!('uses' in invite)) await store.delete('invites', id);
      }
    },
  };
}

/** A use that is being made counts: of two at the limit, one is too late. */
function stateOf(invite: InviteRecord): InviteState {
  const { uses, revoked, expiresAt } = invite;
  if (revoked) return 'revoked';
  if (expiresAt <= Date.now() / 1000) return 'expired';
  const taken = uses.made + Object.keys(liveClaims(invite)).length;
  return taken < uses.most ? 'open' : 'used-up';
}

/**
 * By time, not by who has made them: several edges share the store, and one that starts cannot know what the others are
 * about to settle.
 */
export const liveClaims = (
  { claims = {} }: InviteRecord,
  nowSeconds = Date.now() / 1000,
): Record<string, number> =>
  Object.fromEntries(Object.entries(claims).filter(([, until]) => until > nowSeconds));

const listed = (id: string, invite: InviteRecord): ListedInvite => ({
  id,
  name: invite.deployment ?? null,
  state: stateOf(invite),
  uses: invite.uses.most,
  used: invite.uses.made,
  createdAt: invite.createdAt,
  expiresAt: invite.expiresAt,
});

export const within = (value: number, most: number): boolean =>
  Number.isInteger(value) && value >= 1 && value <= most;

function refuseUnless(isSo: boolean, wanted: string): void {
  if (!isSo) throw new RangeError(`A deployment invite has ${wanted}.`);
}

/** People type codes: case and dashes do not matter. */
const hash = (code: string): Buffer =>
  createHash('sha256').update(code.toUpperCase().replace(/-/g, '')).digest();
