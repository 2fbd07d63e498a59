// A connection of ours whose peer is a script: its frames come when and as the test wants.
import { Duplex } from 'node:stream';
import { Http2Connection } from '../../src/proxy/http2/connection.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  type Http2Error,
} from '../../src/proxy/http2/frames.ts';
import type { Http2Stream } from '../../src/proxy/http2/stream.ts';

const PREFACE_BYTES = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'.length;

/** In place of a TLS connection: hands over at once what it is given, and remembers what was written. */
class Wire extends Duplex {
  readonly written: Buffer[] = [];
  /** While it is held, nothing that is written leaves. */
  isHeld = false;
  #held: (() => void) | null = null;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(Buffer.from(chunk));
    if (this.isHeld) this.#held = done;
    else done();
  }

  letGo(): void {
    this.isHeld = false;
    this.#held?.();
    this.#held = null;
  }
}

export interface ScriptedPeer {
  connection: Http2Connection;
  /** Bytes from the peer. */
  say: (...bytes: Buffer[]) => void;
  /** What the peer has got so far, without the preface. */
  heard: () => Promise<Heard[]>;
  /** From now on nothing of ours leaves. Returns how it goes on. */
  hold: () => () => void;
  /** What ended the connection; undefined: nothing has, null: it ended in order. */
  why: () => Http2Error | null | undefined;
}

export interface Heard {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export const settings = frame(FRAME.settings, 0, 0, Buffer.alloc(0));
/** `:status 200`, from the static table. */
export const yes = (stream: number, flags = END_HEADERS): Buffer =>
  frame(FRAME.headers, flags, stream, Buffer.from([0x88]));
export const data = (stream: number, text: string | Buffer, isLast = false): Buffer =>
  frame(FRAME.data, isLast ? END_STREAM : 0, stream, Buffer.from(text));
export const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export function scriptedPeer({
  streamWindow = 65_536,
  connectionWindow = 1024 * 1024,
} = {}): ScriptedPeer {
  const wire = new Wire();
  let why: Http2Error | null | undefined;
  const connection = new Http2Connection(wire, {
    streamWindow,
    connectionWindow,
    onSettings: () => {},
    onGoaway: () => {},
    onOver: (error) => (why = (error as Http2Error | undefined) ?? null),
  });
  return {
    connection,
    say: (...all) => {
      for (const bytes of all) wire.emit('data', bytes);
    },
    async heard() {
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      return takeFrames(Buffer.concat(wire.written).subarray(PREFACE_BYTES)).frames;
    },
    hold() {
      wire.isHeld = true;
      return () => wire.letGo();
    },
    why: () => why,
  };
}

/** Of a client's bytes, however they are cut. */
export function readFrames(hear: (frame: Heard) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let preface = PREFACE_BYTES;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const skipped = Math.min(preface, rest.length);
    preface -= skipped;
    const taken = takeFrames(rest.subarray(skipped));
    rest = taken.rest;
    for (const frame of taken.frames) hear(frame);
  };
}

function takeFrames(bytes: Buffer): { frames: Heard[]; rest: Buffer } {
  const frames: Heard[] = [];
  let at = 0;
  while (at + 9 <= bytes.length) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 3] as number,
      flags: bytes[at + 4] as number,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    });
    at = end;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** What came of a stream, in one line. */
export function outcomeOf(stream: Http2Stream): () => string {
  let text = '';
  stream
    .on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    .on('end', () => (text += '|end'))
    .on('error', () => (text += '|lost'));
  return () => text;
}
