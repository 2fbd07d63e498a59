// The last lines of the log, for front ends that ask. Bounded, and redacted before anything is kept: the same words as in
// the file. Debug lines are not here, as every connection has some.
import { LOG_LEVELS, type LogLevel, type LogLine } from '../../../shared/model/activity.ts';
import { redact, redactText } from '../adapters/redact.ts';
import type { Clock, Log, LogFields } from '../ports.ts';

const MOST_LINES = 10_000;
const MOST_AT_ONCE = 1_000;
const LONGEST_FACTS = 600;
/** Fields that name the service a line is about. */
const ABOUT = ['service', 'tunnel'] as const;

export interface RecentLog {
  /** Writes to the log that it was made with, and remembers. */
  log: Log;
  /** Lines with a higher number, the oldest first. */
  after: (number: number) => { lines: LogLine[]; newest: number };
}

export function createRecentLog(log: Log, clock: Pick<Clock, 'now'>, most = MOST_LINES): RecentLog {
  const lines: LogLine[] = [];
  let newest = 0;

  function remember(level: LogLevel, message: string, fields: LogFields = {}): void {
    newest += 1;
    const clean = redact(fields) as LogFields;
    const about = ABOUT.map((name) => clean[name]).find((value) => typeof value === 'string');
    const line: LogLine = {
      number: newest,
      at: clock.now(),
      level,
      message: redactText(message),
      service: typeof about === 'string' ? about : null,
      facts: factsOf(clean),
    };
    lines[(newest - 1) % most] = line;
  }

  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    log[level](message, fields);
    if (level !== LOG_LEVELS[0]) remember(level, message, fields);
  };

  return {
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    after(number) {
      const first = Math.max(number + 1, newest - lines.length + 1);
      const last = Math.min(newest, first + MOST_AT_ONCE - 1);
      const found = Array.from(
        { length: Math.max(0, last - first + 1) },
        (_, index) => lines[(first + index - 1) % most],
      );
      return { lines: found.filter((line) => line !== undefined), newest };
    },
  };
}

function factsOf(fields: LogFields): string {
  const text = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && !ABOUT.some((about) => about === name))
    .map(([name, value]) => `${name}=${inWords(value)}`)
    .join(' ');
  return text.length > LONGEST_FACTS ? `${text.slice(0, LONGEST_FACTS)}…` : text;
}

/** An error reads as its code, its words and what was behind it; where in the program it arose stands in the file. */
function inWords(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('message' in value)) {
    return JSON.stringify(value);
  }
  const { message } = value;
  const code = 'code' in value ? `${String(value.code)}: ` : '';
  const cause = 'cause' in value ? ` (${inWords(value.cause)})` : '';
  return `${code}${typeof message === 'string' ? message : JSON.stringify(message)}${cause}`;
}
