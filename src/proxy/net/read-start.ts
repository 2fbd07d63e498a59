// Reads the first message of a stream that carries raw bytes afterwards, and not a byte more.
import type { Duplex } from 'node:stream';

export class StartError extends Error {
  override readonly name = 'StartError';
  readonly failure: 'too-long' | 'timed-out' | 'ended' | 'malformed';

  constructor(failure: StartError['failure']) {
    super(failure);
    this.failure = failure;
  }
}

/**
 * How many of the received bytes are the message; null: more are needed. It sees all bytes from the first one on and must
 * bound them itself. What it throws is the end of the reading.
 */
export type Measure = (received: Buffer) => number | null;

/**
 * Resolves with the message; whatever came behind it is put back, so that no byte is lost. Leaves the stream paused.
 * Rejects with StartError, or with what `measure` threw.
 */
export function readStart(stream: Duplex, deadlineMs: number, measure: Measure): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Its events have been emitted already: waiting for them would take until the deadline.
    if (stream.readableEnded || stream.destroyed) {
      reject(new StartError('ended'));
      return;
    }
    let received: Buffer | undefined;
    const onData = (chunk: Buffer) => {
      received = received ? Buffer.concat([received, chunk]) : chunk;
      let length: number | null;
      try {
        length = measure(received);
      } catch (error) {
        stop();
        reject(error);
        return;
      }
      if (length === null) return;
      stop();
      if (length < received.length) stream.unshift(received.subarray(length));
      resolve(received.subarray(0, length));
    };
    const fail = (failure: StartError['failure']) => {
      stop();
      reject(new StartError(failure));
    };
    const onEnd = () => fail('ended');
    const stop = () => {
      clearTimeout(deadline);
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      stream.pause();
    };
    const deadline = setTimeout(() => fail('timed-out'), Math.max(0, deadlineMs));
    stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    stream.resume();
  });
}
