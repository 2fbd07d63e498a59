// Copies bytes both ways between two sockets until both directions have ended. Half-close is preserved: the end of one
// direction never cuts the other (both sockets must be opened with `allowHalfOpen: true`). A slow reader slows the
// sender down; what is held for it is bounded.
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { abort, hasSentAll, isReset } from './abort.ts';
import { readInBulk } from './bulk-read.ts';
import { Coalescer } from './coalescer.ts';
import { type Landing, landingOf } from './landing.ts';

export interface RelayLimits {
  /** Cut when no byte has moved either way for this long; a half-closed peer that never finishes ends here too. */
  idleMs?: number;
  /** Cut this long after the beginning, whatever moves. */
  lifetimeMs?: number;
  /**
   * Looks at the first bytes from near before any of them is passed on. `refuse`: nothing is, far is cut, and `answer` is
   * the last that near gets; `incomplete`: more is needed; `watch`: what comes later is looked at as well. Nobody waits
   * for bytes that do not come.
   */
  admit?: {
    judge: (bytes: Buffer) => 'pass' | 'watch' | 'refuse' | 'incomplete';
    answer: string;
  };
}

/** `reset` is ordinary: a peer closed abruptly. `closed`: somebody called `cut`. `refused`: by `admit`. */
export type RelayEnd = 'finished' | 'reset' | 'idle' | 'lifetime' | 'closed' | 'refused';

export interface RelayResult {
  bytesNearToFar: number;
  bytesFarToNear: number;
  /** From the beginning to the first byte from far; null: none came. */
  firstByteMs: number | null;
  ended: RelayEnd;
}

/** An upload that has shown to be one. */
const BULK_FROM_BYTES = 256 * 1024;
const WATCH_EVERY_MS = 1_000;

/** Resolves when both sockets are closed; never rejects. */
export const relay = (near: Duplex, far: Duplex, limits: RelayLimits = {}): Promise<RelayResult> =>
  new Relay(near, far, limits).done;

export class Relay {
  /** Resolves when both sockets are closed; never rejects. */
  readonly done: Promise<RelayResult>;
  #near: Duplex;
  readonly #far: Duplex;
  readonly #limits: RelayLimits;
  #meter: Meter;
  readonly #startedAt = performance.now();
  #firstByteMs: number | null = null;
  #open = 2;
  #ended: RelayEnd = 'finished';
  #unjudged: Buffer | null = null;
  /** Passed on while somebody looks. */
  #watchedBytes = 0;
  #movedBytes = 0;
  #movedAt = this.#startedAt;
  #toNear: Coalescer | null = null;
  #finish!: (result: RelayResult) => void;

