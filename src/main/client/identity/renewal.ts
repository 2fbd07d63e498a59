// Renews a session in silence: some time before its certificate ends, again while that fails, and at the end itself.
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import type { DeviceRunner } from '../device/registration.ts';
import type { StoredSession } from '../device/vault.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import type { Credentials } from './credentials.ts';
import { type TrustProvider, untilAborted } from './sign-in.ts';

const RENEW_AT_SHARE_OF_LIFE = 0.8;
/** Spread, so that a whole organisation does not renew in the same second. */
const JITTER_SHARE = 0.05;
const RENEW_AGAIN_SHARE = 0.04;

export interface RenewalOptions {
  ports: Pick<ClientPorts, 'clock' | 'log'>;
  state: State;
  device: DeviceRunner;
  credentials: Credentials;
  trustProvider: TrustProvider;
}

export function createRenewal(options: RenewalOptions) {
  const { state, device, credentials, trustProvider } = options;
  const { clock, log } = options.ports;
  let timers: (() => void)[] = [];
  let renewing: Promise<boolean> | null = null;
  let lastError: WireError | null = null;

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
    timers = [
      clock.after(renewAt - clock.now(), () =>
        inBackground('renew the session', renewUntilEnd(lifeMs)),
      ),
      clock.after(expiresAt - clock.now(), () => inBackground('end the session', expireOrRenew())),
    ];
  }

  async function renewUntilEnd(lifeMs: number): Promise<void> {
    const signal = credentials.life();
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
    const signal = credentials.life();
    if (!current?.refreshToken || signal.aborted) return false;
    state.session({ type: 'renewal-started' });
    try {
      const next = await untilAborted(
        signal,
        trustProvider.refresh(device.requireMembership(), current),
      );
      await credentials.adopt(next, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false; // told by what has ended it
      log.warn('the session was not renewed; the certificate stays in use until its end', {
        error,
      });
      lastError = toWireError(error);
      state.session({ type: 'renewal-failed' });
      return false;
    }
  }

  /** A computer that slept through the renewal may still have a good refresh token. */
  async function expireOrRenew(): Promise<void> {
    const signal = credentials.life();
    const ending = device.session();
    if ((await renew()) || signal.aborted) return;
    await credentials.lapse(ending, certificateExpired(), mayRefresh);
  }

  const mayRefresh = (): boolean =>
    device.session()?.refreshToken !== undefined && lastError?.code !== 'identity/session-expired';

  return {
    schedule,
    renew,
    expireOrRenew,
    mayRefresh,
    /** Why the last renewal failed, while nothing has been adopted since. */
    lastError: (): WireError | null => lastError,
    failed: (error: unknown): void => void (lastError = toWireError(error)),
    adopted(session: StoredSession): void {
      lastError = null;
      schedule(session);
    },
    over: stopTimers,
    settled: (): Promise<unknown> => renewing ?? Promise.resolve(),
  };
}

export const certificateExpired = (): AppError =>
  new AppError('identity/session-expired', 'Your certificate has expired.');
