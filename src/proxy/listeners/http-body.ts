// Where the body of one HTTP/1.1 request ends (RFC 9112 6 and 7). What comes behind it belongs to no request of ours and
// is never passed on.
import { type Field } from '../net/http-head.ts';
import { StartError } from '../net/read-start.ts';

/** As the request announced it; `none`: neither length nor coding, which in a request means no body. */
export type Framing = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' };

/** null: two readers could take it for bodies of different length. */
export function framingOf(lines: readonly Field[], version: string): Framing | null {
  const codings = listOf(lines, 'transfer-encoding');
  const lengths = listOf(lines, 'content-length');
  if (codings.length > 0) {
    const isChunked = codings.length === 1 && codings[0]?.toLowerCase() === 'chunked';
    return isChunked && lengths.length === 0 && version === '1.1' ? { kind: 'chunked' } : null;
  }
  const [length] = lengths;
  if (length === undefined) return { kind: 'none' };
  if (!/^\d{1,15}$/.test(length) || lengths.some((other) => other !== length)) return null;
  return { kind: 'length', bytes: Number(length) };
}

/** The elements of a list field over all its lines (RFC 9110 5.3); empty ones are kept, for they say something is odd. */
export const listOf = (lines: readonly Field[], name: string): string[] =>
  lines
    .filter((line) => line.name.toLowerCase() === name)
    .flatMap(({ value }) => value.split(','))
    .map((element) => element.trim());

export interface BodyReader {
  /** What of these bytes is to be passed on. Throws StartError when it is no body. */
  push(bytes: Buffer): Buffer[];
  readonly isComplete: boolean;
}

export const bodyReader = (framing: Framing): BodyReader =>
  framing.kind === 'chunked'
    ? new ChunkedBody()
    : new CountedBody(framing.kind === 'length' ? framing.bytes : 0);

class CountedBody implements BodyReader {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  push(bytes: Buffer): Buffer[] {
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    return part.length > 0 ? [part] : [];
  }
}

const MAX_LINE = 4 * 1024;
const MAX_TRAILER_BYTES = 16 * 1024;
const CRLF = Buffer.from('\r\n');

/** Written anew from what was understood: extensions and trailers are left out (RFC 9112 7.1.1, 7.1.2 allow it). */
class ChunkedBody implements BodyReader {
  #at: 'size' | 'data' | 'data-end' | 'trailer' | 'end' = 'size';
  #left = 0;
  #line = '';
  #trailerBytes = 0;

  get isComplete(): boolean {
    return this.#at === 'end';
  }

  push(bytes: Buffer): Buffer[] {
    const out: Buffer[] = [];
    let rest = bytes;
    while (rest.length > 0 && this.#at !== 'end') {
      if (this.#at === 'data') {
        const part = rest.subarray(0, this.#left);
        out.push(part);
        rest = rest.subarray(part.length);
        this.#left -= part.length;
        if (this.#left === 0) this.#at = 'data-end';
      } else {
        const lineFeed = rest.indexOf(CRLF[1] as number);
        const end = lineFeed < 0 ? rest.length : lineFeed + 1;
        this.#line += rest.toString('latin1', 0, end);
        rest = rest.subarray(end);
        if (this.#line.length > MAX_LINE) throw new StartError('too-long');
        if (lineFeed >= 0) out.push(...this.#takeLine());
      }
    }
    return out;
  }

  #takeLine(): Buffer[] {
    const line = this.#line;
    this.#line = '';
    // The only carriage return stands before the line feed.
    if (line.indexOf('\r') !== line.length - 2) throw new StartError('malformed');
    const text = line.slice(0, -2);
    if (this.#at === 'size') return this.#startChunk(text);
    if (this.#at === 'data-end') {
      if (text) throw new StartError('malformed');
      this.#at = 'size';
      return [CRLF];
    }
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > MAX_TRAILER_BYTES) throw new StartError('too-long');
    if (text) return [];
    this.#at = 'end';
    return [CRLF];
  }

  #startChunk(text: string): Buffer[] {
    const [, digits] = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i.exec(text) ?? [];
    if (!digits) throw new StartError('malformed');
    this.#left = Number.parseInt(digits, 16);
    this.#at = this.#left === 0 ? 'trailer' : 'data';
    return [Buffer.from(`${this.#left.toString(16)}\r\n`)];
  }
}
