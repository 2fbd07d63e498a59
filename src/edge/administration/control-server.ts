// The control socket: how `banyan-edge` in a terminal reaches the edge that runs. Who may open it is decided by the
// file system: the folder belongs to the edge's account alone (decision 16). One call per connection, lines of JSON.
import type { Server, Socket } from 'node:net';
import { AppError, toWireError } from '../../shared/errors.ts';
import type { z } from '../../shared/schema.ts';
import { type Log, reason } from '../log.ts';
import { type CallInput, CALLS, type CallName, isCallName } from './calls.ts';
import { DocumentError } from './document-error.ts';
import { lockData } from './data-lock.ts';

const LONGEST_LINE = 2 * 1024 * 1024;
const ASK_WITHIN_MS = 10_000;
const MOST_CONNECTIONS = 128;
/** Of those on which nothing has been asked yet; commands ask at once. */
const MOST_WAITING = 64;
/** A follower that does not read is cut before it fills our memory. */
const MOST_BUFFERED = 4 * 1024 * 1024;

/** What a call that goes on tells, until nobody listens any more. */
export interface Listener {
  tell(value: object): void;
  readonly gone: Promise<void>;
}

export type Handlers = {
  readonly [Name in CallName]: (input: CallInput<Name>, listener: Listener) => Promise<object>;
};

export interface Control {
  /** Answers those too that have been waiting since the folder was taken. */
  serve(handlers: Handlers): void;
  /** No further call: what it would change is being closed. */
  refuse(): void;
  /** Gives the folder back. */
  stop(): Promise<void>;
}

/** Takes the folder. Rejects with `edge/already-running` where another edge has it. */
export async function openControl(data: string, log: Log): Promise<Control> {
  const server = await lockData(data);
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  let serve: (handlers: Handlers) => void = () => {};
  const handlers = new Promise<Handlers>((resolve) => (serve = resolve));
  let isStopping = false;
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    // Idle ones must not keep a command out: the one that has waited longest makes room.
    const [longest] = waiting;
    if (longest && waiting.size >= MOST_WAITING) {
      waiting.delete(longest);
      longest.destroy();
    }
    waiting.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      waiting.delete(socket);
    });
    socket.on('error', () => socket.destroy()); // a command that was killed: ordinary
    const asked = (): Promise<Handlers> => {
      waiting.delete(socket);
      return isStopping ? Promise.reject(stopping()) : handlers;
    };
    converse(socket, asked, log);
  });
  return {
    serve,
    refuse: () => void (isStopping = true),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await closed(server);
    },
  };
}

function converse(socket: Socket, handlers: () => Promise<Handlers>, log: Log): void {
  const send = (value: object): void => {
    if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
    if (socket.writableLength > MOST_BUFFERED) socket.destroy();
  };
  const tooLong = setTimeout(() => socket.destroy(), ASK_WITHIN_MS);
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let asked = '';
  const listen = (chunk: string): void => {
    asked += chunk;
    const end = asked.indexOf('\n');
    if (end < 0 && asked.length <= LONGEST_LINE) return;
    clearTimeout(tooLong);
    socket.off('data', listen);
    if (end < 0) return void socket.destroy();
    socket.resume(); // or its end would not be noticed
    void answer(asked.slice(0, end), handlers, { tell: (event) => send({ event }), gone }, log)
      .then(send)
      .then(() => socket.end());
  };
  socket.once('close', () => clearTimeout(tooLong));
  socket.setEncoding('utf8').on('data', listen);
  send({ edge: 1, pid: process.pid });
}

/** Never rejects. */
async function answer(
  line: string,
  handlers: () => Promise<Handlers>,
  listener: Listener,
  log: Log,
): Promise<object> {
  try {
    const { call, input } = JSON.parse(line) as Record<string, unknown>;
    if (!isCallName(call)) return { ok: false, error: toWireError(null) };
    const handler = (await handlers())[call] as (
      input: unknown,
      listener: Listener,
    ) => Promise<object>;
    const decoded = CALLS[call].safeParse(input);
    if (!decoded.success) throw unusable(decoded.error);
    return { ok: true, value: await handler(decoded.data, listener) };
  } catch (error) {
    const wire = toWireError(error);
    if (wire.code === 'internal') log('error', 'a command failed', { reason: reason(error) });
    const problems = error instanceof DocumentError ? { problems: error.problems } : {};
    return { ok: false, error: wire, ...problems };
  }
}

/** Never quotes the value: it may be a password. */
const unusable = ({ issues }: z.ZodError): AppError => {
  const said = issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  return new AppError('edge/value-invalid', `${said.join('; ')}.`);
};

const stopping = (): AppError => new AppError('edge/not-running', 'The edge is stopping.');

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });
