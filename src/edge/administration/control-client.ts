// The terminal's end of the control socket: one call, its answer, and what it tells on the way.
import { connect, type Socket } from 'node:net';
import { AppError, fromWireError, type WireError } from '../../shared/errors.ts';
import type { Problem } from '../json/read.ts';
import type { Administration } from './administration.ts';
import type { CallName, CALLS } from './calls.ts';
import { controlSocketOf } from './data-lock.ts';
import { DocumentError } from './document-error.ts';
import type { z } from '../../shared/schema.ts';

export type CallOutput<Name extends CallName> = Administration[Name] extends (
  ...inputs: never[]
) => Promise<infer Output>
  ? Output
  : never;

export type Call = <Name extends CallName>(
  name: Name,
  input: z.input<(typeof CALLS)[Name]>,
  onEvent?: (event: object) => void,
) => Promise<CallOutput<Name>>;

interface Message {
  event?: object;
  ok?: boolean;
  value?: unknown;
  error?: WireError;
  problems?: readonly Problem[];
}

export function callsTo(data: string): Call {
  return async <Name extends CallName>(
    name: Name,
    input: z.input<(typeof CALLS)[Name]>,
    onEvent: (event: object) => void = () => {},
  ): Promise<CallOutput<Name>> => {
    const socket = await reach(data);
    socket.write(`${JSON.stringify({ call: name, input })}\n`);
    for await (const message of messages(socket)) {
      if (message.event) onEvent(message.event);
      if (message.ok === true) return message.value as CallOutput<Name>;
      if (message.error) throw errorOf(message.error, message.problems);
    }
    throw new AppError('edge/not-running', 'The edge stopped before it had answered.');
  };
}

function errorOf(error: WireError, problems: readonly Problem[] | undefined): AppError {
  const file = error.details?.['file'];
  const isDocument = problems !== undefined && typeof file === 'string';
  return isDocument ? new DocumentError(file, problems) : fromWireError(error);
}

function reach(data: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocketOf(data));
    socket.once('connect', () => {
      socket.removeAllListeners('error').on('error', () => socket.destroy()); // told by its end
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      const isAbsent = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED';
      reject(
        isAbsent
          ? new AppError('edge/not-running', `No edge runs on ${data}.`, { cause })
          : new AppError(
              'edge/control-refused',
              `The control socket of ${data} cannot be opened (${String(cause.code)}).`,
              { cause },
            ),
      );
    });
  });
}

/** Ends with the connection, however that ends. */
async function* messages(socket: Socket): AsyncGenerator<Message> {
  let rest = '';
  socket.setEncoding('utf8');
  const chunks = socket.iterator({ destroyOnReturn: true });
  for (;;) {
    const next = await chunks.next().catch(() => ({ done: true, value: '' }));
    if (next.done) return;
    const lines = `${rest}${String(next.value)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Message;
  }
}
