// Each change that an administrator makes, in the audit beside the decisions that follow from it.
import { randomUUID } from 'node:crypto';
import type { Audit } from '../audit/audit.ts';

/** To be awaited before the answer: who is told that it is done may rely on its being recorded. */
export type RecordChange = (change: {
  /** The call, e.g. `service.put`. */
  action: string;
  subject: string;
  version?: number;
  /** As it was given. */
  reason?: string;
  by: string;
}) => Promise<void>;

export const createRecordChange =
  (audit: Audit): RecordChange =>
  (change) => {
    audit.write({ event: 'change', correlation_id: randomUUID(), allowed: true, ...change });
    return audit.written();
  };
