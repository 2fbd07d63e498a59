// What leads up to the end of a session, and back from it: warning, extending, a start after the end, rotated tokens.
import { describe, expect, it } from 'vitest';
import type { DeviceRunner } from '../../../../../src/main/client/device/registration.ts';
import type { StoredSession } from '../../../../../src/main/client/device/vault.ts';
import { createSession } from '../../../../../src/main/client/identity/session.ts';
import type { TrustProvider } from '../../../../../src/main/client/identity/sign-in.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedBrowser } from '../../../../fakes/scripted-browser.ts';

const MINUTE = 60_000;
const LIFE_MS = 24 * 60 * MINUTE;
const unreachable = new AppError('organisation/unreachable', 'Nobody answers.');
const takenBack = new AppError('identity/session-expired', 'It was taken back.');

/** Lets everything that waits for nothing but promises go on. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

interface Given {
  refreshToken?: string | null;
  lifeLeftMs?: number;
}

/** A client with a stored session, at an issuer whose answers are variables of the test. */
function aClient({ refreshToken = 'first', lifeLeftMs = LIFE_MS }: Given = {}) {
  const clock = manualClock();
  const state = createState(recordingLog());
  const notices: string[] = [];
  const did: string[] = [];
  let issued = 0;
  const sessionNow = (token: string | null): StoredSession => {
    issued += 1;
    return {
      person: { subject: 'amara', name: 'Amara', email: 'amara@demo.bnn', groups: [] },
      trustToken: 'token',
      ...(token !== null && { refreshToken: token }),
      issuedAt: clock.now(),
      expiresAt: clock.now() + LIFE_MS,
      key: 'key',
      certificate: `certificate ${issued}`,
    };
  };
  const left = {
    vault: {
      ...sessionNow(refreshToken),
      expiresAt: clock.now() + lifeLeftMs,
    } as StoredSession | null,
    files: 'certificate 1' as string | null,
    inUse: null as string | null,
  };
  const issuer = {
    refresh: (() => Promise.reject(unreachable)) as TrustProvider['refresh'],
    approved: (): Promise<void> => Promise.resolve(),
    beforeFiles: (): Promise<void> => Promise.resolve(),
  };
  const session = createSession({
    ports: {
      browser: scriptedBrowser(),
      clock,
      log: recordingLog(),
      notifier: { show: ({ title }) => void notices.push(title) },
    },
    state,
    device: {
      session: () => left.vault,
      membership: () => ({ root: 'root', document: {} }),
      requireMembership: () => ({ root: 'root', document: {} }),
      saveSession: (next: StoredSession | null) => Promise.resolve(void (left.vault = next)),
    } as unknown as DeviceRunner,
    loginFiles: {
      async write({ certificate }) {
        await issuer.beforeFiles();
        left.files = certificate;
      },
      remove: () => Promise.resolve(void (left.files = null)),
    },
    trustProvider: {
      async signIn({ by, onPrompt, signal }) {
        did.push(by);
        if (by === 'device-code') {
          const url = 'https://issuer.example/device';
          const urlWithCode = `${url}?user_code=WDJB-MJHT`;
          onPrompt({ by, userCode: 'WDJB-MJHT', url, urlWithCode, expiresAt: clock.now() });
        } else onPrompt({ by: 'browser', url: 'https://issuer.example/' });
        await issuer.approved();
        signal.throwIfAborted();
        return sessionNow('by page');
      },
      refresh: (...asked) => issuer.refresh(...asked),
      revoke: (_, token) => Promise.resolve(void did.push(`revoke ${token}`)),
    },
    warnBeforeMs: () => 10 * MINUTE,
    onCredentials: (credentials) => (left.inUse = credentials?.certificate ?? null),
    closeTunnels: () => Promise.resolve(),
  });
  const status = () => state.slices.session;
  const works: TrustProvider['refresh'] = () => Promise.resolve(sessionNow('first'));
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };
  return { session, status, left, issuer, did, notices, clock, works, advance, sessionNow };
}

