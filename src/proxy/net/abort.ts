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
  } else if (stream instanceof Socket) {
    stream.resetAndDestroy();
  } else if (isHttp2(stream)) {
    stream.close(constants.NGHTTP2_CANCEL);
  } else {
    stream.destroy();
  }
}

const isHttp2 = (stream: Duplex): stream is Http2Stream & Duplex => 'rstCode' in stream;
