// Notifications about services that nobody has just asked for: refused by policy, or a port that is taken. One for each cause,
// however many services and connections it hits, and none again before it has been well in between.
import { type ErrorCode, explain, type WireError } from '../../../shared/errors.ts';
import type { ClientPorts } from '../ports.ts';

/** What comes in a burst, e.g. every service of somebody whose role was taken away, is told together. */
const TOGETHER_WITHIN_MS = 500;
/** A service that is refused, let in and refused again all day long is told about no more often. */
const QUIET_MS = 10 * 60_000;
const MOST_NAMES = 3;

const TITLES: Partial<Record<ErrorCode, (names: string) => string>> = {
  'tunnel/denied': (names) => `You may not use ${names} now`,
  'tunnel/port-in-use': (names) => `No free port for ${names}`,
  'tunnel/listen-failed': (names) => `No port for ${names}`,
};

interface Cause {
  error: WireError;
  /** Ids of those that were told. */
  services: Set<string>;
  /** Names of those that are yet to be told. */
  waiting: string[];
  /** Milliseconds since the epoch. */
  toldAt: number;
}

export function createTroubleNotices({ notifier, clock }: Pick<ClientPorts, 'notifier' | 'clock'>) {
  const causes = new Map<string, Cause>();
  let cancel: (() => void) | null = null;
  /** By service, whatever the cause. */
  const lastTold = new Map<string, number>();
  const isQuiet = (id: string): boolean => clock.now() - (lastTold.get(id) ?? -Infinity) < QUIET_MS;

  function show(): void {
    cancel = null;
    for (const cause of causes.values()) {
      const { error, waiting } = cause;
      if (waiting.length === 0) continue;
      cause.waiting = [];
      cause.toldAt = clock.now();
      const title = TITLES[error.code]?.(listed(waiting)) ?? '';
      notifier?.show({ kind: 'trouble', title, body: explain(error), isNews: true });
    }
  }

  return {
    /** Anything but the codes above is seen in the window only: it passes by itself, or a person has asked for it. */
    tell(service: { id: string; friendlyName: string }, error: WireError): void {
      if (!notifier || !TITLES[error.code]) return;
      const key = causeOf(error);
      const cause = causes.get(key) ?? {
        error,
        services: new Set(),
        waiting: [],
        toldAt: -Infinity,
      };
      if (cause.services.has(service.id) || isQuiet(service.id)) return;
      // Others that it hits one by one are seen in the window; who is still hit later is told then.
      if (clock.now() - cause.toldAt < QUIET_MS) return;
      lastTold.set(service.id, clock.now());
      cause.services.add(service.id);
      cause.waiting.push(service.friendlyName);
      causes.set(key, cause);
      cancel ??= clock.after(TOGETHER_WITHIN_MS, show);
    },

    /** It works: the next trouble of this service is news. */
    well(id: string): void {
      for (const [key, { services, toldAt }] of causes) {
        if (!services.has(id) || clock.now() - toldAt < QUIET_MS) continue;
        services.delete(id);
        if (services.size === 0) causes.delete(key);
      }
    },

    /** The next person starts afresh. */
    forget(): void {
      cancel?.();
      cancel = null;
      causes.clear();
      lastTold.clear();
    },
  };
}

/** What a policy says is the same for many services; of ports, that several are taken is enough to know. */
const causeOf = ({ code, message, details }: WireError): string => {
  if (code !== 'tunnel/denied') return code;
  return `${code} ${typeof details?.['refusal'] === 'string' ? details['refusal'] : message}`;
};

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES);
  const left = names.length - shown.length;
  const all = left > 0 ? [...shown, `${left} more`] : shown;
  const last = all.at(-1) ?? '';
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`;
}
