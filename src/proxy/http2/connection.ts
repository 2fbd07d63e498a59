// The client's side of one HTTP/2 connection that carries nothing but tunnels (RFC 9113). Node's own reads nothing while a
// write waits; two that do so wait for each other for ever. Here nothing ever stops the reading: what the peer may send is
// bounded by windows, what we send by its windows and the socket.
import type { Duplex } from 'node:stream';
import { landingOf, RECORD_BYTES } from '../net/landing.ts';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  ERROR,
  FRAME,
  frame,
  FrameReader,
  type FrameSink,
  Http2Error,
  numberFrame,
  SETTING,
  violation,
} from './frames.ts';
import { connectRequest, statusOf } from './hpack.ts';
import { Outbox } from './outbox.ts';
import { Http2Stream, StreamLost, type Wire } from './stream.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const DEFAULT_WINDOW = 65_535;
const MAX_WINDOW = 2 ** 31 - 1;
const MAX_STREAM_ID = 2 ** 31 - 1;
const LEAVES_WITHIN_MS = 1_000;
export interface Http2Options {
  /** What the peer may send before somebody has taken it: on each stream, and on all of them. */
  streamWindow: number;
  connectionWindow: number;
  /** Each time the peer has said how many streams it allows at once. */
  onSettings: (maxStreams: number) => void;
  /** The peer takes no more streams. */
  onGoaway: () => void;
  /** Called once. */
  onOver: (why: Error | undefined) => void;
}

export class Http2Connection implements Wire, FrameSink {
  readonly #socket: Duplex;
  readonly #options: Http2Options;
  readonly #reader = new FrameReader(this);
  readonly #outbox: Outbox;
  readonly #streams = new Map<number, Http2Stream>();
  #sendWindow = DEFAULT_WINDOW;
  #peerStreamWindow = DEFAULT_WINDOW;
  #maxStreams = Infinity;
  #receiveWindow: number;
  #untold = 0;
  /** Of the DATA frame that is being read. */
  #delivered = 0;
  #nextId = 1;
  /** Streams that wait for the socket or for the connection's window. */
  readonly #waiting = new Set<Http2Stream>();
  #pongs: (() => void)[] = [];
  #isLeft = false;
  #isOver = false;

