// Where the edge's own troubles are reported. Fields never hold a secret: no code, password, token or key is passed.
export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (
  level: LogLevel,
  message: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void;

/** What may be said of a thrown thing. */
export function reason(thrown: unknown): string {
  const first = firstOf(thrown);
  return first instanceof Error ? `${first.name}: ${first.message}` : 'unknown';
}

/** Where a name has several addresses, each has failed for a reason of its own, and all of them together for none. */
export const firstOf = (thrown: unknown): unknown =>
  thrown instanceof AggregateError ? ((thrown.errors[0] as unknown) ?? thrown) : thrown;

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
