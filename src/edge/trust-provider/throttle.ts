// Makes guessing slow: after a few failures each further one doubles how long the next attempt waits.

export interface Throttle {
  failed(key: string): void;
  succeeded(key: string): void;
  /** Of many attempts one was right: takes back that one alone. */
  forgiven(key: string): void;
  /** Milliseconds until the next attempt is looked at; 0: now. */
  delayMs(key: string): number;
}

export interface ThrottleOptions {
  freeAttempts: number;
  firstDelayMs: number;
  longestDelayMs: number;
}

/** Keys that nobody failed for `longestDelayMs` × 2 are forgotten, and so are the oldest beyond 10,000. */
export function createThrottle(options: ThrottleOptions, now: () => number = Date.now): Throttle {
  const failures = new Map<string, { count: number; at: number; until: number }>();
  return {
    failed(key) {
      const entry = failures.get(key);
      const stale = !entry || now() - entry.at > options.longestDelayMs * 2;
      const count = stale ? 1 : entry.count + 1;
      const over = count - options.freeAttempts;
      const delay =
        over < 0
          ? 0
          : Math.min(options.firstDelayMs * 2 ** Math.min(over, 30), options.longestDelayMs);
      failures.delete(key);
      failures.set(key, { count, at: now(), until: now() + delay });
      const [oldest] = failures.keys();
      if (failures.size > 10_000 && oldest !== undefined) failures.delete(oldest);
    },
    succeeded(key) {
      failures.delete(key);
    },
    forgiven(key) {
      const entry = failures.get(key);
      if (entry && entry.count > 1)
        failures.set(key, { ...entry, count: entry.count - 1, until: 0 });
      else failures.delete(key);
    },
    delayMs: (key) => Math.max(0, (failures.get(key)?.until ?? 0) - now()),
  };
}
