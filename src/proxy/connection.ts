// One local connection, from accept to its last byte: who is it → where to → the way there → relay → report.
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import { formatHostPort, type HostAndPort } from '../shared/protocol/host-port.ts';
import { certificateRefused, closedAtOnce, dialFailure } from './failures.ts';
import { isIncluded } from './include-domains.ts';
import type { LocalUsers } from './guard/local-users.ts';
import { judgeFirstBytes, WEB_PAGE_REFUSED } from './guard/web-page.ts';
import { routeChain } from './listeners/chain.ts';
import { endWith } from './listeners/answers.ts';
import { type Route, TargetError } from './listeners/route.ts';
import { routeTcp } from './listeners/tcp.ts';
import type { TunnelSpec } from './messages.ts';
import { abort } from './net/abort.ts';
import type { Serving } from './net/accept-loop.ts';
import { dialTcp, isCertificateRefusal } from './net/dial.ts';
import { Relay, type RelayLimits, type RelayResult } from './net/relay.ts';
import type { TunnelSink } from './tunnel-events.ts';
import type { AccessTier } from './upstream/access-tier.ts';

const DIRECT_DIAL_DEADLINE_MS = 20_000;
/** Keep-alive finds the dead; these only bound what was forgotten. A database console left open over lunch lives on. */
const LIMITS = { idleMs: 12 * 60 * 60_000, lifetimeMs: 7 * 24 * 60 * 60_000 };
const FIRST_BYTES_WITHIN_MS = 50;
/** On a line of any length a refusal is on its way by then. */
const REFUSED_WITHIN_MS = 2_000;

/** Made once: with a stack trace for each connection it would cost more than the relay. */
const GONE = new AppError('tunnel/cancelled', 'The local program has closed.');

export interface ConnectionParts {
  spec: TunnelSpec;
  accessTier: AccessTier;
  localUsers: LocalUsers;
  limits: RelayLimits;
  route: Route;
  /** null: standard input and output. */
  listening: LocalAddress | null;
  nextConnection: () => number;
  sink: TunnelSink;
  /** The way to the Access Tier was found broken. */
  onUnreachable: (error: AppError) => void;
}

export interface Traffic {
  bytesSent: number;
  bytesReceived: number;
}

export class Connection implements Serving {
  readonly done: Promise<void>;
  readonly #parts: ConnectionParts;
  readonly #near: Duplex;
  /** Until the relay has both sides. */
  #gone: AbortController | null = new AbortController();
  readonly #startedAt = Date.now();
  readonly #acceptedAt = performance.now();
  /** Of what was sent right behind a request. */
  #earlyBytes = 0;
  #relay: Relay | undefined;

  constructor(near: Duplex, parts: ConnectionParts) {
    this.#near = near;
    this.#parts = parts;
    near.once('close', this.#onGone);
    this.done = this.#serve();
  }

  #onGone = (): void => this.#gone?.abort(GONE);

  cut(): void {
    if (this.#relay) this.#relay.cut('closed');
    else abort(this.#near);
  }

  get traffic(): Traffic {
    const relay = this.#relay;
    return {
      bytesSent: this.#earlyBytes + (relay?.bytesNearToFar ?? 0),
      bytesReceived: relay?.bytesFarToNear ?? 0,
    };
  }

  async #serve(): Promise<void> {
    const { spec, listening, route, sink, nextConnection } = this.#parts;
    try {
      await this.#admit();
      const routed = await route(this.#near, { spec, listening, open: this.#open });
      if (!routed) return;
      const { far, target } = routed;
      const connection = nextConnection();
      sink({ type: 'connection-opened', tunnel: spec.id, connection, target });
      let isTold = false;
      const { refusal, ...result } = await this.#carry(far, () => {
        // An ssh ends us as soon as it sees that end.
        isTold = listening === null;
        if (isTold) this.#refused(target, closedAtOnce(spec), connection);
      });
      sink({
        type: 'connection-closed',
        tunnel: spec.id,
        connection,
        target,
        startedAt: this.#startedAt,
        ...this.traffic,
        firstByteMs: result.firstByteMs,
        durationMs: performance.now() - this.#acceptedAt,
        ended: result.ended,
      });
      if (refusal && !isTold) this.#refused(target, refusal, connection);
    } catch (error) {
      const { accessTier } = spec;
      const target = error instanceof TargetError ? error.target : formatHostPort(accessTier);
      const failure = dialFailure(spec, error instanceof TargetError ? error.cause : error);
      // The local program went away, or the tunnel is being closed: nobody was refused.
      if (failure.code !== 'tunnel/cancelled') this.#refused(target, failure);
    } finally {
      this.#near.destroy();
    }
  }

  /** Before anything is read, held or dialled. */
  async #admit(): Promise<void> {
    const { spec, localUsers } = this.#parts;
    const near = this.#near;
    if (!(near instanceof Socket)) return;
    if (spec.localUsers === 'own' && !(await localUsers.isOurs(near))) {
      // Gone already: nobody's, and nobody to refuse.
      if (near.destroyed) throw GONE;
      abort(near);
      throw notLetIn('A program of another user of this computer tried to use it.');
    }
    if (spec.mode !== 'TCP') return;
    await this.#judgeArrived(near);
  }

