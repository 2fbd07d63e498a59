// How a connection ended and how long it was, as people read it: in the window and in the terminal alike.
import type { ConnectionOutcome, RecentConnection } from './activity.ts';

const OUTCOMES: Record<ConnectionOutcome, string> = {
  running: 'Running',
  finished: 'Finished',
  reset: 'Ended abruptly',
  idle: 'Ended: nothing was sent for long',
  lifetime: 'Ended: open for too long',
  closed: 'Ended by disconnecting',
  refused: 'Refused: a web page made it',
  denied: 'Not allowed',
};

export const outcomeWord = ({ outcome, because }: RecentConnection): string =>
  // The Access Tier would have let it through.
  because?.code === 'tunnel/target-unreachable' ? 'No answer' : OUTCOMES[outcome];

/** e.g. `< 0.1 s`, `0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationWords(ms: number): string {
  if (ms < 100) return '< 0.1 s';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
