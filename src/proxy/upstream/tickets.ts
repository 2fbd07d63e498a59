// TLS session tickets for one server name and one identity. A resumed session carries the identity it was made with, so
// whoever changes the identity must clear these.
import type { TLSSocket } from 'node:tls';

const MAX_KEPT = 32;

export interface Ticket {
  session: Buffer;
  /** The key exchange of the connection it came by; undefined: Node does not know. */
  group: string | undefined;
}

export class Tickets {
  #kept: Ticket[] = [];
  /** Some servers that verify clients answer every resumed handshake with an alert (no session id context set). */
  #isRefused = false;

  /** The newest; of TLS 1.3 each is used once, as RFC 8446 C.4 wants. */
  take(): Ticket | undefined {
    return this.#kept.pop();
  }

  keep(session: Buffer, socket: TLSSocket): void {
    if (this.#isRefused) return;
    // A TLS 1.2 session is one that may be used again and again; the server does not send another.
    if (socket.getProtocol() !== 'TLSv1.3') this.#kept = [];
    if (this.#kept.length >= MAX_KEPT) this.#kept.shift();
    this.#kept.push({ session, group: groupOf(socket) });
  }

  /** A connection that resumed is up; without this a TLS 1.2 session would be used only once. */
  resumed({ session }: Ticket, socket: TLSSocket): void {
    if (socket.getProtocol() !== 'TLSv1.3' && this.#kept.length === 0) this.keep(session, socket);
  }

  /** The server turned a resumed handshake down and took a full one: it gets full ones from now on. */
  refused(): void {
    this.#isRefused = true;
    this.#kept = [];
  }

  clear(): void {
    this.#kept = [];
  }
}

/** null, where the connection has ended meanwhile. */
function groupOf(socket: TLSSocket): string | undefined {
  const info = socket.getEphemeralKeyInfo();
  return info && 'name' in info ? info.name : undefined;
}
