// A computer that sleeps, moves and is set to another time when the test says so.
import type { Machine } from '../../src/main/client/ports.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

export interface ScriptedMachine extends Machine {
  clock: ManualClock;
  /** Time passes as it does. */
  pass(ms: number): void;
  /** Timers stand still; the other clock counts the sleep or not, as systems differ. */
  sleep(ms: number, isCounted: boolean): void;
  setClock(byMs: number): void;
  network: string[];
}

export function scriptedMachine(): ScriptedMachine {
  const real = manualClock();
  let wallOffsetMs = 0;
  let uncountedMs = 0;
  let asleepMs = 0;
  const clock: ManualClock = {
    ...real,
    now: () => real.now() + asleepMs + wallOffsetMs,
  };
  const machine: ScriptedMachine = {
    clock,
    network: ['eth0=10.0.0.7'],
    steadyMs: () => real.now() + asleepMs - uncountedMs,
    addresses: () => machine.network,
    pass: (ms) => real.advance(ms),
    sleep(ms, isCounted) {
      asleepMs += ms;
      if (!isCounted) uncountedMs += ms;
    },
    setClock: (byMs) => void (wallOffsetMs += byMs),
  };
  return machine;
}
