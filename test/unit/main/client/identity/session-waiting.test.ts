// A certificate expires while services are connected: what comes then waits for one renewal.
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../../../src/main/client/access/access.ts';
import type { DeviceRunner } from '../../../../../src/main/client/device/registration.ts';
import type { StoredSession } from '../../../../../src/main/client/device/vault.ts';
import { createSession } from '../../../../../src/main/client/identity/session.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedBrowser } from '../../../../fakes/scripted-browser.ts';
import { scriptedEngine } from '../../../../fakes/scripted-engine.ts';
import { aService } from '../../../../support/services.ts';

const LIFE_MS = 3_600_000;
const MINUTE = 60_000;
const id = 'echo.demo.bnn';
const unreachable = new AppError('organisation/unreachable', 'Nobody answers.');
const refused = new AppError('identity/session-expired', 'It was taken back.');

/** Lets everything that waits for nothing but promises go on. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Signed in with one service connected; refresh and page do what the test says. */
async function connected(given: { refreshToken: boolean; turnDown?: string }) {
  const { refreshToken, turnDown } = given;
  const clock = manualClock();
  const log = recordingLog();
  const state = createState(log);
  const engine = scriptedEngine({
    setCredentials: (credentials) =>
      credentials && credentials.certificate === turnDown
        ? Promise.reject(new AppError('tunnel/certificate-missing', 'It does not fit its key.'))
        : Promise.resolve(),
  });
  let count = 0;
  const provider = {
    person: 'amara',
    refresh: (): Promise<void> => Promise.resolve(),
    requireNewEnough: (): Promise<void> => Promise.resolve(),
    page: (): Promise<void> => Promise.resolve(),
  };
  const newSession = (): StoredSession => ({
    person: { subject: provider.person, name: 'Amara', email: 'amara@demo.bnn', groups: [] },
    trustToken: 'token',
    ...(refreshToken && { refreshToken: 'refresh' }),
    issuedAt: clock.now(),
    expiresAt: clock.now() + LIFE_MS,
    key: 'key',
    certificate: `certificate ${(count += 1)}`,
  });
  let stored: StoredSession | null = newSession();
  const did: string[] = [];
  const revoked: string[] = [];
  const notices: string[] = [];
  const access = createAccess({
    ports: { clock, log, createEngine: engine.create },
    state,
    onCertificateNeeded: () => session.certificateNeeded(),
    onCredentialsRefused: (error) => session.credentialsRefused(error),
  });
  const session = createSession({
    ports: {
      browser: scriptedBrowser(),
      clock,
      log,
      notifier: { show: ({ title }) => void notices.push(title) },
    },
    state,
    device: {
      session: () => stored,
      membership: () => ({ root: 'root', document: {} }),
      requireMembership: () => ({ root: 'root', document: {} }),
      requireNewEnough: () => provider.requireNewEnough(),
      saveSession: (next: StoredSession | null) => Promise.resolve(void (stored = next)),
    } as unknown as DeviceRunner,
    loginFiles: { write: () => Promise.resolve(), remove: () => Promise.resolve() },
    trustProvider: {
      async signIn({ by, onPrompt }) {
        did.push(by === 'browser' ? 'page' : by);
        onPrompt({ by: 'browser', url: 'https://issuer.example/' });
        await provider.page();
        return newSession();
      },
      async refresh() {
        did.push('refresh');
        await provider.refresh();
        return newSession();
      },
      revoke: (_, token) => Promise.resolve(void revoked.push(token)),
    },
    onCredentials: (next) =>
      access.setCredentials(next && { key: next.key, certificate: next.certificate, ca: 'root' }),
    onLapsed: () => access.lapse(),
    onWaitInVain: (because) => access.refuseHeld(because),
    closeTunnels: () => access.closeAll(),
  });
  state.catalog({ status: 'current', services: [aService()] });
  await session.restore();
  await access.open(id);
  return {
    access,
    session,
    state,
    clock,
    engine,
    provider,
    did,
    notices,
    revoked,
    stored: () => stored,
    tunnel: () => state.slices.tunnels.states[id],
    /** The certificate ends, and nothing could renew it. */
    expire: async () => {
      const { refresh } = provider;
      provider.refresh = () => Promise.reject(unreachable);
      clock.advance(LIFE_MS);
      await settled();
      provider.refresh = refresh;
      did.length = 0;
    },
    /** A connection arrives. */
    arrive: async () => {
      engine.tell({ type: 'certificate-needed', tunnel: id });
      await settled();
    },
  };
}

