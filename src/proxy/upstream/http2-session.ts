// CONNECT over HTTP/2 (RFC 9113 8.5): one TLS connection carries the tunnels of a whole collection, each opened in one
// round trip.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { AppError } from '../../shared/errors.ts';
import { abort } from '../net/abort.ts';
import { Unblocked } from '../net/unblocked.ts';
import { refusedConnect, silentTarget } from './refused-connect.ts';

/** Longer than the Access Tier needs to give up on a silent target. */
const ANSWER_DEADLINE_MS = 40_000;
const PROBLEM_DEADLINE_MS = 2_000;
const MAX_PROBLEM_BYTES = 8 * 1024;
/** Of one connection; the peer may allow fewer. */
const MAX_STREAMS = 1_000;
/** Until the peer has said how many it allows; the least that RFC 9113 6.5.2 recommends. */
const STREAMS_AT_FIRST = 100;
/** Nobody pays for a connection that nobody uses. */
const IDLE_MS = 10 * 60_000;
/** What a peer may send before we have read it, per tunnel: a link of 50 ms then carries 20 MB/s. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024;
/** Megabytes. Node refuses new streams beyond; the windows above are the real bound. */
const SESSION_MEMORY = 256;
/** A connection that was silent for so long is asked whether it lives, while it is used. */
const DOUBTED_AFTER_MS = 10_000;
/**
 * Tunnels that are wanted so soon after another one are asked for together. Each alone would be a packet, and after a rest
 * TCP lets ten packets go (RFC 6928); the eleventh tunnel of a page would cost a round trip more.
 */
const GATHERED_MS = 2;
/** After so long a rest TCP begins anew; and so long a burst has grown its window, so that nothing has to be gathered. */
const REST_MS = 200;
const BURST_MS = 100;
/**
 * Servers end a connection on which too many streams are reset (CVE-2023-44487; nghttp2, and with it Node, after 1,000 in a
 * burst), with every tunnel on it. Before that new ones go over another connection.
 */
const MAX_RESETS = 500;
const PONG_WITHIN_MS = 2_000;

/** The connection ended before the tunnel was answered; another one may do. */
export class SessionGone extends Error {
  override readonly name = 'SessionGone';
  /** Nothing was sent: to try again cannot do it twice. */
  readonly isUntouched: boolean;

  constructor(what: string, options: { cause?: unknown; isUntouched?: boolean } = {}) {
    super(what, { cause: options.cause });
    this.isUntouched = options.isUntouched ?? false;
  }
}

/** The server takes no more tunnels on this connection, and has not looked at this one (RFC 9113 8.7). */
export class SessionFull extends Error {
  override readonly name = 'SessionFull';
  /** How many it does take. */
  readonly allowed: number;

  constructor(allowed: number, cause: Error) {
    super('stream refused', { cause });
    this.allowed = allowed;
  }
}

export class Http2Session {
  /** Resolves when the connection is over. */
  readonly ended: Promise<void>;
  readonly #session: ClientHttp2Session;
  readonly #socket: TLSSocket;
  readonly #wire: Unblocked;
  #idle: NodeJS.Timeout | undefined;
  readonly #streams = new Set<ClientHttp2Stream>();
  /** Until the server has spoken, what another connection to it has shown. */
  #allowed: number;
  #isRetired = false;
  #lastHeardAt = performance.now();
  #heard = 0;
  #doubting: NodeJS.Timeout | undefined;
  #why: Error | undefined;
  #resets = 0;
  #askedAt = 0;
  #burstAt = 0;
  #gathering: Promise<void> | null = null;
  #gathered = 0;

