// A clock that stands still until the test says that it is later.
import type { Clock } from '../../src/main/client/ports.ts';

export interface ManualClock extends Clock {
  /** Runs what falls due on the way, earliest first, each at its own time. */
  advance(byMs: number): void;
}

export function manualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { at: nowMs + Math.max(delayMs, 0), run };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    advance(byMs) {
      const until = nowMs + byMs;
      for (;;) {
        const [next] = timers
          .filter(({ at }) => at <= until)
          .sort((one, other) => one.at - other.at);
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        nowMs = Math.max(nowMs, next.at);
        next.run();
      }
      nowMs = until;
    },
  };
}
