// The one file that touches what Node does not document: the native handle below a socket. Each function looks before it
// touches; where a part is missing it says no, and its caller does without (slower, or a plainer end of a connection).
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

interface TcpHandle {
  reading?: boolean;
  readStop?: () => number;
  useUserBuffer?: (buffer: Uint8Array) => void;
  reset?: (done: () => void) => number;
  close?: (done: () => void) => void;
}

interface Internals {
  _handle?: (TcpHandle & { _parent?: TcpHandle }) | null;
  resetAndClosing?: boolean;
  _readableState?: { ended: boolean };
}

/** For the option `handle` of a new Socket. */
export type DetachedHandle = TcpHandle;

/** Takes the connection out of its socket, which is left destroyed. null: not possible. Never while it hands over bytes. */
export function detachHandle(socket: Socket): DetachedHandle | null {
  const inner = socket as unknown as Internals;
  const handle = inner._handle;
  if (typeof handle?.readStop !== 'function' || typeof handle.useUserBuffer !== 'function') {
    return null;
  }
  // Its end has been read and not been told yet: the next owner would wait for it.
  if (inner._readableState?.ended) return null;
  handle.readStop();
  handle.reading = false; // or its next owner would think that it reads already
  inner._handle = null;
  socket.removeAllListeners();
  socket.on('error', () => {}); // nothing can happen to it any more
  socket.destroy();
  return handle;
}

/** The next `destroy()` of a TLS socket resets its TCP connection, as `resetAndDestroy()` does for plain ones. */
export function resetOnDestroy(socket: TLSSocket): void {
  const inner = socket as unknown as Internals;
  const handle = inner._handle;
  const transport = handle?._parent;
  if (!handle || typeof transport?.reset !== 'function') return;
  handle.reset = (done) => {
    // Not while an end is on its way (EINVAL); it is then closed as ever.
    if (transport.reset?.(done) !== 0) handle.close?.(done);
    return 0;
  };
  inner.resetAndClosing = true;
}
