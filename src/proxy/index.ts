// Front door of the data plane: a local port in, mutual TLS out. No policy, no storage, no Electron.
import type { LocalAddress } from '../shared/model/tunnel.ts';
import type { Credentials, TunnelSpec } from './messages.ts';
import type { TunnelSink } from './tunnel-events.ts';

export type { Credentials, TunnelFact, TunnelSpec } from './messages.ts';
export type { TunnelSink } from './tunnel-events.ts';

export interface Engine {
  /**
   * Listens, then proves the way once (name, TCP, TLS, certificate accepted), then resolves with the address.
   * Rejects with AppError: `tunnel/port-in-use`, `tunnel/unreachable`, `tunnel/untrusted-server`,
   * `tunnel/certificate-refused`, `tunnel/certificate-missing`, `tunnel/denied`, `tunnel/domains-not-allowed`.
   */
  open(spec: TunnelSpec): Promise<LocalAddress>;
  /** Stops listening at once; running connections get `drainMs` to finish, then are cut. Resolves when all are gone. */
  close(tunnel: string, drainMs?: number): Promise<void>;
  /** New connections use these; running ones are left alone. null: new connections are refused. */
  setCredentials(credentials: Credentials | null): void;
  stop(drainMs?: number): Promise<void>;
}

export declare function createEngine(sink: TunnelSink): Engine;