  constructor(socket: Duplex, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#receiveWindow = options.connectionWindow;
    this.#outbox = new Outbox(
      socket,
      () => this.#serveWaiting(),
      (error) => this.#end(error),
    );
    this.#outbox.say(
      PREFACE,
      settingsFrame([
        [SETTING.headerTableSize, 0],
        [SETTING.enablePush, 0],
        [SETTING.initialWindowSize, options.streamWindow],
      ]),
      numberFrame(FRAME.windowUpdate, 0, options.connectionWindow - DEFAULT_WINDOW),
    );
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end());
    // Half-open is no state for a connection that carries many tunnels.
    socket.on('end', () => this.#end());
    const landing = landingOf(socket);
    if (landing) landing.attach((bytes, isMore) => this.#read(bytes, isMore));
    else socket.on('data', (bytes: Buffer) => this.#read(bytes, bytes.length >= RECORD_BYTES));
  }

  /** For new streams. After a GOAWAY the peer would not even look at one (RFC 9113 6.8). */
  get isOpen(): boolean {
    return !this.#isOver && !this.#isLeft && this.#nextId < MAX_STREAM_ID;
  }

  /** Received, and not taken by whoever reads the streams. */
  get untakenBytes(): number {
    return this.#options.connectionWindow - this.#receiveWindow - this.#untold;
  }

  /** `authority`: `host:port`. Only while the connection is open. */
  open(authority: string, onAnswer: (status: number) => void): Http2Stream {
    const stream = new Http2Stream(this, {
      id: this.#nextId,
      sendWindow: this.#peerStreamWindow,
      receiveWindow: this.#options.streamWindow,
      onAnswer,
    });
    this.#nextId += 2;
    this.#streams.set(stream.id, stream);
    this.#outbox.say(frame(FRAME.headers, END_HEADERS, stream.id, connectRequest(authority)));
    return stream;
  }

  ping(onPong: () => void): void {
    this.#pongs.push(onPong);
    this.#outbox.say(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
  }

  /** With every stream that is left. */
  close(): void {
    this.#leave(ERROR.none);
    this.#end();
  }

  send(stream: Http2Stream, chunk: Buffer): number {
    if (this.#outbox.isCongested) return 0;
    const bytes = Math.min(chunk.length, stream.sendWindow, this.#sendWindow);
    if (bytes <= 0) return 0;
    stream.sendWindow -= bytes;
    this.#sendWindow -= bytes;
    this.#outbox.data(stream.id, chunk, bytes);
    return bytes;
  }

  wait(stream: Http2Stream): void {
    // Else its own window is what it waits for.
    if (stream.sendWindow > 0) this.#waiting.add(stream);
  }

  whenSent(done: () => void): void {
    this.#outbox.whenSent(done);
  }

  end(stream: Http2Stream): void {
    this.#outbox.say(frame(FRAME.data, END_STREAM, stream.id, Buffer.alloc(0)));
  }

  reset(stream: Http2Stream, code: number): void {
    this.#outbox.say(numberFrame(FRAME.rstStream, stream.id, code));
  }

  forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#waiting.delete(stream);
  }

  taken(stream: Http2Stream, bytes: number): void {
    this.#takenOfAll(bytes);
    stream.untold += bytes;
    if (stream.untold < this.#options.streamWindow / 2 || stream.hasPeerEnded) return;
    this.#outbox.say(numberFrame(FRAME.windowUpdate, stream.id, stream.untold));
    stream.receiveWindow += stream.untold;
    stream.untold = 0;
  }

  onData(id: number, bytes: Buffer, isMore: boolean): void {
    const stream = this.#streams.get(id);
    if (!stream || stream.hasPeerEnded) return;
    if (!stream.isAnswered) return this.#misbehaved(stream);
    this.#delivered += bytes.length;
    stream.received(bytes, isMore);
  }

  onDataEnd(id: number, length: number, isLast: boolean): void {
    const stream = this.#known(id);
    this.#receiveWindow -= length;
    if (stream) stream.receiveWindow -= length;
    if (this.#receiveWindow < 0 || (stream && stream.receiveWindow < 0)) {
      throw new Http2Error(ERROR.flowControl, 'more than was allowed');
    }
    // Padding, and what nobody wants any more.
    const undelivered = length - this.#delivered;
    this.#delivered = 0;
    this.#takenOfAll(undelivered);
    if (stream) stream.untold += undelivered;
    if (isLast) stream?.peerEnded();
  }

  onHeaders(id: number, block: Buffer, isLast: boolean): void {
    // Read in any case: a block that cannot be read is the end of the connection (RFC 9113 4.3).
    const status = statusOf(block);
    const stream = this.#known(id);
    if (!stream || stream.hasPeerEnded) return;
    const isInterim = status !== null && status < 200;
    // Trailers end a stream, and are of no use here.
    if (stream.isAnswered ? !isLast : status === null || (isInterim && isLast)) {
      return this.#misbehaved(stream);
    }
    if (!stream.isAnswered && status !== null && !isInterim) stream.answered(status);
    if (isLast) stream.peerEnded();
  }

  onControl(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case FRAME.settings:
        return this.#settings(flags, id, payload);
      case FRAME.ping:
        return this.#ping(flags, id, payload);
      case FRAME.goaway:
        return this.#goaway(id, payload);
      case FRAME.windowUpdate:
        return this.#windowUpdate(id, payload);
      case FRAME.rstStream:
        return this.#reset(id, payload);
      default: // PUSH_PROMISE, which we have forbidden
        throw violation('a promise that nobody asked for');
    }
  }

  #read(bytes: Buffer, isMore: boolean): boolean {
    if (this.#isOver) return true;
    try {
      this.#reader.read(bytes, isMore);
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.#leave(error.code);
      this.#end(error);
    }
    return true;
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    const isAck = (flags & ACK) !== 0;
    if (id !== 0) throw violation('settings of a stream');
    if (payload.length % 6 !== 0 || (isAck && payload.length > 0)) throw wrongSize();
    if (isAck) return;
    const windowBefore = this.#peerStreamWindow;
    for (let at = 0; at < payload.length; at += 6) {
      this.#setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    }
    // Once, however often it was set: one frame holds thousands, and each would be felt by every stream.
    this.#resizeWindows(this.#peerStreamWindow - windowBefore);
    this.#outbox.say(frame(FRAME.settings, ACK, 0, Buffer.alloc(0)));
    this.#options.onSettings(this.#maxStreams);
  }

  #setting(name: number, value: number): void {
    if (name === SETTING.maxConcurrentStreams) this.#maxStreams = value;
    else if (name === SETTING.initialWindowSize) {
      if (value > MAX_WINDOW) throw new Http2Error(ERROR.flowControl, 'a window too large');
      this.#peerStreamWindow = value;
    } else if (name === SETTING.maxFrameSize && (value < 2 ** 14 || value >= 2 ** 24)) {
      throw violation('a frame size that is none');
    } else if (name === SETTING.enablePush && value > 0)
      throw violation('a server that is pushed to');
  }

  /** RFC 9113 6.9.2: windows of streams that are open change by the difference, and may become negative. */
  #resizeWindows(change: number): void {
    if (change === 0) return;
    for (const stream of this.#streams.values()) this.#widen(stream, change);
    this.#serveWaiting();
  }

  #widen(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > MAX_WINDOW)
      throw new Http2Error(ERROR.flowControl, 'a window too large');
    if (stream.sendWindow > 0) this.#waiting.add(stream);
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw wrongSize();
    const bytes = payload.readUInt32BE(0) & MAX_WINDOW;
    if (id === 0) {
      if (bytes === 0) throw violation('a window that widens by nothing');
      this.#sendWindow += bytes;
      if (this.#sendWindow > MAX_WINDOW) {
        throw new Http2Error(ERROR.flowControl, 'a window too large');
      }
    } else {
      const stream = this.#known(id);
      if (!stream) return;
      if (bytes === 0) return this.#misbehaved(stream);
      this.#widen(stream, bytes);
    }
    this.#serveWaiting();
  }

  #ping(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw violation('a ping of a stream');
    if (payload.length !== 8) throw wrongSize();
    if (flags & ACK) this.#pongs.shift()?.();
    else this.#outbox.say(frame(FRAME.ping, ACK, 0, payload));
  }

  #goaway(id: number, payload: Buffer): void {
    if (id !== 0) throw violation('a farewell of a stream');
    if (payload.length < 8) throw wrongSize();
    const last = payload.readUInt32BE(0) & MAX_STREAM_ID;
    this.#isLeft = true;
    this.#options.onGoaway();
    for (const stream of this.#streams.values()) {
      if (stream.id > last) stream.lost(new StreamLost(null, true));
    }
  }

  #reset(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw wrongSize();
    const stream = this.#known(id);
    const code = payload.readUInt32BE(0);
    stream?.lost(new StreamLost(code, code === ERROR.refusedStream));
  }

  /** undefined: it is over, and the peer did not know yet. */
  #known(id: number): Http2Stream | undefined {
    if (id === 0 || id % 2 === 0 || id >= this.#nextId) throw violation('a stream that never was');
    return this.#streams.get(id);
  }

  #misbehaved(stream: Http2Stream): void {
    this.reset(stream, ERROR.protocol);
    stream.lost(new StreamLost(ERROR.protocol, false));
  }

  #takenOfAll(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < this.#options.connectionWindow / 4) return;
    this.#outbox.say(numberFrame(FRAME.windowUpdate, 0, this.#untold));
    this.#receiveWindow += this.#untold;
    this.#untold = 0;
  }

  /** Each in its turn: who has more to send than fits waits at the end again. */
  #serveWaiting(): void {
    for (const stream of this.#waiting) {
      if (this.#outbox.isCongested || this.#sendWindow <= 0) return;
      this.#waiting.delete(stream);
      stream.proceed();
    }
  }

  #leave(code: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(code, 4);
    this.#outbox.say(frame(FRAME.goaway, 0, 0, payload));
  }

  #end(why?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outbox.close();
    // What was said last still leaves, and close_notify behind it, if the peer takes it.
    const destroy = (): void => void this.#socket.destroy();
    const late = setTimeout(destroy, LEAVES_WITHIN_MS).unref();
    this.#socket.once('close', () => clearTimeout(late)).end(destroy);
    for (const stream of this.#streams.values()) stream.lost(new StreamLost(null, false, why));
    this.#options.onOver(why);
  }
}

const wrongSize = (): Http2Error => new Http2Error(ERROR.frameSize, 'a frame of a wrong size');

const settingsFrame = (settings: readonly [name: number, value: number][]): Buffer => {
  const payload = Buffer.alloc(settings.length * 6);
  for (const [nth, [name, value]] of settings.entries()) {
    payload.writeUInt16BE(name, nth * 6);
    payload.writeUInt32BE(value, nth * 6 + 2);
  }
  return frame(FRAME.settings, 0, 0, payload);
};
