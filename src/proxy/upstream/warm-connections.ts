// TLS connections made ahead for servers that speak CONNECT over HTTP/1.1 only, where each carries one tunnel. As many as
// were lately used at once, a few at most, and only while they are used: an idle tunnel holds none.
import type { TLSSocket } from 'node:tls';

const MAX_KEPT = 4;
/** Servers close connections that ask for nothing; well before that we do. */
const KEPT_AT_MOST_MS = 15_000;
/** Nothing is made ahead for a port that nobody used for so long. */
const WANTED_FOR_MS = 60_000;

interface Kept {
  socket: TLSSocket;
  drop: () => void;
  expiry: NodeJS.Timeout;
}

export class WarmConnections {
  readonly #dial: () => Promise<TLSSocket>;
  #kept: Kept[] = [];
  #coming = 0;
  #wantedUntil = 0;
  /** Changes when everything is thrown away, so that what is still being dialled is thrown away as well. */
  #round = {};

  constructor(dial: () => Promise<TLSSocket>) {
    this.#dial = dial;
  }

  /** The server speaks HTTP/1.1 only. */
  get isWanted(): boolean {
    return performance.now() < this.#wantedUntil;
  }

  want(): void {
    this.#wantedUntil = performance.now() + WANTED_FOR_MS;
  }

  /** The freshest that lives; others are made in its place. */
  take(): TLSSocket | undefined {
    if (!this.isWanted) return undefined;
    const kept = this.#kept.pop();
    if (kept) {
      clearTimeout(kept.expiry);
      kept.socket.off('end', kept.drop).off('close', kept.drop).pause();
    }
    setImmediate(() => this.#refill());
    return kept?.socket;
  }

  keep(socket: TLSSocket): void {
    const drop = () => {
      clearTimeout(kept.expiry);
      this.#kept = this.#kept.filter((other) => other !== kept);
      socket.destroy();
    };
    const kept: Kept = { socket, drop, expiry: setTimeout(drop, KEPT_AT_MOST_MS).unref() };
    this.#kept.push(kept);
    socket.once('end', drop).once('close', drop);
    // An end or an alert must be noticed; nothing else can come before we have asked.
    socket.resume();
  }

  clear(): void {
    this.#round = {};
    this.#coming = 0;
    this.#wantedUntil = 0;
    for (const { socket, expiry } of this.#kept.splice(0)) {
      clearTimeout(expiry);
      socket.destroy();
    }
  }

  #refill(): void {
    if (!this.isWanted) return;
    this.want();
    while (this.#kept.length + this.#coming < MAX_KEPT) {
      const round = this.#round;
      this.#coming += 1;
      this.#dial().then(
        (socket) => {
          if (round === this.#round) {
            this.#coming -= 1;
            this.keep(socket);
          } else {
            socket.destroy();
          }
        },
        () => {
          // Whoever needs a connection next dials by itself, and tells why it failed.
          if (round === this.#round) this.#coming -= 1;
        },
      );
    }
  }
}
