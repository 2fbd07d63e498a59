// Renews a session in silence: some time before its certificate ends, again while that fails, and at the end itself.
// Warns before the end when nothing of that can help.
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import type { DeviceRunner } from '../device/registration.ts';
import type { StoredSession } from '../device/vault.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import type { Credentials } from './credentials.ts';
import { untilAborted } from './in-time.ts';
import type { TrustProvider } from './sign-in.ts';

const RENEW_AT_SHARE_OF_LIFE = 0.8;
/** Spread, so that a whole organisation does not renew in the same second. */
const JITTER_SHARE = 0.05;
const RENEW_AGAIN_SHARE = 0.04;
/** Never warned before a renewal was tried, however short the life is. */
const WARN_AT_SHARE_OF_LIFE = RENEW_AT_SHARE_OF_LIFE + JITTER_SHARE;
/** How long a session that has lapsed waits for its next try; each one doubles it. */
const COME_BACK_FIRST_MS = 60_000;
const COME_BACK_LONGEST_MS = 10 * 60_000;

export interface RenewalOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier'>;
  state: State;
  device: DeviceRunner;
  credentials: Credentials;
  trustProvider: TrustProvider;
  /** How long before its end a person is warned; 0: not at all. */
  warnBeforeMs: () => number;
  /** A new certificate, without anybody having done anything. */
  onRenewed: () => void;
  /** One that has lapsed may be tried again, in silence. */
  onComeBack: () => Promise<void>;
}

export type Renewal = ReturnType<typeof createRenewal>;

export function createRenewal(options: RenewalOptions) {
  const { state, device, credentials, trustProvider } = options;
  const { clock, log, notifier } = options.ports;
  let timers: (() => void)[] = [];
  let renewing: Promise<boolean> | null = null;
  let lastError: WireError | null = null;
  let warnAt = Infinity;
  let isWarned = false;
  let triesAgain = 0;

  /** For what nobody waits for: a full disk must not end the client. */
  function inBackground(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => log.error(`could not ${what}`, { error }));
  }

  function stopTimers(): void {
    for (const cancel of timers) cancel();
    timers = [];
  }

  function schedule({ issuedAt, expiresAt }: StoredSession): void {
    stopTimers();
    const lifeMs = expiresAt - issuedAt;
    const jitter = (Math.random() * 2 - 1) * JITTER_SHARE;
    const renewAt = issuedAt + lifeMs * (RENEW_AT_SHARE_OF_LIFE + jitter);
    const warnMs = options.warnBeforeMs();
    const warnFrom = Math.max(expiresAt - warnMs, issuedAt + lifeMs * WARN_AT_SHARE_OF_LIFE);
    warnAt = warnMs > 0 ? warnFrom : Infinity;
    timers = [
      clock.after(renewAt - clock.now(), () =>
        inBackground('renew the session', renewUntilEnd(lifeMs)),
      ),
      clock.after(expiresAt - clock.now(), () => inBackground('end the session', expireOrRenew())),
      ...(warnMs > 0 ? [clock.after(warnAt - clock.now(), warnIfNeeded)] : []),
    ];
  }

  function warnIfNeeded(): void {
    const { session } = state.slices;
    const mayBeRenewed = mayRefresh() && lastError === null;
    if (clock.now() < warnAt || mayBeRenewed || !isSignedIn(session)) return;
    state.session({ type: 'ends-soon', because: lastError });
    if (isWarned) return;
    isWarned = true;
    const minutes = Math.max(1, Math.round((session.expiresAt - clock.now()) / 60_000));
    notifier?.show({
      kind: 'session',
      title: `Your session ends in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`,
      body: `${lastError?.message ?? ''} Sign in again to extend it; what is connected stays so.`.trim(),
    });
  }

  async function renewUntilEnd(lifeMs: number): Promise<void> {
    const signal = credentials.life();
    if ((await renew()) || signal.aborted || !mayRefresh()) return;
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
    const signal = credentials.life();
    if (!current?.refreshToken || signal.aborted) return false;
    state.session({ type: 'renewal-started' });
    try {
      const next = await untilAborted(
        signal,
        trustProvider.refresh(device.requireMembership(), current, (refreshToken) =>
          credentials.rotated(current, refreshToken),
        ),
      );
      await credentials.adopt(next, signal);
      options.onRenewed();
      return true;
    } catch (error) {
      if (signal.aborted) return false; // told by what has ended it
      log.warn('the session was not renewed; the certificate stays in use until its end', {
        error,
      });
      lastError = toWireError(error);
      state.session({ type: 'renewal-failed' });
      warnIfNeeded();
      return false;
    }
  }

  /** A computer that slept through the renewal may still have a good refresh token. */
  async function expireOrRenew(): Promise<void> {
    const signal = credentials.life();
    const ending = device.session();
    if ((await renew()) || signal.aborted) return;
    // The reason why nothing could renew it says more than that it is over.
    const because = mayRefresh() ? null : lastError;
    await credentials.lapse(ending, because ?? certificateExpired().toWire(), mayRefresh);
    comeBackLater();
  }

  /** A server that was away comes back without the network telling anybody. */
  function comeBackLater(): void {
    if (state.slices.session.status !== 'expired' || !mayRefresh()) return;
    stopTimers();
    const delayMs = Math.min(COME_BACK_FIRST_MS * 2 ** triesAgain, COME_BACK_LONGEST_MS);
    triesAgain += 1;
    timers = [clock.after(delayMs, () => inBackground('renew the session', options.onComeBack()))];
  }

  const mayRefresh = (): boolean =>
    device.session()?.refreshToken !== undefined && lastError?.code !== 'identity/session-expired';

  return {
    schedule,
    renew,
    expireOrRenew,
    comeBackLater,
    mayRefresh,
    /** Why the last renewal failed, while nothing has been adopted since. */
    lastError: (): WireError | null => lastError,
    failed: (error: unknown): void => void (lastError = toWireError(error)),
    adopted(session: StoredSession): void {
      lastError = null;
      isWarned = false;
      triesAgain = 0;
      schedule(session);
    },
    over: stopTimers,
    settled: (): Promise<unknown> => renewing ?? Promise.resolve(),
  };
}

export const certificateExpired = (): AppError =>
  new AppError('identity/session-expired', 'Your certificate has expired.');
