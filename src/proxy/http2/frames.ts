// Frames of HTTP/2 (RFC 9113 4 and 6): how they are written, and how a stream of bytes is taken apart into them.

export const FRAME = {
  data: 0x0,
  headers: 0x1,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goaway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** RFC 9113 7. */
export const ERROR = {
  none: 0x0,
  protocol: 0x1,
  flowControl: 0x3,
  frameSize: 0x6,
  refusedStream: 0x7,
  compression: 0x9,
  connect: 0xa,
  enhanceYourCalm: 0xb,
} as const;

export const SETTING = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
} as const;

export const ACK = 0x1;
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY = 0x20;

export const HEAD_BYTES = 9;
/** The least that everybody takes (RFC 9113 4.2), and the most that we do. */
export const MAX_FRAME_BYTES = 16 * 1024;
const MAX_HEADER_BLOCK_BYTES = 32 * 1024;

/** The connection cannot go on. */
export class Http2Error extends Error {
  override readonly name = 'Http2Error';
  /** One of ERROR. */
  readonly code: number;

  constructor(code: number, what: string) {
    super(what);
    this.code = code;
  }
}

export function writeHead(
  to: Buffer,
  at: number,
  [length, type, flags, stream]: [length: number, type: number, flags: number, stream: number],
): void {
  to.writeUIntBE(length, at, 3);
  to[at + 3] = type;
  to[at + 4] = flags;
  to.writeUInt32BE(stream, at + 5);
}

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  writeHead(bytes, 0, [payload.length, type, flags, stream]);
  payload.copy(bytes, HEAD_BYTES);
  return bytes;
}

/** RST_STREAM's code, WINDOW_UPDATE's increment. */
export function numberFrame(type: number, stream: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + 4);
  writeHead(bytes, 0, [4, type, 0, stream]);
  bytes.writeUInt32BE(value, HEAD_BYTES);
  return bytes;
}

export interface FrameSink {
  /** `bytes` is a view that is valid only during the call. `isMore`: of this read, or of the next one that is on its way. */
  onData(stream: number, bytes: Buffer, isMore: boolean): void;
  /** The whole of a DATA frame has come; `length` counts for flow control and includes the padding. */
  onDataEnd(stream: number, length: number, isLast: boolean): void;
  onHeaders(stream: number, block: Buffer, isLast: boolean): void;
  /** Every other frame that RFC 9113 defines. */
  onControl(type: number, flags: number, stream: number, payload: Buffer): void;
}