describe('another person who signs in when a session has run out', () => {
  it('takes over no way to a service, and no connection that waits', async () => {
    const { expire, arrive, provider, state, engine, tunnel } = await connected({
      refreshToken: false,
    });
    await expire();
    provider.person = 'bob';
    await arrive();
    expect(state.slices.session).toMatchObject({ status: 'signed-in', person: { subject: 'bob' } });
    expect(engine.closed).toEqual([id]);
    expect(engine.refusedHeld).toMatchObject([{ code: 'tunnel/cancelled' }]);
    expect(tunnel()?.status).not.toBe('open');
  });
});

it.each([
  ['another person gives the sign-in before back', 'bob', true],
  ['the same person keeps what carries her connections', 'amara', false],
])('%s', async (_, person, isGivenBack) => {
  const { session, expire, provider, revoked } = await connected({ refreshToken: true });
  await expire();
  provider.person = person;
  expect(await session.signIn(true)).toMatchObject({ person: { subject: person } });
  await settled();
  expect(revoked).toEqual(isGivenBack ? ['refresh'] : []);
});

describe('a certificate that expires', () => {
  it.each([true, false])(
    'ends the session and leaves tunnels and the engine as they are (refresh token: %s)',
    async (refreshToken) => {
      const { expire, state, engine, tunnel, access, stored } = await connected({ refreshToken });
      await expire();
      expect(state.slices.session.status).toBe('expired');
      expect(tunnel()).toMatchObject({ status: 'open' });
      expect(engine.credentials.map((each) => each?.certificate)).toEqual(['certificate 1']);
      expect(engine.closed).toEqual([]);
      expect(engine.refusedHeld).toEqual([]);
      // Kept only where it can still do something.
      expect(stored() !== null).toBe(refreshToken);
      await access.close(id);
      await expect(access.open(id)).rejects.toMatchObject({ code: 'identity/sign-in-required' });
    },
  );
});

