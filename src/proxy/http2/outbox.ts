// What leaves by an HTTP/2 connection: frames are put together to few writes, and data waits while the socket is full.
import type { Duplex } from 'node:stream';
import { RECORD_BYTES } from '../net/landing.ts';
import { ERROR, FRAME, frame, HEAD_BYTES, Http2Error, writeHead } from './frames.ts';

/** With its head as much as one TLS record takes, so that records and frames stay in step. */
const DATA_BYTES = RECORD_BYTES - HEAD_BYTES;
/** So little waits for the end of this turn: the first words of tunnels that are opened together share a packet. */
const SMALL_BYTES = 4 * 1024;
/** Our answers to a peer that asks without end and reads none of them (CVE-2019-9512). Data keeps far below. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** More than this does not wait for the end of the turn, so that a full socket shows to those who have not sent yet. */
const MAX_QUEUED_BYTES = 64 * 1024;
const EMPTY = Buffer.alloc(0);
/** Frames are put together here; TLS encrypts them at once. Takes what is read from a local program in bulk. */
const place = Buffer.allocUnsafeSlow(288 * 1024);

export class Outbox {
  readonly #socket: Duplex;
  readonly #onFlood: (error: Http2Error) => void;
  /** Leaves with the next larger data, or at the end of this turn of the loop. */
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isFlushing = false;
  #isCongested = false;
  #isClosed = false;
  #hasSpoken = false;
  #unsent: (() => void)[] = [];

  constructor(socket: Duplex, onDrain: () => void, onFlood: (error: Http2Error) => void) {
    this.#socket = socket;
    this.#onFlood = onFlood;
    socket.on('drain', () => {
      this.#isCongested = false;
      const unsent = this.#unsent;
      this.#unsent = [];
      for (const done of unsent) done();
      onDrain();
    });
  }

  /** Only frames of control may be said now. */
  get isCongested(): boolean {
    return this.#isCongested;
  }

  say(...frames: Buffer[]): void {
    this.#queue.push(...frames);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    const flush = (): void => {
      this.#isFlushing = false;
      this.flush();
    };
    // A server that has turned our certificate down says so and is gone: a write fails then, and what it said is not read
    // any more. So what has come is looked at before the first write.
    if (this.#hasSpoken) setImmediate(flush);
    else setImmediate(() => setImmediate(flush));
  }

  /** `bytes` of `chunk` are not looked at any more when this returns. */
  data(stream: number, chunk: Buffer, bytes: number): void {
    if (bytes <= SMALL_BYTES) {
      this.say(frame(FRAME.data, 0, stream, chunk.subarray(0, bytes)));
      this.#queuedBytes += bytes;
      if (this.#queuedBytes > MAX_QUEUED_BYTES) this.flush();
      return;
    }
    const before = this.#takeQueue();
    const length = before.length + bytes + HEAD_BYTES * Math.ceil(bytes / DATA_BYTES);
    const isDirect = this.#socket.writableLength === 0 && length <= place.length;
    const out = isDirect ? place : Buffer.allocUnsafe(length);
    let at = before.copy(out);
    for (let from = 0; from < bytes; from += DATA_BYTES) {
      const size = Math.min(DATA_BYTES, bytes - from);
      writeHead(out, at, [size, FRAME.data, 0, stream]);
      chunk.copy(out, at + HEAD_BYTES, from, from + size);
      at += HEAD_BYTES + size;
    }
    this.#write(out.subarray(0, at));
  }

  /** Calls `done` when the socket has room again. */
  whenSent(done: () => void): void {
    if (this.#isCongested) this.#unsent.push(done);
    else done();
  }

  flush(): void {
    const bytes = this.#takeQueue();
    if (bytes.length > 0) this.#write(bytes);
  }

  /** Nothing more is said. What was still leaves, and the end behind it. */
  close(): void {
    this.flush();
    this.#isClosed = true;
  }

  #takeQueue(): Buffer {
    const queue = this.#queue;
    const [only] = queue;
    if (!only) return EMPTY;
    this.#queue = [];
    this.#queuedBytes = 0;
    return queue.length === 1 ? only : Buffer.concat(queue);
  }

  #write(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#hasSpoken = true;
    this.#socket.write(bytes);
    if (this.#socket.writableNeedDrain) this.#isCongested = true;
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) {
      this.#onFlood(new Http2Error(ERROR.enhanceYourCalm, 'a peer that reads nothing'));
    }
  }
}
