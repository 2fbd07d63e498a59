// Runs the session's states: sign in, renew in silence, expire, sign out, restore at start.
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts';
import { isSignedIn, type Session, type SessionEvent } from '../../../shared/model/session.ts';
import type { DeviceRunner } from '../device/registration.ts';
import type { StoredSession } from '../device/vault.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import type { LoginFiles } from './login-files.ts';
import { createWaitingConnections, type SilentOutcome } from './waiting-connections.ts';
import { trustProvider as realTrustProvider, type TrustProvider, untilAborted } from './sign-in.ts';

const RENEW_AT_SHARE_OF_LIFE = 0.8;
/** Spread, so that a whole organisation does not renew in the same second. */
const JITTER_SHARE = 0.05;
const RENEW_AGAIN_SHARE = 0.04;
const REVOKE_WITHIN_MS = 3_000;

export interface SessionOptions {
  ports: Pick<ClientPorts, 'browser' | 'clock' | 'log' | 'notifier'>;
  state: State;
  device: DeviceRunner;
  loginFiles: LoginFiles;
  trustProvider?: TrustProvider;
  /** There are credentials, or other ones, or (null) none any more. */
  onCredentials: (session: StoredSession | null) => void;
  /** The certificate is over, the session may come back: nothing is opened, and what connects may wait. */
  onLapsed?: () => void;
  /** What waits for a certificate waits in vain. */
  onWaitInVain?: (because: WireError) => void;
  /** Sign-out closes every way to a service; a session that only expires leaves them. */
  closeTunnels: () => Promise<void>;
}

