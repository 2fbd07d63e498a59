// Why the Access Tier refuses: codes of problem documents (RFC 9457) and of `connection.denied`. See docs/protocol.md 8.
import { z } from '../schema.ts';
import { REFUSALS, type RefusalCode } from './refusal-codes.ts';
import { label, sentence } from './text.ts';

export const refusalCode = z.enum(Object.keys(REFUSALS) as [RefusalCode, ...RefusalCode[]]);

/** Body of a refused CONNECT, `application/problem+json`. */
export const problemDocument = z.object({
  type: z.string().max(200),
  title: label,
  status: z.number().int(),
  detail: sentence,
  code: refusalCode,
  correlation_id: label,
});

export { type RefusalCode, refusalError } from './refusal-codes.ts';
