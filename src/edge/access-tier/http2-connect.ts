// Many CONNECTs on one TLS connection (RFC 9113 8.5): speaks HTTP/2, decides nothing. Each stream is asked for on its own.
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { relay } from '../../proxy/net/relay.ts';
import type { HostAndPort } from '../../shared/protocol/text.ts';
import { problem } from '../http/exchange.ts';
import { parseAuthority } from './connect.ts';
import type { Refusal } from './reach.ts';

export interface StreamRequest {
  wanted: HostAndPort | 'malformed';
  /** The client has given the stream up. */
  signal: AbortSignal;
}
export type StreamAnswer = (
  | {
      refused: false;
      backend: Socket;
      /** It was idle for too long, and is over. */
      inactive: () => void;
    }
  | ({ refused: true } & Refusal)
) & {
  correlationId: string;
};

export interface StreamsOptions {
  /** Never rejects. */
  open: (request: StreamRequest) => Promise<StreamAnswer>;
  /** Takes a place for one more stream and gives back how to free it; null: there is none. */
  takePlace: () => (() => void) | null;
  /** Of a stream, and of a connection without any. */
  idleMs: number;
  /** From then on new streams have to come on a new connection. */
  retireMs: number;
}

export interface Streams {
  /** No new streams (GOAWAY); ends when the last one has. */
  drain(): void;
  /** The connection is over, and every stream with it. */
  over: Promise<void>;
}

const MAX_STREAMS = 1_000;
/** A link of 50 ms fills 20 MB/s per stream with this. */
const STREAM_WINDOW = 1024 * 1024;
/** What a stream gets where many share a connection: what stalled ones may keep in memory stays below 128 MiB. */
const SMALL_WINDOW = 64 * 1024;
const FEW_STREAMS = 32;
const MANY_STREAMS = 64;
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const { NGHTTP2_REFUSED_STREAM } = constants;

export function serveStreams(socket: TLSSocket, options: StreamsOptions): Streams {
  const session = performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: 16 * 1024,
      enablePush: false,
    },
    // Against floods: nghttp2 itself ends a connection that resets, pings or sets settings too often (CVE-2019-95xx,
    // CVE-2023-44487); these are Node's own counters.
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 1_000,
    maxHeaderListPairs: 32,
    // Megabytes. Beyond, Node refuses new streams: what slow readers of 1,000 streams leave queued has to fit.
    maxSessionMemory: 256,
    peerMaxConcurrentStreams: 0,
  });
  session.setLocalWindowSize(CONNECTION_WINDOW);
  session.on('error', () => {}); // whatever it is, the connection is over
  // Nothing can come any more, neither bytes nor room for ours. Half-open TLS would keep the session.
  socket.once('end', () => socket.destroy());

  let streams = 0;
  const idle = setTimeout(() => {
    if (streams === 0) session.close();
  }, options.idleMs).unref();
  const retire = setTimeout(() => session.close(), options.retireMs).unref();
  let window = STREAM_WINDOW;
  const resize = (wanted: number) => {
    if (window === wanted || session.closed || session.destroyed) return;
    window = wanted;
    session.settings({ initialWindowSize: wanted });
  };
  const enter = () => {
    if (++streams > MANY_STREAMS) resize(SMALL_WINDOW);
  };
  const leave = () => {
    if (--streams <= FEW_STREAMS) resize(STREAM_WINDOW);
    if (streams === 0) idle.refresh();
  };

  session.on('stream', (stream, headers) => {
    stream.on('error', () => {}); // resets are ordinary
    const free = options.takePlace();
    if (!free) {
      // Nothing was done for it: the client may try again elsewhere (RFC 9113 8.7).
      stream.close(NGHTTP2_REFUSED_STREAM);
      return;
    }
    enter();
    stream.once('close', () => {
      free();
      leave();
    });
    const isConnect = headers[':method'] === 'CONNECT';
    const wanted = isConnect ? parseAuthority(headers[':authority'] ?? '') : 'malformed';
    serveStream(stream, wanted, options).catch(() => stream.destroy());
  });
  return { drain: () => session.close(), over: closed(session, [idle, retire]) };
}

const closed = (session: ServerHttp2Session, timers: NodeJS.Timeout[]): Promise<void> =>
  new Promise((resolve) => {
    session.once('close', () => {
      for (const timer of timers) clearTimeout(timer);
      resolve();
    });
  });

const REFUSAL_TAKEN_WITHIN_MS = 5_000;

async function serveStream(
  stream: ServerHttp2Stream,
  wanted: StreamRequest['wanted'],
  { open, idleMs }: StreamsOptions,
): Promise<void> {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  const answer = await open({ wanted, signal: gone.signal });
  if (answer.refused) {
    if (!stream.destroyed) refuse(stream, answer);
    return;
  }
  const { backend } = answer;
  if (stream.closed || stream.destroyed) {
    backend.destroy();
    return;
  }
  // Node lets a reset stream look like one that has ended: the backend must see a reset, never a short message.
  stream.once('aborted', () => backend.resetAndDestroy());
  stream.respond({ ':status': 200 });
  resetWhenGivenUp(stream);
  const { ended } = await relay(stream, backend, { idleMs });
  if (ended === 'idle') answer.inactive();
}

function refuse(stream: ServerHttp2Stream, answer: Extract<StreamAnswer, { refused: true }>): void {
  const { status, denial, correlationId } = answer;
  const body = problem(status, denial.reason, denial.code, correlationId);
  stream.respond({
    ':status': status,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
  });
  // A client that never opens its window must not keep the place.
  const late = setTimeout(() => stream.destroy(), REFUSAL_TAKEN_WITHIN_MS).unref();
  stream.once('close', () => clearTimeout(late));
  // What the client has sent behind its CONNECT is not read: Node then ends both halves.
  stream.end(body);
}

/**
 * Whoever gives up on a stream destroys it, and Node then sends RST_STREAM with NO_ERROR, which a client takes for a
 * proper end. `close(code)` is no better: it ends the stream first.
 */
function resetWhenGivenUp(stream: ServerHttp2Stream): void {
  const destroy = stream.destroy.bind(stream);
  stream.destroy = (error) => destroy(error ?? (stream.closed ? undefined : new Error('given up')));
  stream.close = () => void stream.destroy();
}
