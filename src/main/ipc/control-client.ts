// The other end of the control socket: a ClientApi onto the client that runs. See docs/protocol.md 10.
import { connect, type Socket } from 'node:net';
import { AppError } from '../../shared/errors.ts';
import { createClientApi } from '../../shared/ipc/bridge.ts';
import { type ClientApi, type Reply, type SignalListener } from '../../shared/ipc/contract.ts';
import { signalNames } from '../../shared/ipc/names.ts';
import { controlSocketPath, layout } from '../client/settings/layout.ts';
import {
  controlKey,
  isNonce,
  isProof,
  type Lines,
  newNonce,
  overLines,
  proofOf,
  refused,
} from './control-lines.ts';

const LONGEST_LINE = 32 * 1024 * 1024;
const PROVE_WITHIN_MS = 5_000;

export interface ControlClient extends ClientApi {
  /** Resolves when the client at the other end is gone. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Rejects with `client/not-running`, or with `client/control-refused` when the other end is not ours. */
export async function connectControlSocket(
  home: string,
  socketPath: string = controlSocketPath(home),
): Promise<ControlClient> {
  const socket = await reach(socketPath);
  // Before anything listens: the other end speaks first, and what nobody hears is lost.
  const key = await controlKey(layout(home).controlKey, false).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  const waiting = new Map<number, (reply: Reply) => void>();
  const listeners = new Set<SignalListener>();
  let calls = 0;
  let onProved: (message: Record<string, unknown>) => void = () => {};
  let proved = false;

  const lines = overLines(socket, LONGEST_LINE, (message) => {
    if (!proved) return onProved(message);
    if (typeof message['id'] === 'number') {
      waiting.get(message['id'])?.(message['reply'] as Reply);
      return waiting.delete(message['id']);
    }
    const name = signalNames.find((candidate) => candidate === message['signal']);
    if (name) for (const listener of listeners) listener(name, message['payload'] as never);
    return undefined;
  });
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      const gone = new AppError('client/not-running', 'Banyan stopped before it had answered.');
      for (const answer of waiting.values()) answer({ ok: false, error: gone.toWire() });
      waiting.clear();
      resolve();
    });
  });

  try {
    await prove(socket, lines, key, (listener) => {
      onProved = listener;
    });
    proved = true;
  } catch (error) {
    socket.destroy();
    throw error;
  }

  const api = createClientApi({
    invoke: (call, input) =>
      new Promise<Reply>((resolve) => {
        const id = ++calls;
        if (socket.destroyed) {
          const gone = new AppError('client/not-running', 'Banyan is not running any more.');
          return resolve({ ok: false, error: gone.toWire() });
        }
        waiting.set(id, resolve);
        return lines.send({ id, call, input });
      }),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  });
  return { ...api, ended, close: () => socket.destroy() };
}

function reach(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.removeAllListeners('error').on('error', () => socket.destroy()); // told by 'close'
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      const isAbsent = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED';
      reject(
        isAbsent
          ? new AppError('client/not-running', 'No Banyan runs with this folder.', { cause })
          : refused(`its socket answers ${String(cause.code)}`),
      );
    });
  });
}

/** Nothing is asked or told until the other end has shown that it can read our folder too. */
function prove(
  socket: Socket,
  lines: Lines,
  key: Buffer,
  onMessage: (listener: (message: Record<string, unknown>) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const mine = newNonce();
    let theirs: string | null = null;
    const tooLong = setTimeout(() => fail('it does not answer'), PROVE_WITHIN_MS);
    const fail = (why: string): void => {
      clearTimeout(tooLong);
      reject(refused(why));
    };
    socket.once('close', () => fail('it closed the connection'));
    onMessage((message) => {
      if (theirs === null) {
        if (!isNonce(message['nonce'])) return fail('it does not speak our language');
        theirs = message['nonce'];
        return lines.send({ nonce: mine, proof: proofOf(key, 'client', theirs, mine) });
      }
      if (!isProof(message['proof'], proofOf(key, 'server', mine, theirs))) {
        return fail('it cannot prove that it is yours');
      }
      clearTimeout(tooLong);
      return resolve();
    });
  });
}