/** Work that waits until the test lets it go on. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { pass: () => opened, open: () => open() };
}

describe('a start after the end of the certificate', () => {
  it('without a network is expired, keeps the refresh token, and comes back in silence with it', async () => {
    const { session, status, left, issuer, did, works, advance } = aClient({ lifeLeftMs: -1 });
    await session.restore();
    await settled();
    expect(status()).toMatchObject({
      status: 'expired',
      person: { subject: 'amara' },
      because: { code: 'organisation/unreachable' },
    });
    expect(left).toMatchObject({ vault: { refreshToken: 'first' }, files: null, inUse: null });
    issuer.refresh = works;
    await session.check(); // as when the network changes
    expect(status().status).toBe('signed-in');
    expect(left).toMatchObject({ files: 'certificate 2', inUse: 'certificate 2' });
    expect(did).toEqual([]);
    await advance(0);
  });

  it('tries again by itself when nobody tells that the server is back', async () => {
    const { session, status, issuer, works, advance } = aClient({ lifeLeftMs: -1 });
    await session.restore();
    await settled();
    issuer.refresh = works;
    await advance(MINUTE);
    expect(status().status).toBe('signed-in');
  });

  it('with a refresh token that was taken back is expired for that reason, and nothing of it is kept', async () => {
    const { session, status, left, issuer, did } = aClient({ lifeLeftMs: -1 });
    issuer.refresh = () => Promise.reject(takenBack);
    await session.restore();
    await settled();
    expect(status()).toMatchObject({ status: 'expired', because: takenBack.toWire() });
    expect(left.vault).toBeNull();
    await session.signIn(true);
    expect(did).toEqual(['browser']);
    expect(status().status).toBe('signed-in');
  });
});

describe('a session whose token is refused', () => {
  it('is over when the organisation takes back the refresh token too', async () => {
    const { session, status, left, issuer } = aClient();
    await session.restore();
    issuer.refresh = () => Promise.reject(takenBack);
    await session.refused();
    expect(status().status).toBe('expired');
    expect(left).toEqual({ vault: null, files: null, inUse: null });
  });

  it('is not over because the answer to its renewal was lost', async () => {
    const { session, status, left } = aClient();
    await session.restore();
    await session.refused();
    expect(status().status).toBe('signed-in');
    expect(left.vault).toMatchObject({ refreshToken: 'first' });
  });
});

describe('a session that is about to end', () => {
  it('warns of nothing while it is renewed in silence', async () => {
    const { session, status, issuer, works, advance, notices } = aClient();
    issuer.refresh = works;
    await session.restore();
    for (let hour = 0; hour < 48; hour += 1) await advance(60 * MINUTE);
    expect(status()).not.toHaveProperty('ending');
    expect(notices).toEqual([]);
  });

  it('without a refresh token warns ten minutes before, once', async () => {
    const { session, status, advance, notices } = aClient({ refreshToken: null });
    await session.restore();
    await advance(LIFE_MS - 11 * MINUTE);
    expect(status()).not.toHaveProperty('ending');
    await advance(MINUTE);
    expect(status()).toMatchObject({ status: 'signed-in', ending: { because: null } });
    await advance(5 * MINUTE);
    expect(notices).toEqual(['Your session ends in 10 minutes']);
    await advance(5 * MINUTE);
    expect(status()).toMatchObject({ status: 'expired' });
  });

  it('warns with the reason when renewals fail, and takes it back when one works', async () => {
    const { session, status, issuer, works, advance, notices } = aClient();
    await session.restore();
    await advance(LIFE_MS - 10 * MINUTE);
    expect(status()).toMatchObject({ ending: { because: unreachable.toWire() } });
    expect(notices).toHaveLength(1);
    issuer.refresh = works;
    await session.refused(); // as the next try would
    expect(status()).not.toHaveProperty('ending');
  });

  it('is not asked to be extended any more than a sign-in is asked for when there is time', async () => {
    const { session, status, did } = aClient({ refreshToken: null });
    await session.restore();
    expect(await session.signIn(true)).toBe(status());
    expect(did).toEqual([]);
  });
});

describe('a session that is extended', () => {
  async function extending() {
    const client = aClient({ refreshToken: null });
    await client.session.restore();
    await client.advance(LIFE_MS - 10 * MINUTE);
    const { pass, open } = gate();
    client.issuer.approved = pass;
    const extended = client.session.signIn(true);
    extended.catch(() => {});
    await settled();
    expect(client.status()).toMatchObject({ status: 'extending', prompt: { by: 'browser' } });
    return { ...client, extended, open };
  }

  it('keeps its certificate in use until it has the next one', async () => {
    const { left, extended, open, status } = await extending();
    expect(left).toMatchObject({ inUse: 'certificate 1', files: 'certificate 1' });
    open();
    await extended;
    expect(left).toMatchObject({ inUse: 'certificate 2', files: 'certificate 2' });
    expect(status()).not.toHaveProperty('ending');
  });

  it('goes on with the old one, still warned, when that is cancelled', async () => {
    const { session, left, extended, status } = await extending();
    session.cancelSignIn();
    await expect(extended).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    expect(status()).toMatchObject({ status: 'signed-in', ending: { because: null } });
    expect(left.inUse).toBe('certificate 1');
  });

  it('is expired afterwards when the certificate ends on the page and nobody finishes', async () => {
    const { session, extended, status, advance } = await extending();
    await advance(11 * MINUTE);
    expect(status()).toMatchObject({ status: 'signing-in', prompt: { by: 'browser' } });
    session.cancelSignIn();
    await expect(extended).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    expect(status()).toMatchObject({
      status: 'expired',
      because: { code: 'identity/session-expired' },
    });
  });

  it('needs nobody any more when a renewal in silence is faster', async () => {
    const client = aClient();
    const { session, status, issuer, works, advance } = client;
    await session.restore();
    await advance(LIFE_MS - 10 * MINUTE);
    issuer.approved = gate().pass;
    const extended = session.signIn(true);
    await settled();
    expect(status().status).toBe('extending');
    issuer.refresh = works;
    await session.refused();
    expect(await extended).toMatchObject({ status: 'signed-in' });
    expect(status()).not.toHaveProperty('ending');
  });
});

describe('a session that is extended and renewed at the same moment', () => {
  it('is kept, whichever of the two comes first', async () => {
    const { session, status, left, issuer, works, advance } = aClient();
    await session.restore();
    await advance(LIFE_MS - 10 * MINUTE);
    const approval = gate();
    issuer.approved = approval.pass;
    const extended = session.signIn(true);
    await settled();
    const files = gate();
    issuer.beforeFiles = files.pass;
    issuer.refresh = works;
    const renewed = session.refused(); // waits for its files
    await settled();
    approval.open(); // its turn comes after the renewal
    await settled();
    files.open();
    await Promise.all([extended, renewed]);
    await settled();
    expect(status().status).toBe('signed-in');
    expect(left.files).toBe(left.vault!.certificate);
    expect(left.inUse).toBe(left.vault!.certificate);
  });
});

describe('a sign-in that runs', () => {
  it('is turned to another device, and everybody who waits gets that one', async () => {
    const { session, status, issuer, did } = aClient();
    await session.signOut();
    did.length = 0;
    const page = gate();
    issuer.approved = page.pass;
    const first = session.signIn(true);
    await settled();
    const code = gate();
    issuer.approved = code.pass;
    const second = session.signInWithCode();
    await settled();
    expect(status()).toMatchObject({ status: 'signing-in', prompt: { userCode: 'WDJB-MJHT' } });
    const third = session.signInWithCode();
    const fourth = session.signIn(true);
    code.open();
    await Promise.all([first, second, third, fourth]);
    expect(did).toEqual(['browser', 'device-code']);
    expect(status().status).toBe('signed-in');
  });
});

describe('a refresh token that the issuer has rotated', () => {
  it('is kept at once, though no certificate came with it', async () => {
    const { session, left, issuer, advance, status } = aClient();
    await session.restore();
    issuer.refresh = async (_membership, _session, onRotated) => {
      expect(await onRotated('second')).toBe(true);
      throw unreachable; // the exchange for a certificate
    };
    await advance(LIFE_MS * 0.86);
    expect(left.vault).toMatchObject({ refreshToken: 'second', certificate: 'certificate 1' });
    issuer.refresh = () => Promise.reject(unreachable);
    await advance(LIFE_MS * 0.15);
    expect(status().status).toBe('expired');
    expect(left.vault).toMatchObject({ refreshToken: 'second' });
  });

  it('while a sign-out runs is not wanted, so it is revoked', async () => {
    const { session, left, issuer, advance, did } = aClient();
    await session.restore();
    const { pass, open } = gate();
    const wanted: boolean[] = [];
    issuer.refresh = async (_membership, _session, onRotated) => {
      await pass();
      wanted.push(await onRotated('second'));
      throw takenBack;
    };
    await advance(LIFE_MS * 0.86);
    await session.signOut();
    open();
    await settled();
    expect(wanted).toEqual([false]);
    expect(did).toEqual(['revoke first']);
    expect(left.vault).toBeNull();
  });

  it('in an answer that was lost means a sign-in for that reason, and nothing hangs', async () => {
    const { session, status, issuer, advance, left } = aClient();
    await session.restore();
    issuer.refresh = () => Promise.reject(takenBack);
    await advance(LIFE_MS - 10 * MINUTE);
    expect(status()).toMatchObject({
      status: 'signed-in',
      ending: { because: takenBack.toWire() },
    });
    await advance(11 * MINUTE);
    expect(status()).toMatchObject({ status: 'expired', because: takenBack.toWire() });
    expect(left.vault).toBeNull();
  });
});
