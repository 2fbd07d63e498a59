// Runs the session's states: sign in, renew in silence, expire, sign out, restore at start.
import { AppError, toWireError } from '../../../shared/errors.ts';
import { isSignedIn, type Session } from '../../../shared/model/session.ts';
import type { DeviceRunner } from '../device/registration.ts';
import type { StoredSession } from '../device/vault.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import type { LoginFiles } from './login-files.ts';
import { refreshSession, revokeSession, signInWithBrowser, untilAborted } from './sign-in.ts';

const RENEW_AT_SHARE_OF_LIFE = 0.8;
/** Spread, so that a whole organisation does not renew in the same second. */
const JITTER_SHARE = 0.05;
const RENEW_AGAIN_SHARE = 0.04;
const REVOKE_WITHIN_MS = 3_000;

export interface SessionOptions {
  ports: Pick<ClientPorts, 'browser' | 'clock' | 'log'>;
  state: State;
  device: DeviceRunner;
  loginFiles: LoginFiles;
  /** There are credentials, or other ones, or (null) none any more. */
  onCredentials: (session: StoredSession | null) => void;
}

export function createSession({ ports, state, device, loginFiles, onCredentials }: SessionOptions) {
  const { clock, log } = ports;
  let running: { done: Promise<Session>; cancel: AbortController } | null = null;
  let timers: (() => void)[] = [];
  let renewing: Promise<boolean> | null = null;
  let lingering: Promise<void> = Promise.resolve();

  /** For what nobody waits for: a full disk must not end the client. */
  function inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error(`could not ${what}`, { error }));
  }

  function stopTimers(): void {
    for (const cancel of timers) cancel();
    timers = [];
  }

  /** Files and vault first, then what everybody sees. */
  async function adopt(session: StoredSession): Promise<Session> {
    const { root: ca } = device.requireMembership();
    await device.saveSession(session);
    await loginFiles.write({ ca, key: session.key, certificate: session.certificate });
    onCredentials(session);
    schedule(session);
    const { person, expiresAt } = session;
    return state.session({ type: 'signed-in', person, expiresAt });
  }

  function schedule({ issuedAt, expiresAt }: StoredSession): void {
    stopTimers();
    const life = expiresAt - issuedAt;
    const jitter = (Math.random() * 2 - 1) * JITTER_SHARE;
    const renewAt = issuedAt + life * (RENEW_AT_SHARE_OF_LIFE + jitter);
    timers = [
      clock.after(renewAt - clock.now(), () =>
        inBackground('renew the session', renewUntilEnd(life)),
      ),
      clock.after(expiresAt - clock.now(), () => inBackground('end the session', expireOrRenew())),
    ];
  }

  async function renewUntilEnd(life: number): Promise<void> {
    if (await renew()) return;
    timers.push(
      clock.after(Math.max(life * RENEW_AGAIN_SHARE, 500), () => {
        if (!isSignedIn(state.slices.session)) return;
        inBackground('renew the session', renewUntilEnd(life));
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
    if (!current?.refreshToken) return false;
    state.session({ type: 'renewal-started' });
    try {
      const next = await refreshSession(device.requireMembership(), current);
      // Signed out or another person signed in meanwhile.
      if (device.session() !== current) return false;
      await adopt(next);
      return true;
    } catch (error) {
      log.warn('the session was not renewed; the certificate stays in use until its end', {
        error,
      });
      state.session({ type: 'renewal-failed' });
      return false;
    }
  }

  /** A computer that slept through the renewal may still have a good refresh token. */
  async function expireOrRenew(): Promise<void> {
    const ended = device.session();
    if (ended && (await renew())) return;
    if (ended && device.session() !== ended) return;
    await expire(new AppError('identity/session-expired', 'Your certificate has expired.'));
  }

  async function expire(error: AppError): Promise<void> {
    stopTimers();
    onCredentials(null);
    try {
      await forget();
    } finally {
      // Said when it is true: the files are gone, or will not go.
      state.session({ type: 'expired', error: error.toWire() });
    }
  }

  /** The computer was off past the end of the certificate; the refresh token may still be good. */
  async function takeUpExpired(session: StoredSession): Promise<void> {
    try {
      await adopt(await refreshSession(device.requireMembership(), session));
    } catch (error) {
      log.info('the stored session was not taken up', { error });
      const ended = new AppError('identity/session-expired', 'Your session has ended.');
      state.session({ type: 'sign-in-failed', error: ended.toWire() });
      await forget();
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
    const revoked = revokeSession(membership, refreshToken).catch((error: unknown) => {
      log.warn('the refresh token was not revoked', { error });
    });
    await Promise.race([revoked, after(REVOKE_WITHIN_MS)]);
  }

  async function run(openBrowser: boolean, cancel: AbortController): Promise<Session> {
    const membership = device.requireMembership();
    state.session({ type: 'sign-in-started', at: clock.now() });
    try {
      const session = await untilAborted(
        cancel.signal,
        signInWithBrowser({
          ports,
          membership,
          openBrowser,
          onPage: (url) => state.session({ type: 'sign-in-page-ready', url }),
          onLinger: (closed) => void (lingering = closed),
          signal: cancel.signal,
        }),
      );
      return await adopt(session);
    } catch (error) {
      if (cancel.signal.aborted) state.session({ type: 'sign-in-cancelled' });
      else state.session({ type: 'sign-in-failed', error: toWireError(error) });
      if (error instanceof AppError && error.code === 'device/certificate-refused') {
        log.warn('the organisation refuses the certificate of this device', { error });
      }
      throw error;
    }
  }

  return {
    /** While one sign-in runs, every caller gets that one. */
    async signIn(openBrowser: boolean): Promise<Session> {
      if (running) return running.done;
      if (isSignedIn(state.slices.session)) return state.slices.session;
      const cancel = new AbortController();
      running = { done: run(openBrowser, cancel), cancel };
      try {
        return await running.done;
      } finally {
        running = null;
      }
    },

    cancelSignIn(): void {
      running?.cancel.abort(
        new AppError('identity/sign-in-cancelled', 'The sign-in was cancelled.'),
      );
    },

    async signOut(because?: AppError): Promise<void> {
      this.cancelSignIn();
      await running?.done.catch(() => {}); // told to whoever started it
      const session = device.session();
      stopTimers();
      onCredentials(null);
      try {
        await forget();
      } finally {
        state.session({ type: 'signed-out', ...(because && { because: because.toWire() }) });
        if (session && !because) await giveBack(session);
      }
    },

    /** The organisation ended it, by word or by refusing the token. */
    ended: (reason: string): Promise<void> =>
      expire(new AppError('identity/session-expired', reason || 'Your session was ended.')),

    /** A token was refused: a fresh one helps, or the session is over. */
    async refused(): Promise<void> {
      if (!isSignedIn(state.slices.session) || (await renew())) return;
      await this.ended('The organisation no longer accepts this session.');
    },

    /** What an earlier run left in the vault. Does not wait for the network. */
    async restore(): Promise<void> {
      const session = device.session();
      if (!session || !device.membership()) return;
      state.session({ type: 'sign-in-started', at: clock.now() });
      if (session.expiresAt > clock.now()) await adopt(session);
      else inBackground('forget the ended session', takeUpExpired(session));
    },

    async stop(): Promise<void> {
      this.cancelSignIn();
      await running?.done.catch(() => {}); // told to whoever started it
      await lingering;
      stopTimers();
    },
  };
}

const after = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs).unref();
  });
