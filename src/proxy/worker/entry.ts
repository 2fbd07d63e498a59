// What runs inside the worker thread: the engine, its calls and its facts.
import { parentPort, workerData } from 'node:worker_threads';
import { toWireError } from '../../shared/errors.ts';
import { exhaustive } from '../../shared/exhaustive.ts';
import type { LocalAddress } from '../../shared/model/tunnel.ts';
import { TunnelEngine } from '../engine.ts';
import type { TunnelFact } from '../messages.ts';
import {
  BEAT_EVERY_MS,
  type Call,
  type Message,
  type Request,
  type WorkerData,
} from './messages.ts';

/** Thousands of short connections must not wake the window's thread thousands of times. */
const TOLD_WITHIN_MS = 100;
const REFUSALS_REPEATED_AFTER_MS = 1_000;

const port = parentPort;
if (!port) throw new Error('This file runs as a worker thread.');
const { beats } = workerData as WorkerData;
const tell = (message: Message): void => port.postMessage(message);

let untold: TunnelFact[] = [];
let telling: NodeJS.Timeout | undefined;

function tellFacts(): void {
  clearTimeout(telling);
  telling = undefined;
  if (untold.length > 0) tell({ type: 'facts', facts: untold });
  untold = [];
}

/** The same refusal, told once a second: nobody may make the window's thread work by being turned away. */
const refusals = new Set<string>();
setInterval(() => refusals.clear(), REFUSALS_REPEATED_AFTER_MS);

function isRepeated(fact: TunnelFact): boolean {
  if (fact.type !== 'connection-refused') return false;
  const { tunnel, target, error } = fact;
  const refusal = [tunnel, target, error.code, error.correlationId].join(' ');
  if (refusals.has(refusal)) return true;
  refusals.add(refusal);
  return false;
}

function onFact(fact: TunnelFact): void {
  if (isRepeated(fact)) return;
  untold.push(fact);
  const mayWait =
    fact.type === 'connection-opened' ||
    fact.type === 'connection-closed' ||
    fact.type === 'connection-refused' ||
    fact.type === 'traffic';
  if (mayWait) telling ??= setTimeout(tellFacts, TOLD_WITHIN_MS);
  else tellFacts();
}

const engine = new TunnelEngine(onFact);

async function perform(call: Call): Promise<LocalAddress | null> {
  switch (call.method) {
    case 'open':
      return engine.open(call.spec, call.options);
    case 'close':
      await engine.close(call.tunnel, call.drainMs);
      return null;
    case 'setCredentials':
      engine.setCredentials(call.credentials);
      return null;
    case 'refuseHeld':
      engine.refuseHeld(call.error);
      return null;
    case 'checkWays':
      engine.checkWays();
      return null;
    case 'stop':
      await engine.stop(call.drainMs);
      return null;
    default:
      return exhaustive(call);
  }
}

port.on('message', ({ id, call }: Request) => {
  perform(call).then(
    (value) => {
      tellFacts(); // what happened before the answer is told before it
      tell({ type: 'answer', id, ok: true, value });
    },
    (error: unknown) => {
      tellFacts();
      tell({ type: 'answer', id, ok: false, error: toWireError(error) });
    },
  );
});

setInterval(() => Atomics.add(beats, 0, 1), BEAT_EVERY_MS);
