// The way of one tunnel to the Access Tier: mutual TLS under our identity, resumed where possible, and inside it what
// the mode wants. For a collection, connections are kept warm, so that a CONNECT costs one round trip.
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import { formatHostPort, type HostAndPort } from '../../shared/protocol/host-port.ts';
import { PROBE_PROTOCOL } from '../../shared/protocol/probe.ts';
import { certificateRefused, closedAtOnce, dialFailure } from '../failures.ts';
import type { TunnelSpec } from '../messages.ts';
import { DialError, dialTls, isCertificateRefusal } from '../net/dial.ts';
import { isThisMachine } from '../net/loopback.ts';
import { dialThroughProxy } from './corporate-proxy.ts';
import { connectByHttp1 } from './http1-connect.ts';
import { Http2Session, SessionFull, SessionGone } from './http2-session.ts';
import type { CurrentIdentity, Identity } from './identity.ts';
import { type Ticket, Tickets } from './tickets.ts';
import { WarmConnections } from './warm-connections.ts';

const DIAL_DEADLINE_MS = 20_000;
/** A server turns a client down within its next answer; so long does a proof wait for that where the server says nothing. */
const REFUSAL_WINDOW_MS = 250;
/** Each costs a round trip. */
const MAX_STREAM_REFUSALS = 4;

export interface Wish {
  target: HostAndPort | null;
  /** What came right behind the local program's request. */
  early: Buffer | undefined;
  /** The local program has gone. */
  gone: AbortSignal;
  /** Run before this connection has to wait for a certificate; may refuse it. */
  beforeHold?: () => Promise<void>;
}

export class AccessTier {
  readonly #spec: TunnelSpec;
  readonly #identity: Identity;
  readonly #tickets = new Tickets();
  readonly #warm = new WarmConnections(() => this.#dialChain(undefined));
  #sessions: Http2Session[] = [];
  /** Of one connection, once the server has refused more. */
  #allowedStreams: number | undefined;
  /** While one is being made, everybody waits for that one. */
  #nextSession: Promise<TLSSocket | Http2Session> | null = null;
  #used: CurrentIdentity | null = null;
  /** Changes when everything warm is thrown away, so that what is still being dialled is not kept either. */
  #round = {};
  #isRefusedAlpn = false;
  #isClosed = false;

  constructor(spec: TunnelSpec, identity: Identity) {
    this.#spec = spec;
    this.#identity = identity;
  }

  /** TCP mode (`target` null): a fresh TLS connection. CHAIN: a tunnel to the target. Rejects with AppError. */
  async open({ target, early, gone, beforeHold }: Wish): Promise<Duplex> {
    const identity = await this.#identity.current(this.#spec.id, gone, beforeHold);
    this.#use(identity);
    try {
      if (target) return await this.#connect(formatHostPort(target), early, gone);
      const socket = await this.#dial([], gone);
      if (early) socket.write(early);
      return socket;
    } catch (error) {
      throw this.#explain(error, gone);
    }
  }

  /** Name, TCP, TLS, the server's name, and that we are not turned down at once. Leaves a warm connection in CHAIN mode. */
  async prove(signal: AbortSignal): Promise<void> {
    await this.#prove(signal, await this.#identity.current(this.#spec.id, signal));
  }

  /** The same, by ourselves: without a certificate there is nothing to ask with (false), and nobody is to sign in for it. */
  async proveIfSignedIn(signal: AbortSignal): Promise<boolean> {
    const identity = this.#identity.usable();
    if (identity) await this.#prove(signal, identity);
    return identity !== null;
  }

  async #prove(signal: AbortSignal, identity: CurrentIdentity): Promise<void> {
    this.#use(identity);
    try {
      if (this.#spec.mode === 'CHAIN') await this.#proveChain(signal);
      else await this.#proveTcp(signal);
    } catch (error) {
      throw this.#explain(error, signal);
    }
  }

