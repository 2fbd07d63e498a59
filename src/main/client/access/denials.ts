// In TCP mode a refusal is a bare close; its words come on the event stream, before or after. This joins the two.
import type { AppError } from '../../../shared/errors.ts';
import type { EventData } from '../../../shared/protocol/events.ts';
import { refusalError } from '../../../shared/protocol/refusals.ts';
import type { Clock } from '../ports.ts';

const WAIT_MS = 2_000;

export interface Denials {
  /** A refusal that was told. */
  record(event: EventData<'connection.denied'>): AppError;
  /** The words for a refusal since then, or the bare error when none come in time. */
  wordsFor(service: string, since: number, bare: AppError): Promise<AppError>;
}

export function createDenials(clock: Clock): Denials {
  const last = new Map<string, { at: number; error: AppError }>();
  const waiting = new Map<string, Set<(error: AppError) => void>>();

  return {
    record({ service, code, reason, correlation_id }) {
      const error = refusalError(code, reason, correlation_id);
      last.set(service, { at: clock.now(), error });
      for (const tell of waiting.get(service) ?? []) tell(error);
      return error;
    },
    wordsFor(service, since, bare) {
      const known = last.get(service);
      if (known && known.at >= since) return Promise.resolve(known.error);
      return new Promise((resolve) => {
        const all = waiting.get(service) ?? new Set();
        const done = (error: AppError): void => {
          cancel();
          all.delete(done);
          resolve(error);
        };
        const cancel = clock.after(WAIT_MS, () => done(bare));
        waiting.set(service, all.add(done));
      });
    },
  };
}
