// Writes what lands to a local socket: many pieces of one turn of the event loop become ONE write, a lone short one goes
// out at once. Without this, TCP_NODELAY costs a fifth of the download speed; with it nothing.
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RECORD_BYTES } from './landing.ts';

const SLAB_BYTES = 128 * 1024;
const MAX_SPARE_SLABS = 64;
const spare: Buffer[] = [];
let waiting: Coalescer[] = [];

/** After the poll phase: Node drains its other queues after every single record. */
function flushAll(): void {
  const all = waiting;
  waiting = [];
  for (const coalescer of all) coalescer.endTurn();
}

export class Coalescer {
  #near: Socket;
  readonly #far: Duplex;
  #slab: Buffer | null = null;
  #used = 0;
  #isStalled = false;

  constructor(near: Socket, far: Duplex) {
    this.#near = near;
    this.#far = far;
  }

  /** The same connection, read by another socket. */
  follow(near: Socket): void {
    this.#near = near;
  }

  /** `bytes` is copied. false: no more until the local socket has drained. */
  write(bytes: Buffer, isMore: boolean): boolean {
    if (this.#near.destroyed) return true;
    if (this.#slab === null) {
      if (!isMore && !this.#near.writableNeedDrain)
        return this.#isReadyAfter(this.#near.write(Buffer.from(bytes)));
      this.#slab = spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
      if (waiting.push(this) === 1) setImmediate(flushAll);
    }
    if (bytes.length > SLAB_BYTES - this.#used) {
      // More than a record: what a stream held before we were attached to it.
      this.flush();
      return this.#isReadyAfter(this.#near.write(Buffer.from(bytes)));
    }
    bytes.copy(this.#slab, this.#used);
    this.#used += bytes.length;
    const isFull = SLAB_BYTES - this.#used < RECORD_BYTES;
    if (isFull) this.flush();
    return !this.#near.writableNeedDrain;
  }

  /**
   * What comes while the local socket is full waits together: HTTP/2's peer may send on within its window, byte by byte, and
   * a write for each would take hundreds of times its memory.
   */
  endTurn(): void {
    if (!this.#near.writableNeedDrain) return this.flush();
    if (this.#isStalled) return;
    this.#isStalled = true;
    this.#near.once('drain', () => {
      this.#isStalled = false;
      this.flush();
    });
  }

  flush(): void {
    const slab = this.#slab;
    if (slab === null) return;
    this.#slab = null;
    const bytes = slab.subarray(0, this.#used);
    if (this.#near.destroyed) recycle(slab);
    else if (this.#used >= RECORD_BYTES) {
      this.#isReadyAfter(this.#near.write(bytes, () => recycle(slab)));
    } else {
      // So little is not worth a slab until it has left.
      this.#isReadyAfter(this.#near.write(Buffer.from(bytes)));
      recycle(slab);
    }
  }

  #isReadyAfter(isReady: boolean): boolean {
    if (!isReady) this.#far.pause();
    return isReady;
  }
}

function recycle(slab: Buffer): void {
  if (spare.length < MAX_SPARE_SLABS) spare.push(slab);
}