describe('connections that wait', () => {
  it('are helped by one renewal in silence, and go on', async () => {
    const { expire, engine, did, state, tunnel, notices } = await connected({
      refreshToken: true,
    });
    await expire();
    engine.tell({ type: 'certificate-needed', tunnel: id });
    expect(tunnel()).toMatchObject({ waiting: 'for-sign-in' });
    for (let each = 0; each < 50; each += 1)
      engine.tell({ type: 'certificate-needed', tunnel: id });
    await settled();
    expect(did).toEqual(['refresh']);
    expect(engine.credentials.at(-1)).toMatchObject({ certificate: 'certificate 2' });
    expect(state.slices.session.status).toBe('signed-in');
    expect(tunnel()).not.toHaveProperty('waiting');
    expect(engine.refusedHeld).toEqual([]);
    expect(notices).toEqual([]);
  });

  it('before the client has noticed the end are helped all the same', async () => {
    const { clock, provider, engine, did, state } = await connected({ refreshToken: true });
    // Asleep: the time has passed, no timer has fired.
    const late = clock.now() + LIFE_MS + 1;
    Object.assign(clock, { now: () => late });
    provider.refresh = () => Promise.resolve();
    engine.tell({ type: 'certificate-needed', tunnel: id });
    await settled();
    expect(did).toEqual(['refresh']);
    expect(state.slices.session.status).toBe('signed-in');
  });

  it('without a refresh token get one page, and one notice', async () => {
    const { expire, arrive, engine, did, notices, tunnel } = await connected({
      refreshToken: false,
    });
    await expire();
    await arrive();
    expect(did).toEqual(['page']);
    expect(notices).toEqual(['Sign in to go on']);
    expect(engine.credentials.at(-1)).toMatchObject({ certificate: 'certificate 2' });
    expect(tunnel()).not.toHaveProperty('waiting');
  });

  it('get no page where this app is too old to sign in, and are told so', async () => {
    const { expire, arrive, engine, did, notices, provider } = await connected({
      refreshToken: false,
    });
    const tooOld = new AppError('organisation/app-too-old', 'Demo needs version 9.0.0.');
    provider.requireNewEnough = () => Promise.reject(tooOld);
    await expire();
    await arrive();
    expect([did, notices]).toEqual([[], []]);
    expect(engine.refusedHeld).toMatchObject([{ code: 'organisation/app-too-old' }]);
  });

  it('get a page when the organisation has taken the refresh token back', async () => {
    const { expire, arrive, provider, did, state } = await connected({ refreshToken: true });
    await expire();
    provider.refresh = () => Promise.reject(refused);
    await arrive();
    expect(did).toEqual(['refresh', 'page']);
    expect(state.slices.session.status).toBe('signed-in');
  });

  it('are refused when the organisation cannot be reached, without a page, and not asked for at once again', async () => {
    const { expire, arrive, provider, clock, engine, did, tunnel } = await connected({
      refreshToken: true,
    });
    await expire();
    provider.refresh = () => Promise.reject(unreachable);
    clock.advance(5_000);
    for (let each = 0; each < 20; each += 1) await arrive();
    expect(did).toEqual(['refresh']);
    expect(engine.refusedHeld).toHaveLength(20);
    expect(engine.refusedHeld[0]).toMatchObject({ code: 'organisation/unreachable' });
    expect(tunnel()).not.toHaveProperty('waiting');
    clock.advance(5_000);
    provider.refresh = () => Promise.resolve();
    await arrive();
    expect(did).toEqual(['refresh', 'refresh']);
    expect(engine.credentials).toHaveLength(2);
  });

  it.each(['cancelled', 'timed-out'] as const)(
    'are refused with the reason of a sign-in that was %s',
    async (how) => {
      const { expire, arrive, provider, session, engine } = await connected({
        refreshToken: false,
      });
      await expire();
      provider.page = () =>
        how === 'cancelled'
          ? new Promise(() => {})
          : Promise.reject(new AppError('identity/sign-in-timed-out', 'Nobody finished it.'));
      await arrive();
      if (how === 'cancelled') session.cancelSignIn();
      await settled();
      expect(engine.refusedHeld).toMatchObject([{ code: `identity/sign-in-${how}` }]);
    },
  );

  it('open a page once in ten minutes; in between they wait for the click, which opens one', async () => {
    const { expire, arrive, provider, session, clock, engine, did, tunnel } = await connected({
      refreshToken: false,
    });
    await expire();
    provider.page = () => Promise.reject(new AppError('identity/sign-in-timed-out', 'Too late.'));
    await arrive();
    expect(did).toEqual(['page']);
    for (let minute = 1; minute < 10; minute += 1) {
      clock.advance(MINUTE);
      await arrive();
    }
    expect(did).toEqual(['page']);
    expect(engine.refusedHeld).toHaveLength(1);
    expect(tunnel()).toMatchObject({ waiting: 'for-sign-in' });
    provider.page = () => Promise.resolve();
    await session.signIn(true);
    await settled();
    expect(did).toEqual(['page', 'page']);
    expect(engine.credentials.at(-1)).toMatchObject({ certificate: 'certificate 2' });
    expect(tunnel()).not.toHaveProperty('waiting');
  });

  it("share the person's own sign-in", async () => {
    const { expire, arrive, provider, session, did, engine } = await connected({
      refreshToken: false,
    });
    await expire();
    let finish = (): void => {};
    provider.page = () => new Promise((resolve) => (finish = resolve));
    const signedIn = session.signIn(true);
    await arrive();
    finish();
    await signedIn;
    await settled();
    expect(did).toEqual(['page']);
    expect(engine.credentials).toHaveLength(2);
  });

  it('get no second page when the sign-in that they share fails', async () => {
    const { expire, arrive, provider, session, did, engine } = await connected({
      refreshToken: false,
    });
    await expire();
    let fail = (): void => {};
    provider.page = () =>
      new Promise((_, reject) => {
        fail = () => reject(new AppError('identity/sign-in-denied', 'Not you.'));
      });
    const signedIn = session.signIn(true);
    await arrive();
    fail();
    await expect(signedIn).rejects.toMatchObject({ code: 'identity/sign-in-denied' });
    await settled();
    expect(did).toEqual(['page']);
    expect(engine.refusedHeld).toMatchObject([{ code: 'identity/sign-in-denied' }]);
  });

  it('wait for a try in silence that runs already, and are told how it ended', async () => {
    const { expire, arrive, provider, session, did, engine, clock } = await connected({
      refreshToken: true,
    });
    await expire();
    clock.advance(5_000);
    let fail = (): void => {};
    provider.refresh = () => new Promise((_, reject) => (fail = () => reject(unreachable)));
    const checked = session.check();
    await arrive();
    expect(engine.refusedHeld).toEqual([]);
    fail();
    await checked;
    await settled();
    fail();
    await settled();
    expect(did).toEqual(['refresh', 'refresh']);
    expect(engine.refusedHeld).toMatchObject([{ code: 'organisation/unreachable' }]);
  });

  it('get no page when the client stops or the person signs out just then', async () => {
    for (const end of ['stop', 'signOut'] as const) {
      const { expire, arrive, provider, session, did, state } = await connected({
        refreshToken: true,
      });
      await expire();
      let over: Promise<void> | undefined;
      provider.refresh = () => {
        // As the answer arrives, and not a moment later.
        over = Promise.resolve().then(() => session[end]());
        return Promise.reject(refused);
      };
      await arrive();
      await over;
      await settled();
      expect(did).toEqual(['refresh']);
      if (end === 'signOut') expect(state.slices.session.status).toBe('signed-out');
    }
  });

  it('are refused when the person signs out, or the organisation ends the session', async () => {
    for (const end of ['signOut', 'ended'] as const) {
      const { arrive, expire, session, engine, provider } = await connected({ refreshToken: true });
      await expire();
      provider.refresh = () => new Promise(() => {});
      await arrive();
      await (end === 'ended' ? session.ended('Suspended.') : session.signOut());
      expect(engine.refusedHeld.length).toBeGreaterThan(0);
      expect(engine.credentials.at(-1)).toBeNull();
    }
  });
});