/** Throws Http2Error on what no peer may send. Holds at most one frame of control or one header block. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #type = 0;
  #flags = 0;
  #stream = 0;
  #length = 0;
  /** Of the frame's payload. */
  #left = 0;
  /** Behind the data of a padded frame; null: its length is the next byte. */
  #padding: number | null = 0;
  #isFirst = true;
  #collected: Buffer[] = [];
  /** A header block that goes on in CONTINUATION frames. */
  #block: { stream: number; isLast: boolean; parts: Buffer[]; bytes: number } | null = null;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** `isMore`: as many bytes came as one read takes. */
  read(bytes: Buffer, isMore: boolean): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headBytes < HEAD_BYTES) at = this.#readHead(bytes, at);
      else if (this.#type === FRAME.data) at = this.#readData(bytes, at, isMore);
      else at = this.#collect(bytes, at);
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#head, this.#headBytes, at, at + HEAD_BYTES - this.#headBytes);
    this.#headBytes += taken;
    if (this.#headBytes === HEAD_BYTES) this.#begin();
    return at + taken;
  }

  #begin(): void {
    const head = this.#head;
    this.#length = head.readUIntBE(0, 3);
    this.#type = head[3] as number;
    this.#flags = head[4] as number;
    this.#stream = head.readUInt32BE(5) & 0x7fffffff;
    this.#left = this.#length;
    if (this.#isFirst && this.#type !== FRAME.settings) throw violation('no SETTINGS first');
    this.#isFirst = false;
    if (this.#length > MAX_FRAME_BYTES) throw new Http2Error(ERROR.frameSize, 'a frame too long');
    const goesOn = this.#type === FRAME.continuation && this.#stream === this.#block?.stream;
    if (this.#block ? !goesOn : this.#type === FRAME.continuation) {
      throw violation('a header block that is cut up');
    }
    if (this.#type !== FRAME.data) {
      if (this.#left === 0) this.#finish(Buffer.alloc(0));
      return;
    }
    if (this.#stream === 0) throw violation('data of no stream');
    this.#padding = this.#flags & PADDED ? null : 0;
    if (this.#left > 0) return;
    if (this.#padding === null) throw violation('padding without a length');
    this.#finishData();
  }

  #readData(bytes: Buffer, at: number, isMore: boolean): number {
    if (this.#padding === null) {
      this.#padding = bytes[at] as number;
      this.#left -= 1;
      if (this.#padding > this.#left) throw violation('more padding than payload');
      if (this.#left === 0) this.#finishData();
      return at + 1;
    }
    const end = Math.min(bytes.length, at + this.#left);
    const dataEnd = Math.min(bytes.length, at + this.#left - this.#padding);
    if (dataEnd > at) {
      this.#sink.onData(this.#stream, bytes.subarray(at, dataEnd), isMore || end < bytes.length);
    }
    this.#left -= end - at;
    this.#padding = Math.min(this.#padding, this.#left);
    if (this.#left === 0) this.#finishData();
    return end;
  }

  #finishData(): void {
    this.#headBytes = 0;
    this.#sink.onDataEnd(this.#stream, this.#length, (this.#flags & END_STREAM) !== 0);
  }

  #collect(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    // A copy: the bytes are somebody else's after this call.
    if (isKnown(this.#type)) this.#collected.push(Buffer.from(bytes.subarray(at, end)));
    this.#left -= end - at;
    if (this.#left === 0) {
      const [only, ...others] = this.#collected;
      this.#collected = [];
      this.#finish(
        others.length > 0 || !only ? Buffer.concat(only ? [only, ...others] : []) : only,
      );
    }
    return end;
  }

  #finish(payload: Buffer): void {
    this.#headBytes = 0;
    if (this.#type === FRAME.headers) {
      const isLast = (this.#flags & END_STREAM) !== 0;
      this.#block = { stream: this.#stream, isLast, parts: [], bytes: 0 };
      this.#addToBlock(blockOf(payload, this.#flags));
    } else if (this.#type === FRAME.continuation) this.#addToBlock(payload);
    else if (isKnown(this.#type)) {
      this.#sink.onControl(this.#type, this.#flags, this.#stream, payload);
    }
  }

  #addToBlock(part: Buffer): void {
    const block = this.#block;
    if (!block) return;
    block.parts.push(part);
    // Each frame costs something, whatever it holds (CVE-2024-28182).
    block.bytes += part.length + HEAD_BYTES;
    if (block.bytes > MAX_HEADER_BLOCK_BYTES) {
      throw new Http2Error(ERROR.enhanceYourCalm, 'headers too long');
    }
    if (!(this.#flags & END_HEADERS)) return;
    this.#block = null;
    this.#sink.onHeaders(block.stream, Buffer.concat(block.parts), block.isLast);
  }
}

/** Unknown types are skipped (RFC 9113 4.1); PRIORITY, which means nothing any more, as well. */
const isKnown = (type: number): boolean =>
  type === FRAME.headers || (type >= FRAME.rstStream && type <= FRAME.continuation);

/** HEADERS without its padding and its priority (RFC 9113 6.2). */
function blockOf(payload: Buffer, flags: number): Buffer {
  const start = (flags & PADDED ? 1 : 0) + (flags & PRIORITY ? 5 : 0);
  const padding = flags & PADDED ? (payload[0] ?? 0) : 0;
  if (start + padding > payload.length) throw violation('more padding than payload');
  return payload.subarray(start, payload.length - padding);
}

export const violation = (what: string): Http2Error => new Http2Error(ERROR.protocol, what);
