// Work that somebody may cancel, and that nobody waits for without end.
import { AppError } from '../../../shared/errors.ts';
import type { Clock } from '../ports.ts';

/** `identity/sign-in-timed-out` when it is later than that. */
export async function inTime<Result>(
  work: Promise<Result>,
  withinMs: number,
  tooLate: string,
  { ports, signal }: { ports: { clock: Clock }; signal: AbortSignal },
): Promise<Result> {
  let cancelTimer = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancelTimer = ports.clock.after(withinMs, () => {
      reject(new AppError('identity/sign-in-timed-out', tooLate));
    });
  });
  try {
    return await untilAborted(signal, Promise.race([work, late]));
  } finally {
    cancelTimer();
  }
}

/** The work, or the reason of the abort when that comes first. */
export function untilAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(signal.reason as Error);
    // One that was aborted before tells nobody any more.
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });
  return Promise.race([aborted, work]);
}