  /** New connections are dialled afresh; tunnels that run go on over theirs. */
  dropWarm(): void {
    this.#round = {};
    this.#tickets.clear();
    this.#warm.clear();
    for (const session of this.#sessions) session.retire();
    this.#sessions = [];
    this.#nextSession = null;
  }

  close(): void {
    this.#isClosed = true;
    this.dropWarm();
  }

  /** Tickets and warm connections carry the identity they were made with. */
  #use(identity: CurrentIdentity): void {
    if (this.#used !== identity && this.#used !== null) this.dropWarm();
    this.#used = identity;
  }

  #explain(error: unknown, gone: AbortSignal): AppError {
    if (gone.aborted) return dialFailure(this.#spec, new DialError('aborted', error));
    if (error instanceof SessionGone) {
      const why = error.cause;
      return dialFailure(
        this.#spec,
        isCertificateRefusal(why)
          ? new DialError('certificate-refused', why)
          : new DialError('handshake-failed', error),
      );
    }
    return dialFailure(this.#spec, error);
  }

  async #connect(target: string, early: Buffer | undefined, gone: AbortSignal): Promise<Duplex> {
    for (let refusals = 0; refusals < MAX_STREAM_REFUSALS;) {
      try {
        const far = await this.#connectOnce(target, early, gone);
        if (far) return far;
      } catch (error) {
        if (gone.aborted) throw error;
        // How many it allows was not known before; now it is, and another connection is made.
        if (error instanceof SessionFull) this.#allowedStreams = error.allowed;
        // The connection was over, or its server had just left it.
        else if (!(error instanceof SessionGone && error.isUntouched)) throw error;
        refusals += 1;
      }
    }
    throw new AppError(
      'tunnel/too-many-connections',
      'The Access Tier takes no more tunnels at the moment.',
    );
  }

  /** null: others were faster to fill the connection that was made. */
  async #connectOnce(
    target: string,
    early: Buffer | undefined,
    gone: AbortSignal,
  ): Promise<Duplex | null> {
    const warm = this.#sessions.find(({ hasRoom }) => hasRoom);
    if (warm) {
      try {
        return await warm.open(target, early, gone);
      } catch (error) {
        // It had died, or was just going away. Bytes that may have reached the target are not sent again.
        if (!(error instanceof SessionGone) || gone.aborted) throw error;
        if (early && !error.isUntouched) throw error;
        this.#forget(warm);
      }
    }
    const idle = this.#warm.take();
    if (idle) {
      try {
        return await this.#connectOver(idle, target, early, gone);
      } catch (error) {
        if (gone.aborted || !isDeath(error)) throw error;
      }
    }
    const next = await this.#next();
    if (!(next instanceof Http2Session)) return this.#connectOver(next, target, early, gone);
    return next.isFull ? null : next.open(target, early, gone);
  }

