// The control socket: how the terminal reaches the running client, and the lock that keeps it the only one.
// See docs/protocol.md 10.
import type { Server, Socket } from 'node:net';
import type { Handlers, SignalListener } from '../../shared/ipc/contract.ts';
import { allCallNames } from '../../shared/ipc/names.ts';
import type { Log } from '../client/ports.ts';
import { controlSocketPath, layout } from '../client/settings/layout.ts';
import { bindExclusively } from './control-binding.ts';
import { controlKey, isNonce, isProof, newNonce, overLines, proofOf } from './control-lines.ts';
import { serve } from './serve.ts';

const LONGEST_LINE = 64 * 1024;
const PROVE_WITHIN_MS = 5_000;
const MOST_CONNECTIONS = 64;
/** So long may the last answers take to go out. */
const LAST_WORDS_MS = 500;

export interface Controlled {
  handlers: Handlers;
  subscribe(listener: SignalListener): () => void;
}

export interface ControlServer {
  /** Answers callers, those too that have been waiting since the socket was bound. */
  serve(client: Controlled): void;
  stop(): Promise<void>;
}

/** Takes the lock. Rejects with `client/already-running` where another client has it. */
export async function bindControlSocket(
  home: string,
  log: Log,
  socketPath: string = controlSocketPath(home),
): Promise<ControlServer> {
  const key = await controlKey(layout(home).controlKey, true);
  const server = await bindExclusively(socketPath);
  const sockets = new Set<Socket>();
  let start: (client: Controlled) => void = () => {};
  const client = new Promise<Controlled>((resolve) => (start = resolve));

  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // a caller that was killed: ordinary
    converse(socket, key, client, log);
  });

  return {
    serve: (running) => start(running),
    async stop() {
      for (const socket of sockets) socket.end();
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, LAST_WORDS_MS);
      await closed(server);
      clearTimeout(cut);
    },
  };
}

function converse(socket: Socket, key: Buffer, client: Promise<Controlled>, log: Log): void {
  const nonce = newNonce();
  const tooLong = setTimeout(() => socket.destroy(), PROVE_WITHIN_MS);
  let proved = false;
  const answering = client.then(({ handlers }) =>
    serve<Socket>({
      handlers,
      calls: allCallNames,
      isTrusted: (sender) => sender === socket && proved,
      log,
    }),
  );

  const lines = overLines(socket, LONGEST_LINE, (message) => {
    if (proved) return inBackground('answer', answer(message));
    const { nonce: theirs, proof } = message;
    if (!isNonce(theirs) || !isProof(proof, proofOf(key, 'client', nonce, theirs))) {
      log.warn('a caller of the control socket could not prove itself');
      return void socket.destroy();
    }
    proved = true;
    clearTimeout(tooLong);
    lines.send({ proof: proofOf(key, 'server', theirs, nonce) });
    return inBackground('forward signals', forwardSignals());
  });
  socket.once('close', () => clearTimeout(tooLong));
  lines.send({ nonce });

  /** One caller's trouble ends its connection, never the client. */
  function inBackground(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => {
      log.error(`could not ${what} on the control socket`, { error });
      socket.destroy();
    });
  }

  async function answer({ id, call, input }: Record<string, unknown>): Promise<void> {
    const server = await answering;
    lines.send({ id, reply: await server.answer(socket, call, input) });
  }

  async function forwardSignals(): Promise<void> {
    const controlled = await client;
    if (socket.destroyed) return;
    const unsubscribe = controlled.subscribe((signal, payload) => lines.send({ signal, payload }));
    socket.once('close', unsubscribe);
  }
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });
