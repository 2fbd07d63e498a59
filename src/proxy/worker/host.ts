// The engine in a worker thread, so that relaying never stalls the window, and its life: a worker that crashed or hangs is
// replaced, and its ports come back.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError, fromWireError, type WireError } from '../../shared/errors.ts';
import type { LocalAddress } from '../../shared/model/tunnel.ts';
import type { Credentials, TunnelFact, TunnelSpec } from '../messages.ts';
import type { TunnelSink } from '../tunnel-events.ts';
import type { Call, Message, Request, WorkerData } from './messages.ts';

const LOOK_EVERY_MS = 250;
/** Looks without a beat before a worker is taken for hung. Counted in looks: they stop too while the computer sleeps. */
const MISSED_LOOKS = 16;
/** A worker that crashes more often than this is broken, and its ports are given up. */
const MAX_RESTARTS = 5;
const PER_MS = 60_000;
/** It is tried again, but not at the cost of a processor. */
const BROKEN_PAUSE_MS = 5_000;

/**
 * Megabytes. What a connection leaves behind while it is opened is garbage at once: more would be kept in reserve, and
 * collected by several threads that cost more than they help.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

interface Pending {
  resolve: (value: LocalAddress | null) => void;
  reject: (error: AppError) => void;
}

export class WorkerHost {
  readonly #file: string;
  readonly #sink: TunnelSink;
  readonly #pending = new Map<number, Pending>();
  /** What a new worker must take up again: spec with the very port in use. */
  readonly #open = new Map<string, TunnelSpec>();
  readonly #beats = new Int32Array(new SharedArrayBuffer(4));
  readonly #restarts: number[] = [];
  readonly #looking: NodeJS.Timeout;
  #credentials: Credentials | null = null;
  #worker: Worker;
  #calls = 0;
  #lastBeat = 0;
  #missedLooks = 0;
  #isStopping = false;
  /** Between two tries of a worker that is broken. */
  #isDown = false;

  constructor(sink: TunnelSink, file: string) {
    this.#sink = sink;
    this.#file = file;
    this.#worker = this.#start();
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  async open(spec: TunnelSpec): Promise<LocalAddress> {
    if (this.#isStopping) throw new AppError('internal', 'Banyan is shutting down.');
    this.#open.delete(spec.id);
    const address = (await this.#call({ method: 'open', spec, options: {} })) as LocalAddress;
    this.#open.set(spec.id, { ...spec, listen: address });
    return address;
  }

  async close(tunnel: string, drainMs = 0): Promise<void> {
    this.#open.delete(tunnel);
    await this.#call({ method: 'close', tunnel, drainMs }).catch(goneAnyway);
  }

  async setCredentials(credentials: Credentials | null): Promise<void> {
    const before = this.#credentials;
    // Before the call: a worker that crashes over it must not come back with the old ones.
    this.#credentials = credentials;
    try {
      await this.#call({ method: 'setCredentials', credentials });
    } catch (error) {
      if (!isCrash(error) && this.#credentials === credentials) this.#credentials = before;
      throw error;
    }
  }

  refuseHeld(reason: WireError): void {
    this.#call({ method: 'refuseHeld', error: reason }).catch(goneAnyway);
  }

  checkWays(): void {
    this.#call({ method: 'checkWays' }).catch(goneAnyway);
  }

  async stop(drainMs = 0): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#open.clear();
    await this.#call({ method: 'stop', drainMs }).catch(goneAnyway);
    clearInterval(this.#looking); // until here: a worker that hangs must not keep the app from quitting
    await this.#worker.terminate();
  }

  #start(): Worker {
    const workerData: WorkerData = { beats: this.#beats };
    const worker = new Worker(this.#file, { workerData, resourceLimits, name: 'banyan-engine' });
    let why = 'it ended by itself';
    worker.on('message', (message: Message) => this.#onMessage(message));
    worker.on('error', (error) => (why = error.message));
    worker.on('exit', () => this.#onExit(worker, why));
    this.#missedLooks = 0;
    return worker;
  }

  #call(call: Call): Promise<LocalAddress | null> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      if (this.#isDown) {
        reject(new AppError('tunnel/engine-stopped', 'The proxy engine stops again and again.'));
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call } satisfies Request);
    });
  }

  #onMessage(message: Message): void {
    if (message.type === 'facts') {
      for (const fact of message.facts) this.#onFact(fact);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.ok) pending?.resolve(message.value);
    else pending?.reject(fromWireError(message.error));
  }

  #onFact(fact: TunnelFact): void {
    if (fact.type === 'failed') this.#open.delete(fact.tunnel);
    this.#sink(fact);
  }

  #look(): void {
    const beat = Atomics.load(this.#beats, 0);
    this.#missedLooks = beat === this.#lastBeat ? this.#missedLooks + 1 : 0;
    this.#lastBeat = beat;
    // Its 'exit' does the rest.
    if (this.#missedLooks === MISSED_LOOKS) void this.#worker.terminate();
  }

  #onExit(worker: Worker, why: string): void {
    if (worker !== this.#worker) return;
    const error = new AppError('tunnel/engine-stopped', 'The proxy engine stopped unexpectedly.', {
      cause: new Error(why),
    });
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    if (this.#isStopping) return;
    const now = performance.now();
    this.#restarts.push(now);
    while (now - (this.#restarts[0] ?? now) > PER_MS) this.#restarts.shift();
    if (this.#restarts.length <= MAX_RESTARTS) {
      this.#startAgain(error, why);
      return;
    }
    for (const id of this.#open.keys()) this.#giveUp(id, error);
    this.#isDown = true;
    setTimeout(() => this.#startAgain(error, why), BROKEN_PAUSE_MS).unref();
  }

  #startAgain(stopped: AppError, why: string): void {
    this.#isDown = false;
    if (this.#isStopping) return;
    this.#worker = this.#start();
    void this.#takeUpAgain(stopped, why);
  }

  async #takeUpAgain(stopped: AppError, why: string): Promise<void> {
    try {
      await this.#call({ method: 'setCredentials', credentials: this.#credentials });
      // Asked for only now: what was closed meanwhile must stay closed.
      const specs = [...this.#open.values()];
      const options = { isProven: true };
      await Promise.all(
        specs.map((spec) =>
          this.#call({ method: 'open', spec, options }).catch((failure: unknown) => {
            if (isCrash(failure)) throw failure;
            if (this.#open.get(spec.id) !== spec) return; // closed meanwhile
            this.#giveUp(spec.id, failure instanceof AppError ? failure : stopped);
          }),
        ),
      );
      this.#sink({ type: 'engine-restarted', reason: why });
    } catch {
      // It crashed once more; its 'exit' has begun anew.
    }
  }

  #giveUp(tunnel: string, error: AppError): void {
    this.#open.delete(tunnel);
    this.#sink({ type: 'failed', tunnel, error: error.toWire() });
  }
}

const isCrash = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'tunnel/engine-stopped';

/** The worker crashed meanwhile: what was to be ended has ended, and the crash is told by facts. */
const goneAnyway = (): null => null;

/** Built beside the program that uses it, or beside its chunks; inside app.asar Electron's threads find it as well. */
export function engineWorkerFile(): string {
  const here = import.meta.dirname;
  const file = [here, path.dirname(here)]
    .map((folder) => path.join(folder, 'engine-worker.js'))
    .find((candidate) => existsSync(candidate));
  if (!file)
    throw new Error(`engine-worker.js is missing beside ${here}: the app is not complete.`);
  return file;
}
