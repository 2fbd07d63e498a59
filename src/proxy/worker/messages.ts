// What the front door and the worker thread say to each other.
import type { WireError } from '../../shared/errors.ts';
import type { LocalAddress } from '../../shared/model/tunnel.ts';
import type { OpenOptions } from '../engine.ts';
import type { Credentials, TunnelFact, TunnelSpec } from '../messages.ts';

/** Each becomes one method of the engine in the worker. */
export type Call =
  | { method: 'open'; spec: TunnelSpec; options: OpenOptions }
  | { method: 'close'; tunnel: string; drainMs: number }
  | { method: 'setCredentials'; credentials: Credentials | null }
  | { method: 'refuseHeld'; error: WireError }
  | { method: 'checkWays' }
  | { method: 'stop'; drainMs: number };

export interface Request {
  id: number;
  call: Call;
}

export type Message =
  | { type: 'answer'; id: number; ok: true; value: LocalAddress | null }
  | { type: 'answer'; id: number; ok: false; error: WireError }
  | { type: 'facts'; facts: TunnelFact[] };

/** Counts up while the worker's event loop turns; shared memory, so that nobody has to answer. */
export interface WorkerData {
  beats: Int32Array;
}

export const BEAT_EVERY_MS = 200;
