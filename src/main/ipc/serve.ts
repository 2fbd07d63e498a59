// One server for every transport: check the sender, decode the input, run the handler, wrap the answer.
// It can't be bypassed: transports hand over raw names and inputs and get replies, never handlers.
import { randomUUID } from 'node:crypto';
import { AppError, toWireError } from '../../shared/errors.ts';
import {
  type Call,
  type CallName,
  contract,
  type Handlers,
  type Reply,
} from '../../shared/ipc/contract.ts';
import { z } from '../../shared/schema.ts';
import type { Log } from '../client/ports.ts';

export interface Server<Sender> {
  /** Answers every call with a reply; never throws. */
  answer(sender: Sender, name: unknown, input: unknown): Promise<Reply>;
}

export interface ServeOptions<Sender> {
  handlers: Handlers;
  /** What callers of this transport may call. */
  calls: readonly CallName[];
  /** Absent means nobody: each transport must say whom it trusts. */
  isTrusted: (sender: Sender) => boolean;
  log: Log;
}

export function serve<Sender>({
  handlers,
  calls,
  isTrusted,
  log,
}: ServeOptions<Sender>): Server<Sender> {
  return {
    async answer(sender, name, input) {
      const correlationId = randomUUID();
      try {
        if (!isTrusted(sender)) {
          throw new AppError('client/control-refused', 'This caller may not control Banyan.');
        }
        const call = lookUp(name, calls);
        const decoded = call.schema.input.safeParse(input);
        if (!decoded.success) {
          throw new AppError(
            'usage/invalid-input',
            `${call.name} was called with values that cannot be used: ${z.prettifyError(decoded.error)}`,
          );
        }
        const handler = handlers[call.name] as (input: unknown) => Promise<unknown>;
        return { ok: true, value: await handler(decoded.data) };
      } catch (error) {
        log.warn('call refused or failed', {
          // Only text: an object's own toString may throw, or be anything.
          call: typeof name === 'string' ? name.slice(0, 60) : typeof name,
          correlationId,
          error,
        });
        return { ok: false, error: toWireError(error, correlationId) };
      }
    },
  };
}

function lookUp(name: unknown, calls: readonly CallName[]): { name: CallName; schema: Call } {
  const known = calls.find((candidate) => candidate === name);
  if (!known) {
    throw new AppError('usage/invalid-input', 'There is no such call.', {
      details: { isUnknownCall: true },
    });
  }
  const [group = '', call = ''] = known.split('.');
  const schema = (contract as Record<string, Record<string, Call>>)[group]?.[call];
  if (!schema) throw new Error(`${known} is listed but not in the contract`);
  return { name: known, schema };
}
