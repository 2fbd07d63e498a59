// The lines of the log as this window holds them: as many as the client does, and no more.
import type { LogLevel, LogLine } from '../../../shared/model/activity.ts';
import { LOG_LEVELS } from '../../../shared/model/activity.ts';

const MOST_LINES = 10_000;

/** A client that was started anew counts from the beginning: what it has not written is not its log. */
export function withMore(
  held: readonly LogLine[],
  { lines, newest }: { lines: readonly LogLine[]; newest: number },
): readonly LogLine[] {
  if (newest < newestOf(held)) return [];
  const known = newestOf(held);
  const more = lines.filter(({ number }) => number > known);
  return more.length === 0 ? held : [...held, ...more].slice(-MOST_LINES);
}

export const newestOf = (held: readonly LogLine[]): number => held.at(-1)?.number ?? 0;

export interface LogFilter {
  service: string | null;
  /** And what is more important. */
  level: Exclude<LogLevel, 'debug'>;
}

export function matching(
  held: readonly LogLine[],
  { service, level }: LogFilter,
): readonly LogLine[] {
  if (service === null && level === 'info') return held;
  const least = LOG_LEVELS.indexOf(level);
  return held.filter(
    (line) =>
      LOG_LEVELS.indexOf(line.level) >= least && (service === null || line.service === service),
  );
}
