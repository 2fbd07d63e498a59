// Front door of the data plane: a local port in, mutual TLS out. No policy, no storage, no Electron.
// Message-shaped: plain data in, plain data and facts out, because the app's engine runs in a worker thread.
import type { Duplex } from 'node:stream';
import type { WireError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import type { HostAndPort } from '../shared/protocol/host-port.ts';
import { Connection, limitsOf, routeOf } from './connection.ts';
import { TunnelEngine } from './engine.ts';
import type { Credentials, TunnelSpec } from './messages.ts';
import { routeTo } from './listeners/tcp.ts';
import type { TunnelSink } from './tunnel-events.ts';
import { AccessTier } from './upstream/access-tier.ts';
import { Identity } from './upstream/identity.ts';
import { engineWorkerFile, WorkerHost } from './worker/host.ts';

export type {
  ConnectionEnd,
  Credentials,
  TunnelFact,
  TunnelSpec,
  UpstreamProxy,
} from './messages.ts';
export { isThisMachine, loopbackLookup } from './net/loopback.ts';
export { dialThroughProxy } from './upstream/corporate-proxy.ts';
export type { TunnelSink } from './tunnel-events.ts';

export interface Engine {
  /**
   * Listens, then proves the way once (name, TCP, TLS, certificate not turned down), then resolves with the address.
   * Rejects with AppError: `tunnel/port-in-use`, `tunnel/listen-failed`, `tunnel/unreachable`,
   * `tunnel/untrusted-server`, `tunnel/certificate-refused`, `tunnel/certificate-missing`, `tunnel/denied`,
   * `tunnel/cancelled` (closed while opening).
   */
  open(spec: TunnelSpec): Promise<LocalAddress>;
  /** Stops listening at once; running connections get `drainMs` (default 0) to finish, then are cut. */
  close(tunnel: string, drainMs?: number): Promise<void>;
  /**
   * New connections use these, held ones go on with them, running ones are left alone; tickets and warm connections of
   * the old identity are thrown away. null: new connections are refused. Credentials whose certificate has expired make
   * new connections wait (`certificate-needed`).
   * Rejects with `tunnel/certificate-missing` when key and certificate do not belong together, and keeps what it has.
   */
  setCredentials(credentials: Credentials | null): Promise<void>;
  /** Ends the wait for a new certificate: what is held is closed with this reason, until the next one has to wait. */
  refuseHeld(error: WireError): void;
  /** The computer woke up, its clock jumped or the network changed: warm connections are dropped, every way is proved again. */
  checkWays(): void;
  /** Closes every tunnel; latches: nothing can be opened afterwards. */
  stop(drainMs?: number): Promise<void>;
}

/** In a worker thread of this process, so that relaying never stalls a window; what crashes there is started again. */
export function createWorkerEngine(sink: TunnelSink, file: string = engineWorkerFile()): Engine {
  return new WorkerHost(sink, file);
}

/** In this very thread: for programs that have no window to keep fluent. */
export function createEngine(sink: TunnelSink): Engine {
  const engine = new TunnelEngine(sink);
  return {
    open: (spec) => engine.open(spec),
    close: (id, drainMs) => engine.close(id, drainMs),
    setCredentials: async (credentials) => engine.setCredentials(credentials),
    refuseHeld: (error) => engine.refuseHeld(error),
    checkWays: () => engine.checkWays(),
    stop: (drainMs) => engine.stop(drainMs),
  };
}

/**
 * For stdio: one connection over the given streams, with the same rules as a local port. `target`: raw bytes to this
 * member of a collection, instead of a proxy's protocol.
 */
export async function relayOnce(
  near: Duplex,
  spec: TunnelSpec,
  credentials: Credentials,
  sink: TunnelSink,
  target: HostAndPort | null = null,
): Promise<void> {
  const identity = new Identity(null);
  identity.replace(credentials);
  const accessTier = new AccessTier(spec, identity);
  const connection = new Connection(near, {
    spec,
    accessTier,
    listening: null,
    limits: limitsOf(spec),
    route: target ? routeTo(target) : routeOf(spec),
    localUsers: { isOurs: () => Promise.resolve(true), settled: () => Promise.resolve() },
    nextConnection: () => 1,
    sink,
    onUnreachable: () => {},
  });
  await connection.done;
  accessTier.close();
}