  constructor(socket: TLSSocket, serverName: string, allowed = STREAMS_AT_FIRST) {
    this.#socket = socket;
    this.#wire = new Unblocked(socket);
    this.#allowed = allowed;
    this.#session = connect(
      `https://${serverName.includes(':') ? `[${serverName}]` : serverName}`,
      {
        createConnection: () => this.#wire,
        settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
        maxSessionMemory: SESSION_MEMORY,
      },
    );
    this.#session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    const end = new Promise<void>((resolve) => {
      const over = (): void => resolve();
      const failed = (error: Error): void => {
        this.#why ??= error;
        resolve();
      };
      this.#session.on('error', failed).on('close', over);
      // A session does not hear of an alert that comes before its first frame.
      this.#wire.on('error', failed).on('close', over);
    });
    this.#session.on('goaway', () => (this.#isRetired = true));
    this.#session.on('remoteSettings', ({ maxConcurrentStreams = MAX_STREAMS }) => {
      this.#allowed = Math.min(maxConcurrentStreams, MAX_STREAMS);
    });
    this.ended = end.then(() => this.#end());
  }

  get hasRoom(): boolean {
    const { destroyed, closed } = this.#session;
    return !this.#isRetired && !destroyed && !closed && !this.isFull;
  }

  get isFull(): boolean {
    return this.#streams.size + this.#gathered >= this.#allowed;
  }

  /** Resolves when the peer has spoken HTTP/2, so has taken our certificate; rejects with what went wrong. */
  async proven(): Promise<void> {
    const spoken = new Promise<boolean>((resolve) => {
      this.#session.once('remoteSettings', () => resolve(true));
    });
    const isProven = await Promise.race([spoken, this.ended.then(() => false)]);
    if (!isProven) throw new SessionGone('closed', { cause: this.#why });
  }

  /** No new tunnels; the connection ends with its last one. */
  retire(): void {
    this.#isRetired = true;
    clearTimeout(this.#idle);
    // Not closed before the last tunnel has left: our GOAWAY would overtake what was just asked for, and refuse it.
    if (this.#streams.size === 0) this.#session.destroy();
  }

  /** Rejects with AppError (refused), SessionFull, SessionGone, or the abort's reason. */
  async open(
    target: string,
    early: Buffer | undefined,
    gone: AbortSignal,
  ): Promise<ClientHttp2Stream> {
    this.#doubt();
    await this.#turn();
    return this.#ask(target, early, gone);
  }

  /** At once, or together with others. */
  async #turn(): Promise<void> {
    const now = performance.now();
    const since = now - this.#askedAt;
    this.#askedAt = now;
    if (since > REST_MS) this.#burstAt = now;
    const isGrown = now - this.#burstAt > BURST_MS;
    if (!this.#gathering && (isGrown || since >= GATHERED_MS)) return;
    this.#gathered += 1;
    this.#gathering ??= delay(GATHERED_MS).then(() => {
      this.#gathering = null;
      this.#gathered = 0;
    });
    await this.#gathering;
  }

  #ask(target: string, early: Buffer | undefined, gone: AbortSignal): Promise<ClientHttp2Stream> {
    return new Promise((resolve, reject) => {
      let stream: ClientHttp2Stream;
      try {
        // Node 24 makes a stream for a session that is over, and tells later; nothing was sent.
        if (this.#session.destroyed || this.#session.closed) throw new Error('over');
        stream = this.#session.request(
          { ':method': 'CONNECT', ':authority': target },
          { endStream: false },
        );
      } catch (error) {
        reject(new SessionGone('no stream', { cause: this.#why ?? error, isUntouched: true }));
        return;
      }
      this.#streams.add(stream);
      this.#wire.regulate(stream);
      clearTimeout(this.#idle);
      const settle = (outcome: Error | null) => {
        clearTimeout(deadline);
        gone.removeEventListener('abort', onGone);
        stream.off('response', onResponse).off('error', onError).off('close', onClose);
        if (!outcome) return resolve(stream);
        stream.on('error', () => {}); // says nothing new
        abort(stream);
        reject(outcome);
      };
      const onGone = () => settle(new SessionGone('cancelled'));
      const onError = (cause: Error) =>
        settle(
          stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
            ? new SessionFull(this.#allowed, cause)
            : new SessionGone('stream failed', { cause }),
        );
      const onClose = () => settle(new SessionGone('stream closed', { cause: this.#why }));
      const onResponse = (headers: IncomingHttpHeaders) => {
        const status = Number(headers[':status']);
        if (status >= 200 && status < 300) return settle(null);
        stream.off('response', onResponse);
        void refusal(stream, status, target).then(settle);
      };
      const deadline = setTimeout(() => settle(silentTarget(target)), ANSWER_DEADLINE_MS);
      stream.once('close', () => this.#left(stream));
      stream.on('response', onResponse).on('error', onError).on('close', onClose);
      gone.addEventListener('abort', onGone);
      if (gone.aborted) onGone();
      else if (early) stream.write(early);
    });
  }

  /** Node closes the streams of a connection that was reset, and forgets to end them. */
  #end(): void {
    this.#isRetired = true;
    for (const stream of this.#streams) stream.destroy();
    this.#session.destroy();
  }

  #left(stream: ClientHttp2Stream): void {
    this.#streams.delete(stream);
    if (stream.rstCode === constants.NGHTTP2_CONNECT_ERROR) this.#resets += 1;
    if (this.#resets >= MAX_RESETS && !this.#isRetired) this.retire();
    if (this.#streams.size > 0) return;
    if (this.#isRetired) this.#session.close();
    else this.#idle = setTimeout(() => this.retire(), IDLE_MS).unref();
  }

  /** After sleep or a change of network a connection may be dead without a word. */
  #doubt(): void {
    const heard = this.#socket.bytesRead;
    const isQuiet = heard === this.#heard;
    const now = performance.now();
    if (!isQuiet) this.#lastHeardAt = now;
    this.#heard = heard;
    if (!isQuiet || this.#doubting || now - this.#lastHeardAt < DOUBTED_AFTER_MS) return;
    const session = this.#session;
    this.#doubting = setInterval(() => {
      // On a slow line the answer waits behind other bytes; those are a sign of life as well.
      if (this.#socket.bytesRead === this.#heard) session.destroy();
      this.#heard = this.#socket.bytesRead;
    }, PONG_WITHIN_MS);
    const settled = (): void => {
      clearInterval(this.#doubting);
      this.#doubting = undefined;
    };
    void this.ended.then(settled);
    session.ping(settled);
  }
}

/** Reads the body that a refusal carries, whatever there is of it within the bounds. */
function refusal(stream: ClientHttp2Stream, status: number, target: string): Promise<AppError> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = () => {
      clearTimeout(deadline);
      resolve(refusedConnect(status, Buffer.concat(chunks).toString('utf8'), target));
    };
    const deadline = setTimeout(finish, PROBLEM_DEADLINE_MS);
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_PROBLEM_BYTES) chunks.push(chunk);
    });
    stream.once('end', finish).once('close', finish);
  });
}
