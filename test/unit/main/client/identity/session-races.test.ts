// What ends a session while it is being taken up or renewed: the end always wins.
import { describe, expect, it } from 'vitest';
import type { DeviceRunner } from '../../../../../src/main/client/device/registration.ts';
import type { StoredSession } from '../../../../../src/main/client/device/vault.ts';
import { createSession } from '../../../../../src/main/client/identity/session.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedBrowser } from '../../../../fakes/scripted-browser.ts';
import { until } from '../../../../support/until.ts';

const LIFE_MS = 100_000;

/** Work that waits until the test lets it go on. */
function gate() {
  let open = (): void => {};
  let reached = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const isReached = new Promise<void>((resolve) => (reached = resolve));
  const pass = (): Promise<void> => {
    reached();
    return opened;
  };
  return { pass, open: () => open(), isReached };
}

/** A session whose vault, files and trust provider are variables of the test. */
function aClient(lifeLeftMs: number) {
  const clock = manualClock();
  const state = createState(recordingLog());
  const sessionOf = (name: string): StoredSession => ({
    person: { subject: 'amara', name: 'Amara', email: 'amara@demo.bnn', groups: [] },
    trustToken: name,
    refreshToken: 'refresh',
    issuedAt: clock.now(),
    expiresAt: clock.now() + LIFE_MS,
    key: name,
    certificate: name,
  });
  const left = {
    vault: { ...sessionOf('stored'), expiresAt: clock.now() + lifeLeftMs } as StoredSession | null,
    files: null as string | null,
    credentials: null as string | null,
  };
  const slow: Partial<Record<'refresh' | 'files' | 'tunnels', () => Promise<void>>> = {};
  const signIns: string[] = [];
  const session = createSession({
    ports: { browser: scriptedBrowser(), clock, log: recordingLog() },
    state,
    device: {
      session: () => left.vault,
      membership: () => ({ root: 'root', document: {} }),
      requireMembership: () => ({ root: 'root', document: {} }),
      saveSession: (next: StoredSession | null) => Promise.resolve(void (left.vault = next)),
    } as unknown as DeviceRunner,
    loginFiles: {
      async write({ certificate }) {
        await slow.files?.();
        left.files = certificate;
      },
      remove: () => Promise.resolve(void (left.files = null)),
    },
    trustProvider: {
      async signIn() {
        signIns.push('page');
        return sessionOf('signed in');
      },
      async refresh() {
        await slow.refresh?.();
        return sessionOf('renewed');
      },
      revoke: () => Promise.resolve(),
    },
    onCredentials: (credentials) => (left.credentials = credentials?.certificate ?? null),
    closeTunnels: () => slow.tunnels?.() ?? Promise.resolve(),
  });
  return { session, state, clock, left, slow, signIns };
}

const NOTHING = { vault: null, files: null, credentials: null };

describe('a session that ends while it is renewed', () => {
  it.each(['refresh', 'files'] as const)(
    'leaves no certificate behind when the sign-out comes during the %s',
    async (step) => {
      const { session, state, clock, left, slow } = aClient(LIFE_MS);
      await session.restore();
      const { pass, open, isReached } = gate();
      slow[step] = pass;
      clock.advance(LIFE_MS * 0.9);
      await isReached;
      const over = session.signOut();
      expect(left.credentials).toBeNull();
      open();
      await over;
      expect(left).toEqual(NOTHING);
      expect(state.slices.session).toEqual({ status: 'signed-out' });
      clock.advance(LIFE_MS);
      await over;
      expect(left).toEqual(NOTHING);
    },
  );

  it('stays expired when the organisation ends it during the renewal', async () => {
    const { session, state, clock, left, slow } = aClient(LIFE_MS);
    await session.restore();
    const { pass, open, isReached } = gate();
    slow.files = pass;
    clock.advance(LIFE_MS * 0.9);
    await isReached;
    const over = session.ended('Suspended.');
    open();
    await over;
    expect(left).toEqual(NOTHING);
    expect(state.slices.session).toMatchObject({ status: 'expired' });
  });

  it('is kept whole by a client that stops', async () => {
    const { session, clock, left, slow } = aClient(LIFE_MS);
    await session.restore();
    const { pass, open, isReached } = gate();
    slow.files = pass;
    clock.advance(LIFE_MS * 0.9);
    await isReached;
    const stopped = session.stop();
    open();
    await stopped;
    expect(left).toMatchObject({ vault: { certificate: 'renewed' }, files: 'renewed' });
  });
});

describe('a sign-out', () => {
  it('takes the credentials away before it closes the tunnels, and is over after both', async () => {
    const { session, state, left, slow, signIns } = aClient(LIFE_MS);
    await session.restore();
    const { pass, open, isReached } = gate();
    slow.tunnels = pass;
    const over = session.signOut();
    await isReached;
    expect(left.credentials).toBeNull();
    expect(state.slices.session.status).toBe('signed-in');
    const next = session.signIn(true);
    await Promise.resolve();
    expect(signIns).toEqual([]);
    open();
    await over;
    expect(await next).toMatchObject({ status: 'signed-in' });
    expect(signIns).toEqual(['page']);
  });
});

describe('a stored session past its end', () => {
  async function beingTakenUp() {
    const client = aClient(-1);
    const { pass, open, isReached } = gate();
    client.slow.refresh = pass;
    await client.session.restore();
    await isReached;
    expect(client.state.slices.session.status).toBe('signing-in');
    return { ...client, open };
  }

  it('is not taken up after a sign-out', async () => {
    const { session, state, left, open } = await beingTakenUp();
    await session.signOut();
    open();
    await session.stop();
    expect(left).toEqual(NOTHING);
    expect(state.slices.session).toEqual({ status: 'signed-out' });
  });

  it('is expired and kept for another try when that is cancelled', async () => {
    const { session, state, left, open } = await beingTakenUp();
    session.cancelSignIn();
    await until(() => Promise.resolve(state.slices.session.status === 'expired'));
    open();
    await session.stop();
    expect(left).toMatchObject({ vault: { certificate: 'stored' }, files: null });
  });

  it('answers whoever signs in meanwhile, without a second page', async () => {
    const { session, left, signIns, open } = await beingTakenUp();
    const both = Promise.all([session.signIn(true), session.signIn(true)]);
    open();
    expect(await both).toMatchObject([{ status: 'signed-in' }, { status: 'signed-in' }]);
    expect(signIns).toEqual([]);
    expect(left.files).toBe('renewed');
  });

  it('is tried again by the next start when the client stops', async () => {
    const { session, left, open } = await beingTakenUp();
    await session.stop();
    open();
    expect(left.vault).toMatchObject({ certificate: 'stored' });
  });
});