  constructor(near: Duplex, far: Duplex, limits: RelayLimits) {
    this.#near = near;
    this.#far = far;
    this.#limits = limits;
    this.#meter = createMeter(near, far);
    this.done = new Promise((resolve) => (this.#finish = resolve));
    running.add(this);
    watch();
    const landing = landingOf(far);
    const coalescer = near instanceof Socket && landing ? new Coalescer(near, far) : null;
    this.#follow(near, far, () => this.#refuseUnjudged());
    this.#follow(far, near, () => coalescer?.flush());
    if (limits.admit) this.#judgeFirst(limits.admit);
    else this.#copyUp();
    if (coalescer && landing) this.#land(coalescer, landing);
    else this.#copy(far, near, true);
    // Either may have died while the other was being dialled; its 'close' has then been emitted already.
    const dead = Number(near.closed) + Number(far.closed);
    if (dead > 0) {
      this.cut('reset');
      this.#leave(dead);
    }
  }

  get bytesNearToFar(): number {
    return this.#meter.up();
  }

  get bytesFarToNear(): number {
    return this.#meter.down();
  }

  /** The local program has said all it had. Not to be asked of its socket, which may change. */
  get hasNearEnded(): boolean {
    return this.#near.readableEnded;
  }

  cut(how: Exclude<RelayEnd, 'finished' | 'refused'>): void {
    // Whoever was refused still gets its answer.
    if (this.#ended === 'refused') return;
    if (this.#ended === 'finished') this.#ended = how;
    abort(this.#near);
    abort(this.#far);
  }

  /** Once a second: limits are looked at here, so that they cost nothing while bytes move. */
  look(now: number): void {
    const { idleMs, lifetimeMs } = this.#limits;
    const moved = this.#meter.up() + this.#meter.down();
    if (moved !== this.#movedBytes) {
      this.#movedBytes = moved;
      this.#movedAt = now;
    }
    if (idleMs && now - this.#movedAt >= idleMs) this.cut('idle');
    else if (lifetimeMs && now - this.#startedAt >= lifetimeMs) this.cut('lifetime');
  }

  /** The local socket may change while it is relayed: see readInBulk. */
  #current(side: Duplex): () => Duplex {
    return side === this.#far ? () => this.#far : () => this.#near;
  }

  /** Ends and errors of one side. */
  #follow(from: Duplex, to: Duplex, beforeEnd: () => void): void {
    const other = this.#current(to);
    const onEnd = () => {
      if (isReset(from)) return this.cut('reset');
      beforeEnd();
      other().end();
    };
    // A peer that ended while the other side was being dialled has emitted its 'end' already.
    if (from.readableEnded) onEnd();
    else from.on('end', onEnd);
    from.on('drain', () => other().resume());
    from.on('error', () => this.cut('reset'));
    from.on('close', () => {
      const isHeard = from.readableEnded && landingOf(from)?.wantsNoMore;
      if (this.#ended === 'finished' && isHeard) this.#deliverRest();
      // Closed without an end: the peer is gone, so nothing it was still owed can be delivered.
      else if (!from.readableEnded || !hasSentAll(from)) this.cut('reset');
      this.#leave(1);
    });
  }

  /** A reset would take back what near has not read yet, and look like an end to it. */
  #deliverRest(): void {
    const near = this.#near;
    near.removeAllListeners('data').resume();
    if (near.writableFinished) near.destroy();
    else near.once('finish', () => near.destroy());
  }

  #leave(sides: number): void {
    this.#open -= sides;
    if (this.#open !== 0) return;
    running.delete(this);
    this.#finish({
      bytesNearToFar: this.#meter.up(),
      bytesFarToNear: this.#meter.down(),
      firstByteMs: this.#firstByteMs,
      ended: this.#ended,
    });
  }

  #copy(from: Duplex, to: Duplex, isAnswer: boolean): (chunk: Buffer) => void {
    if (isAnswer) from.once('data', () => this.#gotFirstByte());
    const count = isAnswer ? this.#meter.countDown : this.#meter.countUp;
    const other = this.#current(to);
    const pass = (chunk: Buffer): void => {
      count?.(chunk.length);
      if (!other().write(chunk)) from.pause();
    };
    from.on('data', pass);
    // A socket whose head was read before has been paused explicitly; a listener alone does not restart it.
    from.resume();
    return pass;
  }

  /** What comes in one turn of the loop becomes one write; see Coalescer. */
  #land(coalescer: Coalescer, landing: Landing): void {
    this.#toNear = coalescer;
    landing.attach((bytes, isMore) => {
      this.#gotFirstByte();
      return coalescer.write(bytes, isMore);
    });
  }

  #gotFirstByte(): void {
    this.#firstByteMs ??= performance.now() - this.#startedAt;
  }

  #judgeFirst({ judge }: NonNullable<RelayLimits['admit']>): void {
    const near = this.#near;
    let isWatched = false;
    const onData = (chunk: Buffer): void => {
      const bytes = this.#unjudged ? Buffer.concat([this.#unjudged, chunk]) : chunk;
      const verdict = judge(bytes);
      this.#unjudged = verdict === 'incomplete' ? bytes : null;
      isWatched ||= verdict === 'watch';
      if (verdict === 'refuse') {
        near.off('data', onData);
        this.#refuse();
      } else if (verdict === 'pass' && !isWatched) {
        near.off('data', onData);
        this.#copyUp(bytes);
      } else if (verdict !== 'incomplete') {
        this.#watchedBytes += bytes.length;
        if (!this.#far.write(bytes)) near.pause();
      }
    };
    near.on('data', onData);
    near.resume();
  }

  /** The local program said no more than this: nobody who has a request to send stops in the middle of it. */
  #refuseUnjudged(): void {
    if (this.#unjudged) this.#refuse();
  }

  #refuse(): void {
    const near = this.#near;
    this.#unjudged = null;
    this.#ended = 'refused';
    // Neither what was not passed on nor our answer is payload.
    const up = this.#watchedBytes;
    const down = this.#meter.down();
    this.#meter = { up: () => up, down: () => down, follow: () => {} };
    abort(this.#far);
    near.resume();
    near.end(this.#limits.admit?.answer, () => near.destroy());
  }

  /** `first`: what was judged is passed on before anything else. */
  #copyUp(first?: Buffer): void {
    const near = this.#near;
    const far = this.#far;
    // Either is done with the bytes when `write` returns, unless something is queued before.
    const isQuick = far instanceof TLSSocket || landingOf(far) !== undefined;
    const pass =
      near instanceof Socket && !(near instanceof TLSSocket) && isQuick
        ? this.#copyUntilBulk(near, far)
        : this.#copy(near, far, false);
    if (first) pass(first);
  }

  #copyUntilBulk(near: Socket, far: Duplex): (chunk: Buffer) => void {
    let untilBulk = BULK_FROM_BYTES;
    const pass = (chunk: Buffer): void => {
      if (!far.write(chunk)) near.pause();
      untilBulk -= chunk.length;
      // Not now: the socket is still busy with these bytes.
      if (untilBulk <= 0) process.nextTick(() => this.#changeToBulk(near, far));
    };
    near.on('data', pass);
    near.resume();
    return pass;
  }

  #changeToBulk(near: Socket, far: Duplex): void {
    if (near !== this.#near) return;
    const bulk = readInBulk(near, (bytes) => {
      // The buffer is everybody's.
      if (far.destroyed) return true;
      const isDirect = far.writableLength === 0;
      if (far.write(isDirect ? bytes : Buffer.from(bytes))) return true;
      bulk?.pause();
      return false;
    });
    if (!bulk) return;
    this.#near = bulk;
    this.#meter.follow(bulk);
    this.#toNear?.follow(bulk);
    this.#follow(bulk, far, () => {});
    // It has begun to read by itself.
    if (far.writableNeedDrain) bulk.pause();
    else bulk.resume();
  }
}

/** Payload so far. Polled from the sockets' own counters, so that a copied chunk costs no counting. */
interface Meter {
  up: () => number;
  down: () => number;
  follow: (near: Socket) => void;
  countUp?: (bytes: number) => void;
  countDown?: (bytes: number) => void;
}

function createMeter(near: Duplex, far: Duplex): Meter {
  const isPlain = (stream: Duplex): stream is Socket =>
    stream instanceof Socket && !(stream instanceof TLSSocket);
  const polled = isPlain(near) ? near : isPlain(far) ? far : null;
  if (!polled) {
    // Standard input and output, say: one connection per process.
    let up = 0;
    let down = 0;
    return {
      up: () => up,
      down: () => down,
      follow: () => {},
      countUp: (bytes) => (up += bytes),
      countDown: (bytes) => (down += bytes),
    };
  }
  let socket = polled;
  const unread = (): number => socket.bytesRead;
  const written = (): number => socket.bytesWritten;
  // A request before, and our answer to it, are no payload; what was put back into the stream is.
  const readBefore = unread() - socket.readableLength;
  const writtenBefore = written();
  const received = (): number => unread() - readBefore;
  const sent = (): number => written() - writtenBefore;
  return {
    up: polled === near ? received : sent,
    down: polled === near ? sent : received,
    follow: (bulk) => (socket = bulk),
  };
}

const running = new Set<Relay>();
let watching: NodeJS.Timeout | undefined;

function watch(): void {
  watching ??= setInterval(() => {
    const now = performance.now();
    for (const relaying of running) relaying.look(now);
    if (running.size > 0) return;
    clearInterval(watching);
    watching = undefined;
  }, WATCH_EVERY_MS).unref();
}
