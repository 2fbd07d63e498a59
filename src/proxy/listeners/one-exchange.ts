// One HTTP request and its answer on a connection of their own. Stands in for the far side of the relay: towards the
// server it lets nothing through but the body of that request, towards the client it says that the connection ends.
// Without it a client that sends a second request, for another host, would have it delivered to the first.
import { Duplex } from 'node:stream';
import { formatAnswer } from './answers.ts';
import type { BodyReader } from './http-body.ts';
import { forwardAnswer } from './http-forward.ts';

const MAX_ANSWER_HEAD = 64 * 1024;
const ENDS = [Buffer.from('\r\n\r\n'), Buffer.from('\n\n')];

/** `far` has been sent the head of the request and is paused. */
export class OneExchange extends Duplex {
  readonly #far: Duplex;
  readonly #body: BodyReader;
  /** What has come of the answer's head; null: the head is over, bytes are passed on as they come. */
  #head: Buffer | null = Buffer.alloc(0);
  /** The client has been told that there is no answer. */
  #isOver = false;

  constructor(far: Duplex, body: BodyReader) {
    super({ allowHalfOpen: true });
    this.#far = far;
    this.#body = body;
    far.pause();
    far.on('data', (chunk: Buffer) => this.#receive(chunk));
    far.on('end', () => this.#finish());
    far.on('error', (error) => {
      if (!this.#isOver) this.destroy(error);
    });
    far.on('close', () => {
      if (!far.readableEnded && !this.#isOver) this.destroy();
    });
    if (far.readableEnded) this.#finish();
    else if (far.destroyed) this.destroy();
  }

  override _read(): void {
    this.#far.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    let parts: Buffer[];
    try {
      parts = this.#body.push(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    // What comes behind the request is dropped: the client was told that this connection carries no second one.
    if (parts.length === 0) done();
    else this.#far.write(Buffer.concat(parts), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#far.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#far.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return;
    const bytes = this.#head ? this.#takeHead(Buffer.concat([this.#head, chunk])) : chunk;
    if (bytes.length > 0 && !this.push(bytes)) this.#far.pause();
    if (this.#isOver) this.push(null);
  }

  /** The rewritten heads that are whole by now, and what of the body came with them. */
  #takeHead(received: Buffer): Buffer {
    let rest = received;
    const ready: Buffer[] = [];
    for (;;) {
      const end = endOfHead(rest);
      if (end < 0 && rest.length <= MAX_ANSWER_HEAD) {
        this.#head = rest;
        return Buffer.concat(ready);
      }
      const isHead = end >= 0 && end <= MAX_ANSWER_HEAD;
      const answer = isHead ? forwardAnswer(rest.toString('latin1', 0, end).trimEnd()) : null;
      if (!answer) return Buffer.concat([...ready, this.#noAnswer()]);
      ready.push(answer.head);
      rest = rest.subarray(end);
      if (!answer.isInterim) {
        this.#head = null;
        return Buffer.concat([...ready, rest]);
      }
    }
  }

  #finish(): void {
    if (this.#isOver) return;
    if (this.#head) this.push(this.#noAnswer());
    this.push(null);
  }

  /** The rest of what comes is read and dropped. */
  #noAnswer(): Buffer {
    this.#head = null;
    this.#isOver = true;
    const answer = formatAnswer({
      status: '502 Bad Gateway',
      text: 'The server closed the connection or did not answer in HTTP.',
    });
    return Buffer.from(answer);
  }
}

function endOfHead(bytes: Buffer): number {
  const ends = ENDS.map((end) => ({ at: bytes.indexOf(end), length: end.length }))
    .filter(({ at }) => at >= 0)
    .map(({ at, length }) => at + length);
  return ends.length > 0 ? Math.min(...ends) : -1;
}
