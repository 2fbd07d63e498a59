// Reads the head of one HTTP/1 message from a socket that carries raw bytes afterwards (CONNECT, RFC 9110 9.3.6).
// Strict where readers of HTTP disagree with each other (RFC 9112 2.2, 5.1, 5.2, 11.2): what two programs read
// differently is how one request becomes two.
import type { Duplex } from 'node:stream';
import { readStart, StartError } from './read-start.ts';

/** `malformed`: bare CR or LF, folded lines, blanks before a colon, control characters, a line without a name. */
export { StartError as HeadError };

export interface Field {
  /** As it was written. */
  name: string;
  /** Without the blanks around it; one character per byte. */
  value: string;
}

export interface Head {
  /** First line, e.g. `CONNECT host:443 HTTP/1.1`. */
  startLine: string;
  /** Every field line, in order. */
  lines: readonly Field[];
  /** By lower-case name; of repeated ones the last counts. For decisions about safety look at `lines`. */
  fields: ReadonlyMap<string, string>;
}

const END = Buffer.from('\r\n\r\n');
const LF = 0x0a;
const CR = 0x0d;
const MAX_BYTES = 16 * 1024;

/** Resolves with the head; whatever came behind it is put back, so that no byte is lost. Leaves the socket paused. */
export async function readHead(socket: Duplex, deadlineMs: number): Promise<Head> {
  const head = await readStart(socket, deadlineMs, lengthOfHead);
  return parseHead(head.toString('latin1', 0, head.length - END.length));
}

/** Depends on the first 16 KiB alone, so that it does not matter how the bytes were cut into pieces. */
function lengthOfHead(received: Buffer): number | null {
  const window = received.subarray(0, MAX_BYTES);
  const end = window.indexOf(END);
  if (end >= 0) return end + END.length;
  // Said at once: whoever ends lines with a bare LF would otherwise wait for us until the deadline.
  if (hasBareLineFeed(window)) throw new StartError('malformed');
  if (window.length === MAX_BYTES) throw new StartError('too-long');
  return null;
}

function hasBareLineFeed(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) return true;
  }
  return false;
}

// RFC 9110 5.6.2. No blank may stand between name and colon (RFC 9112 5.1).
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Every control character but the tab: RFC 9110 5.5.
// oxlint-disable-next-line no-control-regex -- this is what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

export const isToken = (text: string): boolean => TOKEN.test(text);

function parseHead(text: string): Head {
  const [startLine = '', ...rest] = text.split('\r\n');
  if (CONTROL.test(startLine)) throw new StartError('malformed');
  const lines = rest.map(parseField);
  return {
    startLine,
    lines,
    fields: new Map(lines.map(({ name, value }) => [name.toLowerCase(), value])),
  };
}

function parseField(line: string): Field {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  if (colon < 1 || !TOKEN.test(name) || CONTROL.test(line)) throw new StartError('malformed');
  return { name, value: trimBlanks(line, colon + 1) };
}

/** Not `trim()`: that takes bytes away which only look like blanks (0xA0). Not a pattern: those are slow on long runs. */
function trimBlanks(line: string, start: number): string {
  const isBlank = (at: number) => line[at] === ' ' || line[at] === '\t';
  let from = start;
  let to = line.length;
  while (from < to && isBlank(from)) from += 1;
  while (to > from && isBlank(to - 1)) to -= 1;
  return line.slice(from, to);
}

/** Reads the body that a refusal carries: at most `maxBytes`, at most `deadlineMs`, whatever there is by then. */
export function readShortBody(
  socket: Duplex,
  head: Head,
  { maxBytes, deadlineMs }: { maxBytes: number; deadlineMs: number },
): Promise<string> {
  const announced = Number(head.fields.get('content-length') ?? maxBytes);
  const wanted =
    Number.isSafeInteger(announced) && announced >= 0 ? Math.min(announced, maxBytes) : maxBytes;
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const finish = () => {
      clearTimeout(deadline);
      socket.off('data', onData).off('end', finish).off('close', finish).off('error', finish);
      socket.pause();
      resolve(received.subarray(0, wanted).toString('utf8'));
    };
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= wanted) finish();
    };
    const deadline = setTimeout(finish, deadlineMs);
    socket.on('data', onData).on('end', finish).on('close', finish).on('error', finish);
    if (wanted === 0 || socket.readableEnded || socket.destroyed) finish();
    else socket.resume();
  });
}
