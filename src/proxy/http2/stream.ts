// One tunnel within an HTTP/2 connection (RFC 9113 5.1), as a stream of its payload.
import { Duplex } from 'node:stream';
import { LANDING, type Landing, type Receiver } from '../net/landing.ts';
import { ERROR } from './frames.ts';

/** The peer gave the stream up, or its connection is lost. */
export class StreamLost extends Error {
  override readonly name = 'StreamLost';
  /** Of RST_STREAM (RFC 9113 7); null: the connection is lost. */
  readonly code: number | null;
  /** The peer has not looked at it (RFC 9113 8.7): to try again cannot do it twice. */
  readonly isUntouched: boolean;

  constructor(code: number | null, isUntouched: boolean, cause?: unknown) {
    super('stream lost', { cause });
    this.code = code;
    this.isUntouched = isUntouched;
  }
}

/** What a stream asks of its connection. */
export interface Wire {
  /** Sends what the windows allow; how many bytes of `chunk` that was. They are not looked at any more. */
  send(stream: Http2Stream, chunk: Buffer): number;
  /** Calls `proceed` when more can be sent. */
  wait(stream: Http2Stream): void;
  /** Calls `done` when what was sent has left this computer; maybe at once. */
  whenSent(done: () => void): void;
  end(stream: Http2Stream): void;
  /** Bytes that somebody has taken: the peer may send as many again. */
  taken(stream: Http2Stream, bytes: number): void;
  /** It is over on the wire, so that nothing can happen to it any more, though its bytes may still be read. */
  forget(stream: Http2Stream): void;
  reset(stream: Http2Stream, code: number): void;
}

type Done = (error?: Error | null) => void;

export class Http2Stream extends Duplex implements Landing {
  readonly id: number;
  /** What the peer takes. */
  sendWindow: number;
  /** What the peer may still send, and what it has not been told of yet. */
  receiveWindow: number;
  untold = 0;
  isAnswered = false;
  /** By us. */
  isReset = false;
  wantsNoMore = false;
  readonly [LANDING]: Landing = this;
  readonly #wire: Wire;
  readonly #onAnswer: (status: number) => void;
  #receive: Receiver | undefined;
  /** Received, while whoever reads has enough. */
  #untaken = 0;
  #isHungry = true;
  #unsent: { rest: Buffer; done: Done } | null = null;
  #hasEnded = false;
  #hasPeerEnded = false;

  constructor(wire: Wire, { id, sendWindow, receiveWindow, onAnswer }: StreamParts) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.#wire = wire;
    this.#onAnswer = onAnswer;
  }

  get hasPeerEnded(): boolean {
    return this.#hasPeerEnded;
  }

  attach(receive: Receiver): void {
    const held = this.read() as Buffer | null;
    this.#receive = receive;
    if (!held || receive(held, false)) this.resume();
  }

  answered(status: number): void {
    this.isAnswered = true;
    this.#onAnswer(status);
  }

  /** `bytes` is a view that is valid only during the call. */
  received(bytes: Buffer, isMore: boolean): void {
    this.#untaken += bytes.length;
    this.#isHungry = this.#receive ? this.#receive(bytes, isMore) : this.push(Buffer.from(bytes));
    this.#tellTaken();
  }

  peerEnded(): void {
    this.#hasPeerEnded = true;
    if (this.#hasEnded) this.#wire.forget(this);
    this.push(null);
  }

  /** By RST_STREAM, or with its connection. */
  lost(error: StreamLost): void {
    this.#hasEnded = true;
    this.wantsNoMore = this.#hasPeerEnded && error.code === ERROR.none;
    this.#hasPeerEnded = true;
    this.#wire.forget(this);
    if (!this.wantsNoMore) this.destroy(error);
    else if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  /** More may be sent now. */
  proceed(): void {
    const unsent = this.#unsent;
    if (!unsent) return;
    this.#unsent = null;
    // By a peer that widens its window byte by byte it is looked at once a byte, so it is not copied again.
    const rest = this.#send(unsent.rest, unsent.done);
    if (rest) this.#unsent = { rest, done: unsent.done };
  }

  override resume(): this {
    super.resume();
    if (this.#receive) this.#hunger();
    return this;
  }

  override pause(): this {
    if (this.#receive) this.#isHungry = false;
    return super.pause();
  }

  override _read(): void {
    if (!this.#receive) this.#hunger();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const rest = this.#send(chunk, done);
    // A copy: whoever reads in bulk uses the same place again.
    if (rest) this.#unsent = { rest: Buffer.from(rest), done };
  }

  override _final(done: Done): void {
    if (!this.#hasEnded) this.#wire.end(this);
    this.#hasEnded = true;
    if (this.#hasPeerEnded) this.#wire.forget(this);
    done();
  }

  /** RFC 9113 8.5: a tunnel that does not end in order is reset. */
  override _destroy(error: Error | null, done: Done): void {
    if (!this.#hasEnded || !this.#hasPeerEnded) {
      this.isReset = true;
      this.#wire.reset(this, ERROR.connect);
    }
    this.#hasEnded = true;
    this.#hasPeerEnded = true;
    this.#isHungry = true;
    this.#tellTaken();
    this.#wire.forget(this);
    done(error);
  }

  /** What has to wait. */
  #send(chunk: Buffer, done: Done): Buffer | null {
    // After a reset nobody listens; it is told by the end of the stream.
    const sent = this.#hasEnded ? chunk.length : this.#wire.send(this, chunk);
    if (sent < chunk.length) {
      this.#wire.wait(this);
      return chunk.subarray(sent);
    }
    this.#wire.whenSent(done);
    return null;
  }

  #hunger(): void {
    this.#isHungry = true;
    this.#tellTaken();
  }

  #tellTaken(): void {
    if (!this.#isHungry || this.#untaken === 0) return;
    const bytes = this.#untaken;
    this.#untaken = 0;
    this.#wire.taken(this, bytes);
  }
}

export interface StreamParts {
  id: number;
  sendWindow: number;
  receiveWindow: number;
  /** The final status (RFC 9110 15); 1xx are not told. */
  onAnswer: (status: number) => void;
}
