// Runs the session's states: sign in, renew in silence, expire, sign out, restore at start.
import { AppError, toWireError } from '../../../shared/errors.ts';
import { canExtend, isSignedIn, type Session } from '../../../shared/model/session.ts';
import type { StoredSession } from '../device/vault.ts';
import type { ClientPorts } from '../ports.ts';
import { createCredentials, type CredentialsOptions } from './credentials.ts';
import { untilAborted } from './in-time.ts';
import { createRefreshTokens } from './refresh-tokens.ts';
import { certificateExpired, createRenewal } from './renewal.ts';
import { createTakingUp, notSignedIn } from './taking-up.ts';
import { createWaitingConnections, type SilentOutcome } from './waiting-connections.ts';
import { createTrustProvider, type SignInOptions, type TrustProvider } from './sign-in.ts';

export interface SessionOptions extends CredentialsOptions {
  ports: Pick<ClientPorts, 'browser' | 'clock' | 'log' | 'notifier'>;
  trustProvider?: TrustProvider;
  /** How long before its end a person is warned; 0: not at all. */
  warnBeforeMs?: () => number;
}

export function createSession(options: SessionOptions) {
  const { ports, state, device } = options;
  const { onWaitInVain = () => {}, onEnded = () => {}, warnBeforeMs = () => 0 } = options;
  const { clock, log } = ports;
  const refreshTokens = createRefreshTokens({
    trustProvider: options.trustProvider ?? createTrustProvider(log),
    membership: () => device.membership(),
    log,
  });
  const { trustProvider } = refreshTokens;
  const credentials = createCredentials(options, () => renewal);
  const renewal = createRenewal({
    ports,
    state,
    device,
    credentials,
    trustProvider,
    warnBeforeMs,
    onRenewed: () => running?.superseded.abort(),
    onComeBack: check,
  });
  const { renew, expireOrRenew, mayRefresh } = renewal;
  const { takeUp, comeBack } = createTakingUp({
    ports,
    state,
    device,
    credentials,
    renewal,
    trustProvider,
  });
  let running: Running | null = null;
  let lingering: Promise<void> = Promise.resolve();
  const stopped = new AbortController();

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
          return (await renew())
            ? 'renewed'
            : (renewal.lastError() ?? certificateExpired().toWire());
        }
        await expireOrRenew();
        if (isSignedIn(state.slices.session)) return 'renewed';
        return (mayRefresh() && renewal.lastError()) || 'refused';
      },
      comeBack: comeBackInSilence,
      requireNewEnough: () => device.requireNewEnough(),
      signIn: () => startSignIn('browser'),
      async isSigningIn() {
        let isTold = false;
        for (let other = running; other !== null; other = running) {
          isTold ||= other.kind === 'sign-in';
          await other.done.catch(() => {}); // told to whoever started it
        }
        await credentials.settled(); // of a sign-out, say
        return isTold || running !== null || isSignedIn(state.slices.session);
      },
      watchEnd() {
        const signal = credentials.life();
        return () => signal.aborted;
      },
    },
  });

  /** One at a time has the session: whoever signs out, cancels or stops finds it here. */
  function start(
    kind: Running['kind'],
    work: (cancelled: AbortSignal, superseded: AbortSignal) => Promise<Session>,
  ): Promise<Session> {
    const [cancel, superseded] = [new AbortController(), new AbortController()];
    const done: Promise<Session> = work(cancel.signal, superseded.signal).finally(() => {
      if (running?.done === done) running = null;
    });
    running = { kind, done, cancel, superseded, turnToCode() {} };
    return done;
  }

  async function signInOnce(by: SignInOptions['by'], signals: Signals): Promise<Session> {
    const { cancelled, superseded, turned } = signals;
    const membership = device.requireMembership();
    const before = device.session();
    state.session({ type: 'sign-in-started', at: clock.now() });
    const attempt = (way: SignInOptions['by'], ...until: AbortSignal[]): Promise<StoredSession> => {
      const signal = AbortSignal.any([cancelled, superseded, ...until]);
      return untilAborted(
        signal,
        trustProvider.signIn({
          ports,
          membership,
          by: way,
          onPrompt: (prompt) => state.session({ type: 'sign-in-prompted', prompt }),
          onLinger: (closed) => void (lingering = closed),
          stopped: stopped.signal,
          signal,
        }),
      );
    };
    try {
      const approved = attempt(by, turned).catch((error: unknown) => {
        if (cancelled.aborted || superseded.aborted || !turned.aborted) throw error;
        state.session({ type: 'sign-in-prompted', prompt: null });
        return attempt('device-code');
      });
      const session = await approved.catch((error: unknown) => {
        if (cancelled.aborted || !superseded.aborted) throw error;
        return null;
      });
      // One that is being adopted is not given up: that would remove what the renewal has brought.
      if (!session) return state.slices.session;
      const signedIn = await credentials.adopt(session, cancelled);
      // Another session of the same person carries what is connected, and ends by itself.
      if (before && before.person.subject !== session.person.subject) {
        lingering = Promise.all([lingering, refreshTokens.giveBack(before)]).then(() => {});
      }
      return signedIn;
    } catch (error) {
      state.session(notSignedIn(cancelled, error));
      waiting.failed(cancelled.aborted ? cancelled.reason : error);
      throw error;
    }
  }

  /** While one sign-in runs, every caller gets that one. */
  async function signIn(by: SignInOptions['by']): Promise<Session> {
    if (running?.kind === 'restore') {
      const { done, cancel } = running;
      await done.catch(() => {}); // then the person has to sign in
      cancel.signal.throwIfAborted();
    }
    await credentials.settled(); // of a sign-out, say
    if (running) {
      if (by === 'device-code') running.turnToCode();
      return running.done;
    }
    const { session } = state.slices;
    if (isSignedIn(session) && !canExtend(session)) return session;
    return startSignIn(by);
  }

  function startSignIn(by: SignInOptions['by']): Promise<Session> {
    // Several wait for the end of a renewal in silence, and wake one after the other: the first one begins.
    if (running?.kind === 'sign-in') return running.done;
    const turn = new AbortController();
    const done = start('sign-in', (cancelled, superseded) =>
      signInOnce(by, { cancelled, superseded, turned: turn.signal }),
    );
    // One that shows a code goes on with the code that it shows.
    if (running && by !== 'device-code') running.turnToCode = () => turn.abort();
    return done;
  }

  /** After sleep or a jump of the clock timers are late; on another network what has failed may go. */
  async function check(): Promise<void> {
    const session = device.session();
    if (running || waiting.isHelping() || !session) return;
    if (isSignedIn(state.slices.session)) {
      if (clock.now() >= session.expiresAt) await expireOrRenew();
      else renewal.schedule(session);
    } else if (state.slices.session.status === 'expired') {
      await comeBackInSilence(); // logged there; the next change tries again
    }
  }

  function cancelSignIn(): void {
    running?.cancel.abort(new AppError('identity/sign-in-cancelled', 'The sign-in was cancelled.'));
  }

  async function ended(reason: string): Promise<void> {
    const error = new AppError('identity/session-expired', reason || 'Your session was ended.');
    credentials.withdraw(error);
    onEnded(error.toWire());
    await credentials.end({ type: 'expired', error: error.toWire() });
  }

  return {
    signIn: (openBrowser: boolean): Promise<Session> => signIn(openBrowser ? 'browser' : 'link'),

    /** One that runs goes on like that. */
    signInWithCode: (): Promise<Session> => signIn('device-code'),

    cancelSignIn,

    async signOut(because?: AppError): Promise<void> {
      cancelSignIn();
      credentials.withdraw(because ?? signedOutByPerson()); // first: what is opened while the tunnels close would outlive the sign-out
      const closed = credentials.inTurn(options.closeTunnels);
      await running?.done.catch(() => {}); // told to whoever started it
      const session = device.session();
      const over = credentials.end({
        type: 'signed-out',
        ...(because && { because: because.toWire() }),
      });
      const results = await Promise.allSettled([closed, over]);
      if (session && !because) await refreshTokens.giveBack(session);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },

    /** The organisation ended it, by word or by refusing the token. */
    ended,

    /** Connections wait for a certificate; asked as often as anybody likes. */
    certificateNeeded(): void {
      if (!credentials.isStopping()) waiting.help();
    },

    /** The engine keeps the certificate before: those who wait for this one wait in vain. */
    credentialsRefused(error: AppError): void {
      ports.notifier?.show({
        kind: 'trouble',
        title: 'Your new certificate cannot be used',
        body: error.message,
      });
      waiting.failed(error);
    },

    check,

    /** A token was refused: a fresh one helps, or the session is over. */
    async refused(): Promise<void> {
      const signal = credentials.life();
      if (!isSignedIn(state.slices.session) || (await renew()) || signal.aborted) return;
      // An answer that was lost says nothing; the next refusal asks again.
      const error = renewal.lastError();
      if (error?.code === 'organisation/unreachable') return;
      // It may know why: an administrator has ended it while this device was away.
      const knows = error?.code === 'identity/session-expired';
      await ended(knows ? error.message : 'The organisation no longer accepts this session.');
    },

    /** What an earlier run left in the vault. Does not wait for the network. */
    async restore(): Promise<void> {
      const session = device.session();
      if (!session || !device.membership()) return;
      if (session.expiresAt > clock.now()) {
        state.session({ type: 'sign-in-started', at: clock.now() });
        return void (await start('restore', (cancelled) => takeUp(session, cancelled)));
      }
      // The computer was off past the end of the certificate; the refresh token may still be good.
      await credentials.foundExpired(session, certificateExpired()).catch((error: unknown) => {
        log.error('could not remove what is left of the session', { error });
      });
      void comeBackInSilence(); // logged there
    },

    async stop(): Promise<void> {
      credentials.stop();
      cancelSignIn();
      stopped.abort();
      await running?.done.catch(() => {}); // told to whoever started it
      await refreshTokens.settled();
      await Promise.all([renewal.settled(), waiting.stopped(), credentials.settled(), lingering]);
      renewal.over();
    },
  };
}

const signedOutByPerson = (): AppError =>
  new AppError('identity/sign-in-required', 'You have signed out.');

interface Signals {
  cancelled: AbortSignal;
  superseded: AbortSignal;
  turned: AbortSignal;
}

interface Running {
  kind: 'sign-in' | 'restore';
  done: Promise<Session>;
  cancel: AbortController;
  /** A renewal in silence was faster: nobody has to approve anything any more. */
  superseded: AbortController;
  /** The person turns to another device. */
  turnToCode: () => void;
}
