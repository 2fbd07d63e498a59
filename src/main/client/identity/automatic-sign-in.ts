// What may happen without anybody having asked for it, while connections wait for a new certificate. A person's own
// click is not asked here: it always opens the page.
import type { WireError } from '../../../shared/errors.ts';
import type { Clock } from '../ports.ts';

/** A program that tries again all night must not fill the browser with tabs. */
const PAGE_EVERY_MS = 10 * 60_000;
/** A program that tries again at once must not become a flood of requests to the organisation. */
const TRY_AGAIN_MS = 5_000;

export interface AutomaticSignIn {
  /** True at most once in ten minutes, whatever it is asked for; a true one counts. */
  takePage(): boolean;
  failed(error: WireError): void;
  /** Why the last try failed, while another one would be too early. */
  justFailed(): WireError | null;
}

export function createAutomaticSignIn(clock: Clock): AutomaticSignIn {
  let pageAt = -Infinity;
  let failure: { at: number; error: WireError } | null = null;
  /** A clock that was set back must not make these wait for the time that it lost. */
  const isWithin = (at: number, limitMs: number): boolean => {
    const since = clock.now() - at;
    return since >= 0 && since < limitMs;
  };
  return {
    takePage() {
      if (isWithin(pageAt, PAGE_EVERY_MS)) return false;
      pageAt = clock.now();
      return true;
    },
    failed: (error) => void (failure = { at: clock.now(), error }),
    justFailed: () => (failure && isWithin(failure.at, TRY_AGAIN_MS) ? failure.error : null),
  };
}
