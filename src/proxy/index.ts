// Front door of the data plane: a local port in, mutual TLS out. No policy, no storage, no Electron.
// Message-shaped: plain data in, plain data and facts out, so that the engine can move into a worker thread.
import type { Duplex } from 'node:stream';
import { AppError, type WireError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import type { Credentials, TunnelSpec } from './messages.ts';
import { createTlsContexts, type TlsContexts } from './net/credentials.ts';
import { serveConnection } from './connection.ts';
import { openTunnel, type RunningTunnel } from './tunnel.ts';
import type { TunnelSink } from './tunnel-events.ts';

export type {
  ConnectionEnd,
  Credentials,
  TunnelFact,
  TunnelSpec,
  UpstreamProxy,
} from './messages.ts';
export { isLocalhost, loopbackLookup } from './net/loopback-lookup.ts';
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

export function createEngine(sink: TunnelSink): Engine {
  const tunnels = new Map<string, { opening: Promise<RunningTunnel>; abort: AbortController }>();
  let contexts: TlsContexts | null = null;
  let connections = 0;
  let stopping = false;

  const close = async (id: string, drainMs = 0) => {
    const tunnel = tunnels.get(id);
    tunnels.delete(id);
    // A tunnel that failed to open has told its caller already and left nothing to close.
    tunnel?.abort.abort();
    await tunnel?.opening.then(
      (running) => running.close(drainMs),
      () => {},
    );
  };

  return {
    async open(spec) {
      if (stopping) throw new AppError('internal', 'Banyan is shutting down.');
      if (!isLoopback(spec.listen.host)) {
        throw new AppError(
          'tunnel/listen-failed',
          `${spec.listen.host} is not an address of this computer alone; Banyan listens only on 127.0.0.1 and ::1.`,
        );
      }
      // Registered before anything is awaited, so that a close that comes at once finds it.
      const abort = new AbortController();
      const previous = close(spec.id);
      const opening = previous.then(() =>
        openTunnel({
          spec,
          contexts: () => contexts,
          nextConnection: () => ++connections,
          sink,
          signal: abort.signal,
        }),
      );
      tunnels.set(spec.id, { opening, abort });
      try {
        return (await opening).address;
      } catch (error) {
        if (tunnels.get(spec.id)?.opening === opening) tunnels.delete(spec.id);
        throw error;
      }
    },
    close,
    async setCredentials(credentials) {
      try {
        contexts = credentials && createTlsContexts(credentials);
      } catch (cause) {
        throw new AppError(
          'tunnel/certificate-missing',
          'The new certificate and its key do not belong together; the one before stays in use.',
          { cause },
        );
      }
    },
    refuseHeld() {},
    checkWays() {},
    async stop(drainMs = 0) {
      stopping = true;
      await Promise.all([...tunnels.keys()].map((id) => close(id, drainMs)));
    },
  };
}

/** For stdio: one connection over the given streams, with the same rules as a local port. */
export function relayOnce(
  near: Duplex,
  spec: TunnelSpec,
  credentials: Credentials,
  sink: TunnelSink,
): Promise<void> {
  const contexts = createTlsContexts(credentials);
  return serveConnection(near, {
    spec,
    contexts: () => contexts,
    listening: null,
    nextConnection: () => 1,
    sink,
  });
}

/** The whole of 127.0.0.0/8 is loopback on Linux only; the two addresses that are everywhere are enough. */
const isLoopback = (host: string): boolean => host === '127.0.0.1' || host === '::1';
