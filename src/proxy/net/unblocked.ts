// Lets Node's HTTP/2 read while its bytes cannot leave. By itself it reads nothing as long as a write waits. Where the peer
// does the same, as servers on Node and nghttpx do, and both have more to say than the sockets hold, each waits for the
// other for ever, with every tunnel of the connection.
import { Duplex, type Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { Landing } from './landing.ts';

/** A peer that has frames of control answered and reads no answers is not read either (CVE-2019-9512). */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
/** What holding a write costs besides its bytes, roughly: an answer of 17 bytes is nearly nothing else. */
const WRITE_BYTES = 512;

/**
 * Stands for the socket in `http2.connect`, which takes bytes at once and looks at nothing but what is overridden here:
 * so there is no second buffer, and no copy.
 */
export class Unblocked extends Duplex {
  readonly #socket: TLSSocket;
  readonly #streams = new Set<Writable>();
  #isReading = false;
  #isPaused = true;
  #isCongested = false;
  #writes = 0;
  readonly #left = (): void => void (this.#writes -= 1);
  /** Called when all that is held has left: Node reads nothing until then. */
  #delayed: (() => void)[] = [];

  constructor(socket: TLSSocket) {
    super();
    this.#socket = socket;
    socket.on('drain', () => this.#relieve());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    // Half-open is no state for a connection that carries many tunnels. And Node must not hear of it: it would end its own
    // half, and stumble over what it still writes (ERR_INTERNAL_ASSERTION).
    socket.on('end', () => this.destroy());
    // What a session says first leaves as one write. A second one, to a server that has turned our certificate down and gone,
    // fails, and with it what the server had to say about that.
    socket.cork();
    setImmediate(() => setImmediate(() => socket.uncork()));
  }

  /** The writer of such a stream feels a peer that does not read; else only the peer's windows bound what is held here. */
  regulate(stream: Writable): void {
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    if (this.#isCongested) stream.cork();
  }

  override resume(): this {
    this.#isPaused = false;
    if (this.#isReading) this.#socket.resume();
    else this.#read();
    return this;
  }

  override pause(): this {
    this.#isPaused = true;
    this.#socket.pause();
    return this;
  }

  override write(chunk: Buffer, done?: unknown): boolean {
    this.#writes += 1;
    this.#socket.write(chunk, this.#left);
    if (this.#socket.writableNeedDrain) this.#congest();
    const held = this.#socket.writableLength + this.#writes * WRITE_BYTES;
    const written = done as () => void;
    if (this.#isCongested && held >= MAX_HELD_BYTES) this.#delayed.push(written);
    else written();
    return true;
  }

  override cork(): void {
    this.#socket.cork();
  }

  override uncork(): void {
    this.#socket.uncork();
  }

  override end(done?: unknown): this {
    this.#socket.end(done as () => void);
    return this;
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #read(): void {
    this.#isReading = true;
    const receive = (bytes: Buffer): boolean => {
      this.emit('data', bytes);
      return !this.#isPaused;
    };
    const landing = Landing.of(this.#socket);
    if (landing) landing.attach(receive);
    else this.#socket.on('data', receive);
  }

  #congest(): void {
    if (this.#isCongested) return;
    this.#isCongested = true;
    for (const stream of this.#streams) stream.cork();
  }

  #relieve(): void {
    if (!this.#isCongested) return;
    this.#isCongested = false;
    for (const stream of this.#streams) stream.uncork();
    const delayed = this.#delayed;
    this.#delayed = [];
    for (const written of delayed) written();
  }
}