export function createSession(options: SessionOptions) {
  const { ports, state, device, loginFiles, onCredentials } = options;
  const { onLapsed = () => {}, onWaitInVain = () => {} } = options;
  const trustProvider = options.trustProvider ?? realTrustProvider;
  const { clock, log } = ports;
  let running: Running | null = null;
  let timers: (() => void)[] = [];
  let renewing: Promise<boolean> | null = null;
  let renewalError: WireError | null = null;
  /** Aborted by whatever ends the session; until the next sign-in, no renewal brings it back. */
  let life = new AbortController();
  /** Vault and files are changed by one at a time: what ends a session also removes what a renewal just wrote. */
  let turns: Promise<unknown> = Promise.resolve();
  let stopping = false;
  let subjectBefore: string | null = null;
  let lingering: Promise<void> = Promise.resolve();

  /** For what nobody waits for: a full disk must not end the client. */
  function inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error(`could not ${what}`, { error }));
  }

  function stopTimers(): void {
    for (const cancel of timers) cancel();
    timers = [];
  }

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turns.then(work);
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  /** Files and vault first, then what everybody sees. Nothing stays of one that is not wanted any more. */
  function adopt(session: StoredSession, wanted: AbortSignal): Promise<Session> {
    return inTurn(async () => {
      wanted.throwIfAborted();
      const { root: ca } = device.requireMembership();
      await device.saveSession(session);
      await loginFiles.write({ ca, key: session.key, certificate: session.certificate });
      // A client that stops keeps what it has: the next start takes it up.
      if (wanted.aborted && !stopping) {
        await forget();
        wanted.throwIfAborted();
      }
      if (life.signal.aborted) life = new AbortController();
      renewalError = null;
      await endOtherPersons(session.person);
      onCredentials(session);
      schedule(session);
      const { person, expiresAt } = session;
      return state.session({ type: 'signed-in', person, expiresAt });
    });
  }

  /** What stayed open when a session ran out is not handed on to the next person at this computer. */
  async function endOtherPersons({ subject, name }: StoredSession['person']): Promise<void> {
    const before = subjectBefore;
    subjectBefore = subject;
    if (before === null || before === subject) return;
    onWaitInVain(new AppError('tunnel/cancelled', `${name} has signed in.`).toWire());
    await options.closeTunnels();
  }

  /** From here on nothing is renewed, and nobody connects. */
  function withdraw(because: AppError): void {
    life.abort();
    stopTimers();
    onWaitInVain(because.toWire());
    onCredentials(null);
  }

  function schedule({ issuedAt, expiresAt }: StoredSession): void {
    stopTimers();
    const lifeMs = expiresAt - issuedAt;
    const jitter = (Math.random() * 2 - 1) * JITTER_SHARE;
    const renewAt = issuedAt + lifeMs * (RENEW_AT_SHARE_OF_LIFE + jitter);
    timers = [
      clock.after(renewAt - clock.now(), () =>
        inBackground('renew the session', renewUntilEnd(lifeMs)),
      ),
      clock.after(expiresAt - clock.now(), () => inBackground('end the session', expireOrRenew())),
    ];
  }

  async function renewUntilEnd(lifeMs: number): Promise<void> {
    const { signal } = life;
    if ((await renew()) || signal.aborted) return;
    timers.push(
      clock.after(Math.max(lifeMs * RENEW_AGAIN_SHARE, 500), () => {
        if (!isSignedIn(state.slices.session)) return;
        inBackground('renew the session', renewUntilEnd(lifeMs));
      }),
    );
  }

  /** True with a new certificate; a failure leaves the old one in use. */
  function renew(): Promise<boolean> {
    renewing ??= renewOnce().finally(() => (renewing = null));
    return renewing;
  }

  async function renewOnce(): Promise<boolean> {
    const current = device.session();
    const { signal } = life;
    if (!current?.refreshToken || signal.aborted) return false;
    state.session({ type: 'renewal-started' });
    try {
      const next = await untilAborted(
        signal,
        trustProvider.refresh(device.requireMembership(), current),
      );
      await adopt(next, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false; // told by what has ended it
      log.warn('the session was not renewed; the certificate stays in use until its end', {
        error,
      });
      renewalError = toWireError(error);
      state.session({ type: 'renewal-failed' });
      return false;
    }
  }

  /** A computer that slept through the renewal may still have a good refresh token. */
  async function expireOrRenew(): Promise<void> {
    const { signal } = life;
    const ending = device.session();
    if ((await renew()) || signal.aborted) return;
    await lapse(ending);
  }

  /** By time alone. What is open stays open, and what the organisation did not take back may renew it later. */
  const lapse = (ending: StoredSession | null): Promise<void> =>
    inTurn(async () => {
      if (!isSignedIn(state.slices.session) || device.session() !== ending) return;
      stopTimers();
      onLapsed();
      try {
        if (mayRefresh()) await loginFiles.remove();
        else await forget();
      } finally {
        state.session({ type: 'expired', error: certificateExpired().toWire() });
      }
    });

  const mayRefresh = (): boolean =>
    device.session()?.refreshToken !== undefined &&
    renewalError?.code !== 'identity/session-expired';

  async function expire(error: AppError): Promise<void> {
    withdraw(error);
    await end({ type: 'expired', error: error.toWire() });
  }

  /** A session that has lapsed, without anybody doing anything. */
  async function comeBack(session: StoredSession, cancelled: AbortSignal): Promise<Session> {
    state.session({ type: 'sign-in-started', at: clock.now() });
    try {
      // A clock that was wrong for a while makes a good certificate look expired.
      if (session.expiresAt > clock.now()) return await adopt(session, cancelled);
      const membership = device.requireMembership();
      const renewed = trustProvider.refresh(membership, session);
      return await adopt(await untilAborted(cancelled, renewed), cancelled);
    } catch (error) {
      log.info('the session was not renewed in silence', { error });
      if (!cancelled.aborted) renewalError = toWireError(error);
      state.session(notSignedIn(cancelled, error));
      throw error;
    }
  }

  async function comeBackInSilence(): Promise<SilentOutcome> {
    const session = device.session();
    if (!session || !mayRefresh()) return 'refused';
    try {
      await start('restore', (cancelled) => comeBack(session, cancelled));
      return 'renewed';
    } catch (error) {
      return mayRefresh() ? toWireError(error) : 'refused';
    }
  }

  const waiting = createWaitingConnections({
    ports,
    onWaitInVain,
    steps: {
      current: () => state.slices.session,
      async renew() {
        const { session } = state.slices;
        if (isSignedIn(session) && clock.now() < session.expiresAt) {
          // The engine could not use the newer certificate, so another one is needed.
          return (await renew()) ? 'renewed' : (renewalError ?? certificateExpired().toWire());
        }
        await expireOrRenew();
        if (isSignedIn(state.slices.session)) return 'renewed';
        return mayRefresh() && renewalError ? renewalError : 'refused';
      },
      comeBack: comeBackInSilence,
      signIn: () => start('sign-in', (cancelled) => signInOnce(true, cancelled)),
      async isSigningIn() {
        let isTold = false;
        for (let other = running; other !== null; other = running) {
          isTold ||= other.kind === 'sign-in';
          await other.done.catch(() => {}); // told to whoever started it
        }
        await turns; // of a sign-out, say
        return isTold || running !== null || isSignedIn(state.slices.session);
      },
      watchEnd() {
        const { signal } = life;
        return () => signal.aborted;
      },
    },
  });

  /** Said when it is true: the files are gone, or will not go. */
  const end = (event: SessionEvent): Promise<void> =>
    inTurn(async () => {
      try {
        await forget();
      } finally {
        state.session(event);
      }
    });

  async function takeUp(session: StoredSession, cancelled: AbortSignal): Promise<Session> {
    try {
      return await adopt(session, cancelled);
    } catch (error) {
      state.session(notSignedIn(cancelled, error));
      throw error;
    }
  }

  /** The computer was off past the end of the certificate; the refresh token may still be good. */
  async function takeUpExpired(session: StoredSession, cancelled: AbortSignal): Promise<Session> {
    try {
      const membership = device.requireMembership();
      return await adopt(
        await untilAborted(cancelled, trustProvider.refresh(membership, session)),
        cancelled,
      );
    } catch (error) {
      if (stopping) throw error; // the next start tries again
      log.info('the stored session was not taken up', { error });
      const ended = new AppError('identity/session-expired', 'Your session has ended.');
      await end(notSignedIn(cancelled, ended)).catch((failure: unknown) => {
        log.error('could not forget the ended session', { error: failure });
      });
      throw error;
    }
  }

  /** One that fails does not keep the other from being done. */
  async function forget(): Promise<void> {
    const results = await Promise.allSettled([loginFiles.remove(), device.saveSession(null)]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** The refresh token is of no use any more, here or to a thief. */
  async function giveBack({ refreshToken }: StoredSession): Promise<void> {
    const membership = device.membership();
    if (!refreshToken || !membership) return;
    const revoked = trustProvider.revoke(membership, refreshToken).catch((error: unknown) => {
      log.warn('the refresh token was not revoked', { error });
    });
    await Promise.race([revoked, after(REVOKE_WITHIN_MS)]);
  }

  /** One at a time has the session: whoever signs out, cancels or stops finds it here. */
  function start(
    kind: Running['kind'],
    work: (cancelled: AbortSignal) => Promise<Session>,
  ): Promise<Session> {
    const cancel = new AbortController();
    const done = work(cancel.signal).finally(() => (running = null));
    running = { kind, done, cancel };
    return done;
  }

  async function signInOnce(openBrowser: boolean, cancelled: AbortSignal): Promise<Session> {
    const membership = device.requireMembership();
    state.session({ type: 'sign-in-started', at: clock.now() });
    try {
      const session = await untilAborted(
        cancelled,
        trustProvider.signIn({
          ports,
          membership,
          openBrowser,
          onPage: (url) => state.session({ type: 'sign-in-page-ready', url }),
          onLinger: (closed) => void (lingering = closed),
          signal: cancelled,
        }),
      );
      return await adopt(session, cancelled);
    } catch (error) {
      state.session(notSignedIn(cancelled, error));
      waiting.failed(cancelled.aborted ? cancelled.reason : error);
      throw error;
    }
  }

  function cancelSignIn(): void {
    running?.cancel.abort(new AppError('identity/sign-in-cancelled', 'The sign-in was cancelled.'));
  }

  async function ended(reason: string): Promise<void> {
    await expire(new AppError('identity/session-expired', reason || 'Your session was ended.'));
  }

  return {
    /** While one sign-in runs, every caller gets that one. */
    async signIn(openBrowser: boolean): Promise<Session> {
      if (running?.kind === 'restore') {
        const { done, cancel } = running;
        await done.catch(() => {}); // then the person has to sign in
        cancel.signal.throwIfAborted();
      }
      await turns; // of a sign-out, say
      if (running) return running.done;
      if (isSignedIn(state.slices.session)) return state.slices.session;
      return start('sign-in', (cancelled) => signInOnce(openBrowser, cancelled));
    },

    cancelSignIn,

    async signOut(because?: AppError): Promise<void> {
      cancelSignIn();
      withdraw(because ?? signedOutByPerson()); // first: what is opened while the tunnels close would outlive the sign-out
      const closed = inTurn(options.closeTunnels);
      await running?.done.catch(() => {}); // told to whoever started it
      const session = device.session();
      const over = end({ type: 'signed-out', ...(because && { because: because.toWire() }) });
      const results = await Promise.allSettled([closed, over]);
      if (session && !because) await giveBack(session);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },

    /** The organisation ended it, by word or by refusing the token. */
    ended,

    /** Connections wait for a certificate; asked as often as anybody likes. */
    certificateNeeded(): void {
      if (!stopping) waiting.help();
    },

    /** The engine keeps the certificate before: those who wait for this one wait in vain. */
    credentialsRefused(error: AppError): void {
      ports.notifier?.show({ title: 'Your new certificate cannot be used', body: error.message });
      waiting.failed(error);
    },

    /** After sleep or a jump of the clock timers are late; on another network what has failed may go. */
    async check(): Promise<void> {
      const session = device.session();
      if (running || waiting.isHelping() || !session) return;
      if (isSignedIn(state.slices.session)) {
        if (clock.now() >= session.expiresAt) await expireOrRenew();
        else schedule(session);
      } else if (state.slices.session.status === 'expired') {
        await comeBackInSilence(); // logged there; the next change tries again
      }
    },

    /** A token was refused: a fresh one helps, or the session is over. */
    async refused(): Promise<void> {
      const { signal } = life;
      if (!isSignedIn(state.slices.session) || (await renew()) || signal.aborted) return;
      await ended('The organisation no longer accepts this session.');
    },

    /** What an earlier run left in the vault. Does not wait for the network. */
    async restore(): Promise<void> {
      const session = device.session();
      if (!session || !device.membership()) return;
      state.session({ type: 'sign-in-started', at: clock.now() });
      if (session.expiresAt > clock.now()) {
        await start('restore', (cancelled) => takeUp(session, cancelled));
      } else {
        // Logged there.
        start('restore', (cancelled) => takeUpExpired(session, cancelled)).catch(() => {});
      }
    },

    async stop(): Promise<void> {
      stopping = true;
      cancelSignIn();
      life.abort();
      await running?.done.catch(() => {}); // told to whoever started it
      await Promise.all([renewing, waiting.stopped(), turns, lingering]);
      stopTimers();
    },
  };
}

const certificateExpired = (): AppError =>
  new AppError('identity/session-expired', 'Your certificate has expired.');

const signedOutByPerson = (): AppError =>
  new AppError('identity/sign-in-required', 'You have signed out.');

const notSignedIn = (cancelled: AbortSignal, error: unknown): SessionEvent =>
  cancelled.aborted
    ? { type: 'sign-in-cancelled' }
    : { type: 'sign-in-failed', error: toWireError(error) };

interface Running {
  kind: 'sign-in' | 'restore';
  done: Promise<Session>;
  cancel: AbortController;
}

const after = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
