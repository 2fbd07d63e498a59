// Where the edge's own troubles are reported. Fields never hold a secret: no code, password, token or key is passed.
export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void;

/** What may be said of a thrown thing. */
export const reason = (thrown: unknown): string =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'unknown';

/** The same log, and how often it told of an error. */
export function countErrors(log: Log): { log: Log; errors: () => number } {
  let count = 0;
  return {
    errors: () => count,
    log: (level, message, fields) => {
      if (level === 'error') count += 1;
      log(level, message, fields);
    },
  };
}
