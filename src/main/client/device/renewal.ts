// When the DeviceCert is renewed: at two thirds of its life, spread over the devices of an organisation, again and again
// until it worked, and after sleep. A renewal that goes on failing is told long before the end.
import { AppError, toWireError } from '../../../shared/errors.ts';
import { localTime } from '../../../shared/local-time.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';

const RENEW_AT_SHARE_OF_LIFE = 2 / 3;
/** Spread, so that devices that were set up on one morning do not come back in one second. */
const JITTER_SHARE = 0.05;
/** From here on whoever uses this computer is told once in so many words, besides what the window shows. */
const WARN_AT_SHARE_OF_LIFE = 5 / 6;
const RETRY_SHARE_OF_LIFE = 1 / 20;
const SHORTEST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60 * 60_000;
/** Timers of weeks are not to be relied on. */
const LOOK_AGAIN_MS = 6 * 60 * 60_000;

export interface CertificateLife {
  /** Milliseconds since the epoch. */
  issuedAt: number;
  expiresAt: number;
}

export interface RenewalOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier'>;
  state: State;
  organisation: string;
  life: CertificateLife;
  /** Asks for the next certificate and puts it into use; then this renewal is over. */
  renew: () => Promise<void>;
}

export interface Renewal {
  /** Timers stand still while a computer sleeps. */
  check(): void;
  stop(): void;
}

export function followRenewal(options: RenewalOptions): Renewal {
  const { ports, state, organisation, life, renew } = options;
  const { clock, log, notifier } = ports;
  const lifeMs = life.expiresAt - life.issuedAt;
  const jitter = (Math.random() * 2 - 1) * JITTER_SHARE;
  const dueAt = life.issuedAt + lifeMs * (RENEW_AT_SHARE_OF_LIFE + jitter);
  const retryMs = Math.min(
    Math.max(lifeMs * RETRY_SHARE_OF_LIFE, SHORTEST_RETRY_MS),
    LONGEST_RETRY_MS,
  );
  let isOver = false;
  let isRenewing = false;
  let isWarned = false;
  let cancel = (): void => {};

  function lookIn(delayMs: number): void {
    cancel();
    if (!isOver) cancel = clock.after(delayMs, look);
  }

  function look(): void {
    const leftMs = dueAt - clock.now();
    if (leftMs > 0) lookIn(Math.min(leftMs, LOOK_AGAIN_MS));
    else if (!isRenewing) void tryOnce();
  }

  async function tryOnce(): Promise<void> {
    isRenewing = true;
    try {
      await renew();
    } catch (error) {
      if (isOver) return;
      log.warn('the certificate of this device was not renewed; it stays in use', { error });
      tell(error);
      lookIn(retryMs * (0.75 + Math.random() / 2));
    } finally {
      isRenewing = false;
    }
  }

  function tell(thrown: unknown): void {
    const error = explain(thrown);
    state.device({ type: 'renewal-failed', error: error.toWire() });
    const isLate = clock.now() >= life.issuedAt + lifeMs * WARN_AT_SHARE_OF_LIFE;
    if (!isLate || isWarned) return;
    isWarned = true;
    notifier?.show({
      kind: 'trouble',
      title: 'The certificate of this device ends soon',
      body: error.message,
    });
  }

  /** Whether it is over is for the organisation to say: this computer's clock may be wrong. */
  function explain(thrown: unknown): AppError {
    if (thrown instanceof AppError && thrown.code === 'device/certificate-expired') return thrown;
    const { message } = toWireError(thrown);
    const end = localTime(life.expiresAt);
    return new AppError(
      'device/renewal-failed',
      `${organisation} did not renew the certificate of this device, which ends on ${end}. ${message}`,
      { cause: thrown },
    );
  }

  // At a start that is overdue, after whatever else a start does.
  lookIn(Math.min(Math.max(dueAt - clock.now(), SHORTEST_RETRY_MS), LOOK_AGAIN_MS));
  return {
    check: look,
    stop() {
      isOver = true;
      cancel();
    },
  };
}
