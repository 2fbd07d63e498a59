// How long a browser's connection may wait between requests, however slowly a head comes in. A server that does not
// listen itself has none of Node's own limits for that.
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Patience {
  begin(socket: Socket): void;
  /** A request has come; null: it takes the connection for good. */
  served(socket: Socket, response: ServerResponse | null): void;
  /** No further request: ends now where none runs, else after it. */
  drain(socket: Socket): void;
}

interface Waiting {
  timer: NodeJS.Timeout | null;
  running: number;
  isDraining: boolean;
}

export function createPatience(waitingMs: number): Patience {
  const all = new WeakMap<Socket, Waiting>();
  const wait = (socket: Socket, waiting: Waiting): void => {
    if (waiting.isDraining) socket.destroySoon();
    else waiting.timer = setTimeout(() => socket.destroy(), waitingMs).unref();
  };
  const stopWaiting = (waiting: Waiting): void => {
    if (waiting.timer) clearTimeout(waiting.timer);
    waiting.timer = null;
  };
  return {
    begin(socket) {
      const waiting: Waiting = { timer: null, running: 0, isDraining: false };
      all.set(socket, waiting);
      socket.once('close', () => stopWaiting(waiting));
      wait(socket, waiting);
    },
    served(socket, response) {
      const waiting = all.get(socket);
      if (!waiting) return;
      stopWaiting(waiting);
      waiting.running += 1;
      response?.once('close', () => {
        waiting.running -= 1;
        if (waiting.running === 0 && !socket.destroyed) wait(socket, waiting);
      });
    },
    drain(socket) {
      const waiting = all.get(socket);
      if (!waiting || waiting.isDraining) return;
      waiting.isDraining = true;
      if (waiting.running > 0) return;
      stopWaiting(waiting);
      socket.destroySoon();
    },
  };
}
