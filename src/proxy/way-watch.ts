// Is the way to the Access Tier still there? Asked after the computer woke up or changed its network, and once it is known
// to be lost, again and again, later each time and never all tunnels at once, until it is back.
import { AppError, toWireError, fromWireError } from '../shared/errors.ts';

/** Many tunnels of one computer wake up together; each asks at a moment of its own. */
const SPREAD_MS = 500;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** A state must be true again 5 s after a change, so an answer that takes longer is a no. */
const ANSWER_WITHIN_MS = 4_000;

export interface WayWatchOptions {
  /** false: it cannot be asked now, so nothing is known. */
  prove: (signal: AbortSignal) => Promise<boolean>;
  onLost: (error: AppError) => void;
  onRestored: () => void;
}

export interface WayWatch {
  check: () => void;
  /** A connection could not be made. */
  lost: (error: AppError) => void;
  /** For good: what is still being opened while the tunnel drains may fail later. */
  stop: () => void;
}

export function createWayWatch({ prove, onLost, onRestored }: WayWatchOptions): WayWatch {
  let isLost = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let asking: AbortController | undefined;

  const rest = (): void => {
    clearTimeout(timer);
    asking?.abort();
    asking = undefined;
  };
  const askAfter = (delayMs: number, retryMs: number): void => {
    rest();
    if (isStopped) return;
    timer = setTimeout(() => void ask(retryMs), delayMs).unref();
  };
  const retry = (retryMs: number): void => {
    askAfter(jittered(retryMs), Math.min(retryMs * 2, LAST_RETRY_MS));
  };
  const lost = (error: AppError): void => {
    if (isLost) return;
    isLost = true;
    onLost(error);
  };
  const ask = async (retryMs: number): Promise<void> => {
    const question = new AbortController();
    asking = question;
    const late = setTimeout(() => question.abort(), ANSWER_WITHIN_MS);
    try {
      const isProven = await prove(question.signal);
      if (asking !== question) return;
      asking = undefined;
      if (!isLost) return;
      if (!isProven) return retry(retryMs);
      isLost = false;
      onRestored();
    } catch (error) {
      if (asking !== question) return; // overtaken, or stopped
      asking = undefined;
      lost(
        question.signal.aborted
          ? new AppError('tunnel/unreachable', 'The Access Tier does not answer.')
          : fromWireError(toWireError(error)),
      );
      retry(retryMs);
    } finally {
      clearTimeout(late);
    }
  };

  return {
    check: () => askAfter(Math.random() * SPREAD_MS, FIRST_RETRY_MS),
    lost(error) {
      if (isLost || isStopped) return;
      lost(error);
      retry(FIRST_RETRY_MS);
    },
    stop() {
      isStopped = true;
      rest();
    },
  };
}

/** Between a half and the whole of it. */
const jittered = (ms: number): number => ms * (0.5 + Math.random() / 2);
