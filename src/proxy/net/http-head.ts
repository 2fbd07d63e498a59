// Reads the head of one HTTP/1 message from a socket that carries raw bytes afterwards (CONNECT, RFC 9110 9.3.6).
import type { Duplex } from 'node:stream';

export class HeadError extends Error {
  override readonly name = 'HeadError';
  readonly failure: 'too-long' | 'timed-out' | 'ended';

  constructor(failure: HeadError['failure']) {
    super(failure);
    this.failure = failure;
  }
}

export interface Head {
  /** First line, e.g. `CONNECT host:443 HTTP/1.1`. */
  startLine: string;
  /** Field lines by lower-case name; of repeated ones the last counts. */
  fields: ReadonlyMap<string, string>;
}

const END = Buffer.from('\r\n\r\n');
const MAX_BYTES = 16 * 1024;

/** Resolves with the head; whatever came behind it is put back, so that no byte is lost. Leaves the socket paused. */
export function readHead(socket: Duplex, deadlineMs: number): Promise<Head> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf(END);
      if (end < 0) {
        if (received.length > MAX_BYTES) finish('too-long');
        return;
      }
      finish(null);
      const rest = received.subarray(end + END.length);
      if (rest.length > 0) socket.unshift(rest);
      resolve(parse(received.subarray(0, end).toString('latin1')));
    };
    const onEnd = () => finish('ended');
    const finish = (failure: HeadError['failure'] | null) => {
      clearTimeout(deadline);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      socket.pause();
      if (failure) reject(new HeadError(failure));
    };
    const deadline = setTimeout(() => finish('timed-out'), deadlineMs);
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    socket.resume();
  });
}

/** Reads the body that a refusal carries: at most `maxBytes`, at most `deadlineMs`, whatever there is by then. */
export function readShortBody(
  socket: Duplex,
  head: Head,
  { maxBytes, deadlineMs }: { maxBytes: number; deadlineMs: number },
): Promise<string> {
  const announced = Number(head.fields.get('content-length') ?? maxBytes);
  const wanted = Number.isSafeInteger(announced) ? Math.min(announced, maxBytes) : maxBytes;
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
    socket.resume();
    if (wanted === 0) finish();
  });
}

function parse(text: string): Head {
  const [startLine = '', ...lines] = text.split('\r\n');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { startLine, fields };
}
