// As much of HPACK (RFC 7541) as a tunnel needs: a CONNECT is written, and of an answer the status is read. The peer is
// told to keep no table (SETTINGS_HEADER_TABLE_SIZE 0) ahead of the first request, so every block stands for itself.
import { ERROR, Http2Error } from './frames.ts';

// Places in the static table (RFC 7541, Appendix A).
const AUTHORITY = 1;
const METHOD = 2;
const STATUSES: ReadonlyMap<number, string> = new Map(
  ['200', '204', '206', '304', '400', '404', '500'].map((status, nth) => [8 + nth, status]),
);
const STATIC_ENTRIES = 61;

/** Literals that are not put into a table (RFC 7541 6.2.2). `authority`: at most a host name and a port. */
export const connectRequest = (authority: string): Buffer =>
  Buffer.concat([literal(METHOD, 'CONNECT'), literal(AUTHORITY, authority)]);

function literal(name: number, value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([Buffer.from([name]), integer(bytes.length), bytes]);
}

/** With a prefix of seven bits (RFC 7541 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** null: the block is in order and holds no status. Throws Http2Error where a block cannot be read. */
export function statusOf(block: Buffer): number | null {
  const reader = new BlockReader(block);
  let status: string | null = null;
  while (!reader.isAtEnd) status = reader.readField() ?? status;
  return status === null ? null : Number(status);
}

class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#block.length;
  }

  /** The status, where this field is it. */
  readField(): string | null {
    const first = this.#block[this.#at] as number;
    if (first & 0x80) return this.#indexed(this.#integer(7));
    if (first & 0x40) return this.#literal(this.#integer(6));
    if (!(first & 0x20)) return this.#literal(this.#integer(4));
    if (this.#integer(5) > 0) throw unreadable('a table that was not allowed');
    return null;
  }

  #indexed(index: number): string | null {
    if (index < 1 || index > STATIC_ENTRIES) throw unreadable('a field that nobody knows');
    return STATUSES.get(index) ?? null;
  }

  #literal(name: number): string | null {
    if (name > STATIC_ENTRIES) throw unreadable('a name that nobody knows');
    const isStatus = name === 0 ? isStatusName(this.#string()) : STATUSES.has(name);
    const value = this.#string();
    return isStatus ? statusValue(value) : null;
  }

  #integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    const first = this.#byte() & mask;
    if (first < mask) return first;
    let value = first;
    for (let scale = 1; scale <= 128 ** 3; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw unreadable('a number too large');
  }

  #string(): HpackString {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw unreadable('a string that is cut off');
    this.#at += length;
    return { isHuffman, bytes };
  }

  #byte(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw unreadable('a block that is cut off');
    this.#at += 1;
    return byte;
  }
}

interface HpackString {
  isHuffman: boolean;
  bytes: Buffer;
}

// Of the Huffman code (RFC 7541, Appendix B) what these two can hold. A text has one encoding only, so it is compared and
// not decoded.
const CODES: ReadonlyMap<string, string> = new Map(
  (
    '0 00000, 1 00001, 2 00010, 3 011001, 4 011010, 5 011011, 6 011100, 7 011101, 8 011110, 9 011111, ' +
    ': 1011100, a 00011, s 01000, t 01001, u 101101'
  )
    .split(', ')
    .map((code): [string, string] => [code.charAt(0), code.slice(2)]),
);
const DIGITS = [...CODES].filter(([character]) => /\d/.test(character));

const bitsOf = (bytes: Buffer): string =>
  Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');

const STATUS_NAME = Array.from(':status', (character) => CODES.get(character)).join('');
const PADDING = /^1{0,7}$/;

const isStatusName = ({ isHuffman, bytes }: HpackString): boolean => {
  if (!isHuffman) return bytes.toString('latin1') === ':status';
  const bits = bitsOf(bytes.subarray(0, 6));
  return (
    bytes.length < 6 && bits.startsWith(STATUS_NAME) && PADDING.test(bits.slice(STATUS_NAME.length))
  );
};

function statusValue({ isHuffman, bytes }: HpackString): string {
  const text = isHuffman ? decodeDigits(bytes) : bytes.toString('latin1');
  if (!/^[1-9]\d\d$/.test(text)) throw unreadable('a status that is none');
  return text;
}

function decodeDigits(bytes: Buffer): string {
  let bits = bitsOf(bytes.subarray(0, 4));
  let text = '';
  while (text.length < 3) {
    const [digit, code = ''] = DIGITS.find(([, code]) => bits.startsWith(code)) ?? [];
    if (digit === undefined) break;
    text += digit;
    bits = bits.slice(code.length);
  }
  return PADDING.test(bits) && bytes.length < 4 ? text : '';
}

const unreadable = (what: string): Http2Error => new Http2Error(ERROR.compression, what);