  /** A connection of whatever protocol the server speaks. */
  async #next(): Promise<TLSSocket | Http2Session> {
    if (this.#nextSession) {
      const shared = await this.#nextSession;
      // Only an HTTP/2 connection can be shared.
      if (shared instanceof Http2Session) return shared;
    }
    if (this.#warm.isWanted) return this.#dialChain(undefined);
    const next = this.#upgrade(this.#dialChain(undefined));
    this.#nextSession = next;
    try {
      return await next;
    } finally {
      if (this.#nextSession === next) this.#nextSession = null;
    }
  }

  async #upgrade(dialled: Promise<TLSSocket>): Promise<TLSSocket | Http2Session> {
    const round = this.#round;
    const socket = await dialled;
    if (socket.alpnProtocol !== 'h2') {
      if (round === this.#round) this.#warm.want();
      return socket;
    }
    const session = new Http2Session(socket, this.#allowedStreams);
    if (this.#isClosed) session.retire();
    else if (round === this.#round) {
      this.#sessions.push(session);
      void session.ended.then(() => this.#forget(session));
    } else {
      // Made with an identity that was replaced meanwhile: for those who wait for it already, and for nobody else.
      const retire = () => session.retire();
      session.proven().then(retire, retire);
    }
    return session;
  }

  #forget(session: Http2Session): void {
    this.#sessions = this.#sessions.filter((kept) => kept !== session);
    session.retire();
  }

  async #connectOver(
    socket: TLSSocket,
    target: string,
    early: Buffer | undefined,
    gone: AbortSignal,
  ): Promise<TLSSocket> {
    return connectByHttp1(socket, { spec: this.#spec, target, early, gone });
  }

  #dialChain(signal: AbortSignal | undefined): Promise<TLSSocket> {
    return this.#dial(['h2', 'http/1.1'], signal);
  }

  async #dial(protocols: readonly string[], signal: AbortSignal | undefined): Promise<TLSSocket> {
    const wanted = this.#isRefusedAlpn ? [] : protocols;
    const ticket = this.#tickets.take();
    try {
      return await this.#dialOnce(wanted, ticket, signal);
    } catch (error) {
      if (!(error instanceof DialError) || error.failure !== 'handshake-failed') throw error;
      // One more try, without what a server may stumble over; the first story counts when that fails as well.
      const isAlpnRefused = wanted.length > 0 && isNoApplicationProtocol(error.cause);
      if (!ticket && !isAlpnRefused) throw error;
      const socket = await this.#dialOnce(isAlpnRefused ? [] : wanted, undefined, signal).catch(
        () => Promise.reject(error),
      );
      if (isAlpnRefused) this.#isRefusedAlpn = true;
      else this.#tickets.refused();
      return socket;
    }
  }

  async #dialOnce(
    protocols: readonly string[],
    ticket: Ticket | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TLSSocket> {
    const { accessTier, serverName, ca, upstreamProxy } = this.#spec;
    const used = this.#used as CurrentIdentity;
    const over =
      upstreamProxy && !isThisMachine(accessTier.host)
        ? await dialThroughProxy(upstreamProxy, accessTier, {
            deadlineMs: DIAL_DEADLINE_MS,
            signal,
          })
        : undefined;
    const socket: TLSSocket = await dialTls({
      ...accessTier,
      serverName,
      secureContext: used.contexts[ca](ticket?.group),
      deadlineMs: DIAL_DEADLINE_MS,
      signal,
      ...(over && { over }),
      ...(ticket && { session: ticket.session }),
      ...(protocols.length > 0 && { protocols }),
      onSession: (session, from) => {
        if (this.#used === used) this.#tickets.keep(session, from);
      },
    });
    if (ticket && socket.isSessionReused()) this.#tickets.resumed(ticket, socket);
    // From here on somebody must always listen: an unheard 'error' ends the process.
    socket.on('error', () => {});
    return socket;
  }

  async #proveChain(signal: AbortSignal): Promise<void> {
    const round = this.#round;
    const next = await this.#upgrade(this.#dialChain(signal));
    if (next instanceof Http2Session) {
      await within(DIAL_DEADLINE_MS, signal, next.proven());
      return;
    }
    await this.#notTurnedDown(next, signal);
    if (round === this.#round) this.#warm.keep(next);
    else next.destroy();
  }

  async #proveTcp(signal: AbortSignal): Promise<void> {
    const socket = await this.#dial([PROBE_PROTOCOL], signal);
    try {
      if (socket.alpnProtocol !== PROBE_PROTOCOL) return await this.#notTurnedDown(socket, signal);
      await this.#toldYes(socket, signal);
    } finally {
      socket.destroy();
    }
  }

  /** An Access Tier of ours answers a probe, and dials nothing for it. */
  #toldYes(socket: TLSSocket, signal: AbortSignal): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('error', (error) => reject(this.#refusal(error)));
      socket.once('end', () => reject(closedAtOnce(this.#spec)));
    });
    return within(DIAL_DEADLINE_MS, signal, answered);
  }

  /** Elsewhere silence has to do: an alert or an end would be on its way by then. Bytes of a server that greets are a yes. */
  async #notTurnedDown(socket: TLSSocket, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const answered = new Promise<AppError | null>((resolve) => {
      socket.once('error', (error) => resolve(this.#refusal(error)));
      socket.once('end', () => resolve(closedAtOnce(this.#spec)));
      // Some say it all at once, and end.
      socket.once('data', () => resolve(null));
      socket.resume();
    });
    try {
      const quiet = delay(REFUSAL_WINDOW_MS, null, {
        signal: AbortSignal.any([signal, over.signal]),
      });
      const refusal = await Promise.race([answered, quiet]);
      if (refusal) throw refusal;
    } finally {
      over.abort();
      socket.pause();
    }
  }

  #refusal(error: Error): AppError {
    return isCertificateRefusal(error) ? certificateRefused(error) : closedAtOnce(this.#spec);
  }
}

/** The connection died before it answered; a refusal, in words, is no death. */
const isDeath = (error: unknown): boolean =>
  error instanceof AppError && error.cause instanceof DialError && error.code === 'tunnel/denied';

const isNoApplicationProtocol = (cause: unknown): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  String(cause.code).includes('NO_APPLICATION_PROTOCOL');

async function within(deadlineMs: number, signal: AbortSignal, work: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = delay(deadlineMs, null, { signal: AbortSignal.any([signal, over.signal]) }).then(
    () => Promise.reject(new DialError('timed-out')),
    () => (over.signal.aborted ? undefined : Promise.reject(new DialError('aborted'))),
  );
  try {
    await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