describe('a renewal while services are connected', () => {
  it('gives the engine the new certificate and touches no tunnel', async () => {
    const { clock, engine, tunnel, state } = await connected({ refreshToken: true });
    clock.advance(LIFE_MS * 0.9);
    await settled();
    expect(engine.credentials.map((each) => each?.certificate)).toEqual([
      'certificate 1',
      'certificate 2',
    ]);
    expect(engine.closed).toEqual([]);
    expect(tunnel()).toMatchObject({ status: 'open' });
    expect(state.slices.session.status).toBe('signed-in');
  });
});

describe('a new certificate that the engine cannot use', () => {
  it('leaves the one before in use, is told, and ends the wait with the reason', async () => {
    const { expire, arrive, engine, notices, state, tunnel } = await connected({
      refreshToken: true,
      turnDown: 'certificate 2',
    });
    await expire();
    await arrive();
    expect(engine.refusedHeld).toMatchObject([{ code: 'tunnel/certificate-missing' }]);
    expect(notices).toEqual(['Your new certificate cannot be used']);
    expect(tunnel()).toMatchObject({ status: 'open' });
    expect(tunnel()).not.toHaveProperty('waiting');
    expect(state.slices.session.status).toBe('signed-in');
  });

  it('is replaced by yet another one when connections have to wait later', async () => {
    const { clock, expire, arrive, engine } = await connected({
      refreshToken: true,
      turnDown: 'certificate 2',
    });
    await expire();
    await arrive();
    clock.advance(5_000);
    await arrive();
    expect(engine.credentials.at(-1)).toMatchObject({ certificate: 'certificate 3' });
    expect(engine.refusedHeld).toHaveLength(1);
  });
});

