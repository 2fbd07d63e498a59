// One service: a local listener in, the way to its Access Tier out. Knows no policy, stores nothing, reports facts.
import { AppError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import { Connection, limitsOf, routeOf } from './connection.ts';
import type { LocalUsers } from './guard/local-users.ts';
import { listenFailure } from './failures.ts';
import type { TunnelSpec } from './messages.ts';
import { type AcceptLoop, acceptLoop } from './net/accept-loop.ts';
import type { RelayLimits } from './net/relay.ts';
import type { TunnelSink } from './tunnel-events.ts';
import { AccessTier } from './upstream/access-tier.ts';
import type { Identity } from './upstream/identity.ts';
import { createWayWatch, type WayWatch } from './way-watch.ts';

const MAX_CONNECTIONS = 8_192;
const MAX_WAITING = 1_024;

export interface TunnelParts {
  spec: TunnelSpec;
  identity: Identity;
  localUsers: LocalUsers;
  nextConnection: () => number;
  sink: TunnelSink;
}

export class Tunnel {
  readonly #parts: TunnelParts;
  readonly #accessTier: AccessTier;
  readonly #connections = new Set<Connection>();
  readonly #limits: RelayLimits;
  readonly #way: WayWatch;
  #loop: AcceptLoop | undefined;
  /** Of connections that are over. */
  #past = { bytesSent: 0, bytesReceived: 0 };
  #told = { connections: 0, bytesSent: 0, bytesReceived: 0 };

  constructor(parts: TunnelParts) {
    const { spec, identity, sink } = parts;
    this.#parts = parts;
    this.#limits = limitsOf(spec);
    this.#accessTier = new AccessTier(spec, identity);
    this.#way = createWayWatch({
      prove: (signal) => this.#accessTier.proveIfSignedIn(signal),
      onLost: (error) => sink({ type: 'way-lost', tunnel: spec.id, error: error.toWire() }),
      onRestored: () => sink({ type: 'way-restored', tunnel: spec.id }),
    });
  }

  /**
   * Listens, then proves the way once, unless `isProven` (it was open before, in a worker that is gone). On any failure
   * nothing is left listening.
   */
  async open(signal: AbortSignal, isProven: boolean): Promise<LocalAddress> {
    const { spec, sink } = this.#parts;
    try {
      this.#loop = await acceptLoop({
        ...spec.listen,
        maxConnections: MAX_CONNECTIONS,
        maxWaiting: MAX_WAITING,
        serve: (socket) => this.#serve(socket),
        onTurnedAway: () => this.#turnedAway(),
        onFailure: (error) =>
          sink({ type: 'failed', tunnel: spec.id, error: listenFailure(spec, error).toWire() }),
      });
    } catch (error) {
      throw listenFailure(spec, error);
    }
    try {
      if (!isProven) await this.#accessTier.prove(signal);
    } catch (error) {
      await this.close(0);
      throw error;
    }
    return this.#address;
  }

  async close(drainMs: number): Promise<void> {
    this.#way.stop();
    await this.#loop?.close(drainMs);
    this.#accessTier.close();
  }

  /** The computer woke up or its network changed. */
  checkWay(): void {
    this.#accessTier.dropWarm();
    this.#way.check();
  }

  dropWarm(): void {
    this.#accessTier.dropWarm();
  }

  /** Reports what has moved since the last time, if anything has. */
  tellTraffic(): void {
    const now = { connections: this.#connections.size, ...this.#past };
    for (const { traffic } of this.#connections) {
      now.bytesSent += traffic.bytesSent;
      now.bytesReceived += traffic.bytesReceived;
    }
    const told = this.#told;
    const hasMoved =
      now.connections !== told.connections ||
      now.bytesSent !== told.bytesSent ||
      now.bytesReceived !== told.bytesReceived;
    if (!hasMoved) return;
    this.#told = now;
    this.#parts.sink({ type: 'traffic', tunnel: this.#parts.spec.id, ...now });
  }

  get #address(): LocalAddress {
    const { host, port } = this.#loop as AcceptLoop;
    return { host, port };
  }

  #serve(socket: Parameters<Parameters<typeof acceptLoop>[0]['serve']>[0]): Connection {
    const { spec, sink, localUsers, nextConnection } = this.#parts;
    const connection = new Connection(socket, {
      spec,
      sink,
      localUsers,
      limits: this.#limits,
      route: routeOf(spec),
      nextConnection,
      accessTier: this.#accessTier,
      listening: this.#address,
      onUnreachable: (error) => this.#way.lost(error),
    });
    this.#connections.add(connection);
    void connection.done.then(() => {
      this.#connections.delete(connection);
      const { bytesSent, bytesReceived } = connection.traffic;
      this.#past.bytesSent += bytesSent;
      this.#past.bytesReceived += bytesReceived;
    });
    return connection;
  }

  #turnedAway(): void {
    const { spec, sink } = this.#parts;
    const error = new AppError(
      'tunnel/too-many-connections',
      `${MAX_CONNECTIONS} connections to ${spec.serverName} are open.`,
    );
    sink({
      type: 'connection-refused',
      tunnel: spec.id,
      target: spec.serverName,
      error: error.toWire(),
    });
  }
}