  /** What has come so far; nobody waits for it. */
  async #judgeArrived(near: Duplex): Promise<void> {
    const first = near.read() as Buffer | null;
    if (!first) return;
    near.unshift(first);
    if (judgeFirstBytes(first, [this.#parts.spec.serverName]) !== 'refuse') return;
    await endWith(near, WEB_PAGE_REFUSED);
    throw notLetIn('A web page tried to use it.');
  }

  /** Somebody may be asked to sign in for this connection: a browser has written its request by then. */
  #beforeHold = async (): Promise<void> => {
    if (this.#parts.spec.mode !== 'TCP' || !(this.#near instanceof Socket)) return;
    await delay(FIRST_BYTES_WITHIN_MS);
    await this.#judgeArrived(this.#near);
  };

  #refused(target: string, error: AppError, connection?: number): void {
    const { spec, sink, onUnreachable } = this.#parts;
    const opened = connection !== undefined && { connection };
    sink({ type: 'connection-refused', tunnel: spec.id, target, ...opened, error: error.toWire() });
    if (error.code === 'tunnel/unreachable') onUnreachable(error);
  }

  /** A server that refuses in TCP mode just closes; one that dislikes a certificate tells after the handshake. */
  async #carry(
    far: Duplex,
    onClosedAtOnce: () => void,
  ): Promise<RelayResult & { refusal: AppError | null }> {
    const { spec } = this.#parts;
    const waitedMs = performance.now() - this.#acceptedAt;
    let alert: Error | undefined;
    far.on('error', (error) => {
      if (isCertificateRefusal(error)) alert = error;
    });
    // Before a byte, and before the program has said all it had.
    let isClosedFirst = false;
    far.once('end', () => {
      isClosedFirst =
        !this.#relay?.hasNearEnded && performance.now() - this.#acceptedAt < REFUSED_WITHIN_MS;
      if (isClosedFirst && this.#relay?.bytesFarToNear === 0) onClosedAtOnce();
    });
    this.#near.off('close', this.#onGone);
    this.#gone = null;
    this.#relay = new Relay(this.#near, far, this.#parts.limits);
    const result = await this.#relay.done;
    const refusal = alert
      ? certificateRefused(alert)
      : result.ended === 'refused'
        ? notLetIn('A web page tried to use it.')
        : isClosedFirst && result.bytesFarToNear === 0
          ? closedAtOnce(spec)
          : null;
    const { firstByteMs } = result;
    return {
      ...result,
      firstByteMs: firstByteMs === null ? null : firstByteMs + waitedMs,
      refusal,
    };
  }

  #open = async (target: HostAndPort | null, early?: Buffer): Promise<Duplex> => {
    const { spec, accessTier } = this.#parts;
    const { signal } = this.#gone as AbortController;
    this.#earlyBytes = early?.length ?? 0;
    if (!target || isIncluded(target.host, spec.includeDomains)) {
      return accessTier.open({ target, early, gone: signal, beforeHold: this.#beforeHold });
    }
    const far = await dialDirectly(target, signal);
    if (early) far.write(early);
    return far;
  };
}

export const routeOf = ({ mode }: TunnelSpec): Route => (mode === 'CHAIN' ? routeChain : routeTcp);

/** The same for all connections of a tunnel. */
export function limitsOf({ mode, serverName }: TunnelSpec): RelayLimits {
  if (mode !== 'TCP') return LIMITS;
  const judge = (bytes: Buffer) => judgeFirstBytes(bytes, [serverName]);
  return { ...LIMITS, admit: { judge, answer: WEB_PAGE_REFUSED } };
}

const notLetIn = (why: string): AppError => new AppError('tunnel/local-program-refused', why);

async function dialDirectly({ host, port }: HostAndPort, gone: AbortSignal): Promise<Socket> {
  try {
    const dialled = dialTcp({ host, port, deadlineMs: DIRECT_DIAL_DEADLINE_MS, signal: gone });
    const socket = await dialled;
    socket.on('error', () => {}); // until the relay listens
    return socket;
  } catch (cause) {
    throw new AppError(
      'tunnel/target-unreachable',
      `${formatHostPort({ host, port })} is not one of the domains of this service, and it cannot be reached directly.`,
      { cause },
    );
  }
}
