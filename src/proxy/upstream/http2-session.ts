// CONNECT over HTTP/2 (RFC 9113 8.5): one TLS connection carries the tunnels of a whole collection, each opened in one
// round trip.
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { AppError } from '../../shared/errors.ts';
import { Http2Connection } from '../http2/connection.ts';
import { ERROR } from '../http2/frames.ts';
import { type Http2Stream, StreamLost } from '../http2/stream.ts';
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
/** All tunnels of a connection together. Those whose local programs do not read fill it, and then the others stand still. */
const SESSION_WINDOW_BYTES = 64 * 1024 * 1024;
/** So where programs read slowly, new tunnels go over another connection well before. */
const MAX_UNTAKEN_BYTES = 16 * 1024 * 1024;
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
  readonly #connection: Http2Connection;
  readonly #socket: TLSSocket;
  readonly #spoken: Promise<true>;
  #idle: NodeJS.Timeout | undefined;
  readonly #streams = new Set<Http2Stream>();
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

  constructor(socket: TLSSocket, allowed = STREAMS_AT_FIRST) {
    this.#socket = socket;
    this.#allowed = allowed;
    let spoken = (): void => {};
    let over = (): void => {};
    this.#spoken = new Promise((resolve) => (spoken = () => resolve(true)));
    this.ended = new Promise((resolve) => (over = resolve));
    this.#connection = new Http2Connection(socket, {
      streamWindow: STREAM_WINDOW_BYTES,
      connectionWindow: SESSION_WINDOW_BYTES,
      onSettings: (maxStreams) => {
        this.#allowed = Math.min(maxStreams, MAX_STREAMS);
        spoken();
      },
      onGoaway: () => {
        this.#isRetired = true;
        // Not now: it may be the first that the connection reads, while it is being made.
        queueMicrotask(() => this.retire());
      },
      onOver: (why) => {
        this.#why = why;
        this.#isRetired = true;
        clearTimeout(this.#idle);
        over();
      },
    });
    // It may only have been a proof, and never carry a tunnel.
    this.#rest();
  }

  get hasRoom(): boolean {
    const { isOpen, untakenBytes } = this.#connection;
    return !this.#isRetired && isOpen && untakenBytes < MAX_UNTAKEN_BYTES && !this.isFull;
  }

  /** Where a server allows none, one asks all the same: 0 means nothing special (RFC 9113 6.5.2). */
  get isFull(): boolean {
    return this.#streams.size + this.#gathered >= Math.max(1, this.#allowed);
  }

  /** Resolves when the peer has spoken HTTP/2, so has taken our certificate; rejects with what went wrong. */
  async proven(): Promise<void> {
    const isProven = await Promise.race([this.#spoken, this.ended.then(() => false)]);
    if (!isProven) throw new SessionGone('closed', { cause: this.#why });
  }

  /** No new tunnels; the connection ends with its last one. */
  retire(): void {
    this.#isRetired = true;
    clearTimeout(this.#idle);
    if (this.#streams.size === 0) this.#connection.close();
  }

  /** Rejects with AppError (refused, or no answer), SessionFull or SessionGone (also when `gone` is aborted). */
  async open(target: string, early: Buffer | undefined, gone: AbortSignal): Promise<Http2Stream> {
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

  #ask(target: string, early: Buffer | undefined, gone: AbortSignal): Promise<Http2Stream> {
    return new Promise((resolve, reject) => {
      if (!this.#connection.isOpen) {
        reject(new SessionGone('over', { cause: this.#why, isUntouched: true }));
        return;
      }
      const settle = (outcome: Error | null) => {
        clearTimeout(deadline);
        gone.removeEventListener('abort', onGone);
        stream.off('error', onError);
        if (!outcome) return resolve(stream);
        stream.destroy();
        reject(outcome);
      };
      const stream = this.#connection.open(target, (status) => {
        if (status >= 200 && status < 300) return settle(null);
        // It counts, though the stream may be lost before the rest of it has come.
        stream.off('error', onError);
        void refusal(stream, status, target).then(settle);
      });
      this.#streams.add(stream);
      clearTimeout(this.#idle);
      const onGone = () => settle(new SessionGone('cancelled'));
      const onError = (cause: Error) => settle(this.#lost(cause));
      const deadline = setTimeout(() => settle(silentTarget(target)), ANSWER_DEADLINE_MS);
      stream.once('close', () => this.#left(stream)).on('error', onError);
      // Somebody must always listen, also before whoever asked knows of a yes: an unheard 'error' ends the process.
      stream.on('error', () => {});
      gone.addEventListener('abort', onGone);
      if (gone.aborted) onGone();
      else if (early) stream.write(early);
    });
  }

  #lost(cause: Error): Error {
    if (!(cause instanceof StreamLost)) return new SessionGone('stream failed', { cause });
    return cause.code === ERROR.refusedStream
      ? new SessionFull(this.#allowed, cause)
      : new SessionGone('stream lost', {
          cause: this.#why ?? cause,
          isUntouched: cause.isUntouched,
        });
  }

  #left(stream: Http2Stream): void {
    this.#streams.delete(stream);
    if (stream.isReset) this.#resets += 1;
    if (this.#resets >= MAX_RESETS && !this.#isRetired) this.retire();
    if (this.#streams.size > 0) return;
    if (this.#isRetired) this.#connection.close();
    else this.#rest();
  }

  #rest(): void {
    this.#idle = setTimeout(() => this.retire(), IDLE_MS).unref();
  }

  /** After sleep or a change of network a connection may be dead without a word. */
  #doubt(): void {
    const heard = this.#socket.bytesRead;
    const isQuiet = heard === this.#heard;
    const now = performance.now();
    if (!isQuiet) this.#lastHeardAt = now;
    this.#heard = heard;
    if (!isQuiet || this.#doubting || now - this.#lastHeardAt < DOUBTED_AFTER_MS) return;
    this.#doubting = setInterval(() => {
      // On a slow line the answer waits behind other bytes; those are a sign of life as well.
      if (this.#socket.bytesRead === this.#heard) this.#connection.close();
      this.#heard = this.#socket.bytesRead;
    }, PONG_WITHIN_MS);
    const settled = (): void => {
      clearInterval(this.#doubting);
      this.#doubting = undefined;
    };
    void this.ended.then(settled);
    this.#connection.ping(settled);
  }
}

/** Reads the body that a refusal carries, whatever there is of it within the bounds. */
function refusal(stream: Http2Stream, status: number, target: string): Promise<AppError> {
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
