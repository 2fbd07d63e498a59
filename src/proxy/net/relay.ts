// Copies bytes both ways between two sockets until both directions have ended. Half-close is preserved: the end of one
// direction never cuts the other (both sockets must be opened with `allowHalfOpen: true`).
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

export interface RelayOptions {
  /** Cut when no byte has moved either way for this long; a half-closed peer that never finishes ends here too. */
  idleMs?: number;
}

export interface RelayResult {
  bytesNearToFar: number;
  bytesFarToNear: number;
  /** `finished`: both directions ended properly. `reset` is ordinary too: a peer closed abruptly. */
  ended: 'finished' | 'reset' | 'idle';
}

/** Resolves when both sockets are closed; never rejects. */
export function relay(
  near: Duplex,
  far: Duplex,
  { idleMs = 0 }: RelayOptions = {},
): Promise<RelayResult> {
  return new Promise((resolve) => {
    const result: RelayResult = { bytesNearToFar: 0, bytesFarToNear: 0, ended: 'finished' };
    let open = 2;
    const cut = (how: 'reset' | 'idle') => {
      if (result.ended === 'finished') result.ended = how;
      abort(near);
      abort(far);
    };
    const idle = idleMs > 0 ? setTimeout(() => cut('idle'), idleMs) : undefined;

    const copy = (from: Duplex, to: Duplex, count: (bytes: number) => void) => {
      from.on('data', (chunk: Buffer) => {
        count(chunk.length);
        idle?.refresh();
        // Back-pressure: a slow reader must slow the sender down, not fill our memory.
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => from.resume());
      // A peer that ended while the other side was being dialled has emitted its 'end' already.
      if (from.readableEnded) to.end();
      else from.on('end', () => to.end());
      from.on('error', () => cut('reset'));
      from.on('close', () => {
        // Closed without an end: the peer is gone, so nothing it was still owed can be delivered.
        if (!from.readableEnded || !from.writableFinished) cut('reset');
        open -= 1;
        if (open > 0) return;
        clearTimeout(idle);
        resolve(result);
      });
      // A socket whose head was read before has been paused explicitly; a listener alone does not restart it.
      from.resume();
    };
    copy(near, far, (bytes) => (result.bytesNearToFar += bytes));
    copy(far, near, (bytes) => (result.bytesFarToNear += bytes));
    // Either may have died while the other was being dialled; its 'close' has then been emitted already.
    if (near.closed || far.closed) {
      open -= Number(near.closed) + Number(far.closed);
      cut('reset');
      if (open === 0) {
        clearTimeout(idle);
        resolve(result);
      }
    }
  });
}

/** A reset, so that the peer does not take a cut connection for a finished one. TLS has no such thing in Node. */
function abort(socket: Duplex): void {
  if (socket instanceof Socket && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
  else socket.destroy();
}