describe('after the computer slept or moved', () => {
  const jump = (clock: { now: () => number }, byMs: number): void => {
    const { now } = clock;
    Object.assign(clock, { now: () => now() + byMs });
  };

  it('a certificate that expired meanwhile is renewed at once', async () => {
    const { clock, session, did, state, engine } = await connected({ refreshToken: true });
    jump(clock, LIFE_MS * 2);
    await session.check();
    expect(did).toEqual(['refresh']);
    expect(state.slices.session.status).toBe('signed-in');
    expect(engine.credentials).toHaveLength(2);
  });

  it('and one that cannot be renewed is shown as expired', async () => {
    const { clock, session, state, tunnel } = await connected({ refreshToken: false });
    jump(clock, LIFE_MS * 2);
    await session.check();
    expect(state.slices.session.status).toBe('expired');
    expect(tunnel()).toMatchObject({ status: 'open' });
  });

  it('one that is due for renewal is renewed, though its timer has lost the time', async () => {
    const { clock, session, did } = await connected({ refreshToken: true });
    jump(clock, LIFE_MS * 0.9);
    await session.check();
    clock.advance(1);
    await settled();
    expect(did).toEqual(['refresh']);
  });

  it('a session that expired without a network comes back with it, without a page', async () => {
    const { expire, session, did, state, notices } = await connected({ refreshToken: true });
    await expire();
    expect(state.slices.session.status).toBe('expired');
    await session.check();
    expect(did).toEqual(['refresh']);
    expect(state.slices.session.status).toBe('signed-in');
    expect(notices).toEqual([]);
  });

  it('a clock that was ahead for a while costs nothing', async () => {
    const { clock, session, state, did, provider } = await connected({ refreshToken: true });
    provider.refresh = () => Promise.reject(unreachable);
    jump(clock, LIFE_MS * 2);
    await session.check();
    expect(state.slices.session.status).toBe('expired');
    did.length = 0;
    jump(clock, -LIFE_MS * 2);
    await session.check();
    expect(state.slices.session.status).toBe('signed-in');
    expect(did).toEqual([]);
  });

  it('a session that was ended stays so', async () => {
    const { session, did, state } = await connected({ refreshToken: true });
    await session.ended('Suspended.');
    await session.check();
    expect(did).toEqual([]);
    expect(state.slices.session.status).toBe('expired');
  });
});

describe('a connection that waits and a person who clicks, when the renewal in silence is refused', () => {
  async function both() {
    const given = await connected({ refreshToken: true });
    await given.expire();
    let refuse: (error: Error) => void = () => {};
    const answers: (() => void)[] = [];
    given.provider.refresh = () => new Promise((_, reject) => (refuse = reject));
    given.provider.page = () => new Promise((resolve) => answers.push(resolve));
    await given.arrive();
    const clicked = given.session.signIn(true);
    clicked.catch(() => {});
    await settled();
    refuse(new AppError('identity/session-expired', 'It was taken back.'));
    await settled();
    return { ...given, answers };
  }

  it('have one page between them', async () => {
    const { did } = await both();
    expect(did).toEqual(['refresh', 'page']);
  });

  it('leave nothing that signs in after a sign-out, or keeps the client from stopping', async () => {
    const { session, stored, answers } = await both();
    await session.signOut();
    for (const answer of answers) answer();
    await settled();
    expect(stored()).toBeNull();
    await session.stop();
  });
});
