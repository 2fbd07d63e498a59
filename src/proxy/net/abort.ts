// Ends a connection so that its peer does not take it for finished: a reset (RST) instead of an orderly end (FIN).
import { constants, type Http2Stream } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { resetOnDestroy } from './native-handle.ts';

export function abort(stream: Duplex): void {
  if (stream.destroyed) return;
  if (stream instanceof TLSSocket) {
    // Node's `resetAndDestroy()` refuses TLS. By FIN, servers that do not look for close_notify, Node's among them, would
    // take the bytes so far for the whole message.
    resetOnDestroy(stream);
    stream.destroy();
  } else if (stream instanceof Socket && !isShuttingDown(stream)) {
    stream.resetAndDestroy();
  } else if (isHttp2(stream)) {
    // Node sends an end (END_STREAM) ahead of the reset, and whoever reads that first takes the bytes so far for all.
    Object.assign(stream, { _final: (done: () => void) => done() });
    // As RFC 9113 8.5 wants it for a tunnel. The code goes out; waiting for bytes that nobody reads would keep it open.
    stream.close(constants.NGHTTP2_CONNECT_ERROR);
    stream.destroy();
  } else {
    stream.destroy();
  }
}

/** libuv refuses to reset while an end is on its way, and Node then never closes the socket. */
const isShuttingDown = (socket: Socket): boolean =>
  socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;

const isHttp2 = (stream: Duplex): stream is Http2Stream & Duplex => 'rstCode' in stream;

/** All that was written has gone out. Node 24 closes an HTTP/2 stream that both sides have ended without a 'finish'. */
export const hasSentAll = (stream: Duplex): boolean =>
  stream.writableFinished ||
  (isHttp2(stream) &&
    stream.writableEnded &&
    !stream.aborted &&
    stream.rstCode === constants.NGHTTP2_NO_ERROR);

/** An HTTP/2 stream that its peer reset, or whose connection was lost, shows an end as well. */
export const isReset = (stream: Duplex): boolean =>
  isHttp2(stream) &&
  (stream.destroyed ||
    stream.aborted ||
    (stream.rstCode !== undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR));
