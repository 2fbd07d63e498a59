// Reads TLS without a buffer per connection: every record of every connection lands in ONE buffer of this thread and is
// copied out at once. That is where an idle tunnel saves a third of its memory, and a busy one its garbage.
import type { OnReadOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/**
 * `bytes` is a view that is valid only during the call. `isMore`: more is on its way already, so these need not be passed
 * on by themselves. false: stop reading until the stream is resumed.
 */
export type Receiver = (bytes: Buffer, isMore: boolean) => boolean;

/**
 * A stream whose bytes can be had before they are copied, and whose `write` is done with those it is given when it
 * returns, unless something is queued before. Until something is attached, it is an ordinary one.
 */
export interface Landing {
  /** The peer has said all and turned down the rest of what we say, and is to be heard all the same (RFC 9113 8.1). */
  readonly wantsNoMore?: boolean;
  /** From now on `receive` gets every byte, beginning with what the stream still holds. */
  attach(receive: Receiver): void;
}

export const LANDING = Symbol('landing');

interface Landed extends Duplex {
  [LANDING]?: Landing;
}

export const landingOf = (stream: Duplex): Landing | undefined => (stream as Landed)[LANDING];

/** A TLS record carries at most this much (RFC 8446 5.1). */
export const RECORD_BYTES = 16 * 1024;
const place = Buffer.allocUnsafeSlow(RECORD_BYTES);

export class TlsLanding implements Landing {
  #socket: TLSSocket | undefined;
  #receive: Receiver | undefined;

  /** For `tls.connect`. */
  readonly onread: OnReadOpts = {
    buffer: place,
    callback: (length) => {
      // Most records of a download are full; a view of each would be garbage.
      const isFull = length === RECORD_BYTES;
      const bytes = isFull ? place : place.subarray(0, length);
      return this.#receive
        ? this.#receive(bytes, isFull)
        : !!this.#socket?.push(Buffer.from(bytes));
    },
  };

  belongTo(socket: TLSSocket): void {
    this.#socket = socket;
    (socket as Landed)[LANDING] = this;
  }

  attach(receive: Receiver): void {
    this.#receive = receive;
    const held = this.#socket?.read() as Buffer | null | undefined;
    if (!held || receive(held, false)) this.#socket?.resume();
  }
}
