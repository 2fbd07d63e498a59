// Notices what no socket tells in time: the computer slept, its clock jumped, it is on another network.
import type { Clock, Log, Machine } from './ports.ts';

const LOOK_EVERY_MS = 2_000;
/** A timer this late, or a wall clock this far from the other one, means sleep or a jump; less is a busy computer. */
const TOLERATED_MS = 5_000;
/** A laptop that wakes changes several things at once, and its network comes back a moment later. */
const SETTLE_MS = 1_000;

export interface Surroundings {
  /** Somebody else has noticed: the desktop is told of wake-ups by the system. */
  changed(why: string): void;
  stop(): void;
}

export interface SurroundingsOptions {
  clock: Clock;
  machine: Machine;
  log: Log;
  /** Once for all that changes within a second. */
  onChanged: () => void;
}

export function watchSurroundings(options: SurroundingsOptions): Surroundings {
  const { clock, machine, log, onChanged } = options;
  let cancelSettle: (() => void) | null = null;
  let before = look();
  let cancelLook = clock.after(LOOK_EVERY_MS, compare);

  function look() {
    const network = machine.addresses().toSorted().join(' ');
    return { wallMs: clock.now(), steadyMs: machine.steadyMs(), network };
  }

  function compare(): void {
    const now = look();
    const passedMs = now.steadyMs - before.steadyMs;
    const jumpedMs = now.wallMs - before.wallMs - passedMs;
    if (passedMs > LOOK_EVERY_MS + TOLERATED_MS) changed('the computer slept');
    else if (Math.abs(jumpedMs) > TOLERATED_MS) changed('the clock jumped');
    if (now.network !== before.network) changed('the network changed');
    before = now;
    cancelLook = clock.after(LOOK_EVERY_MS, compare);
  }

  function changed(why: string): void {
    log.info('surroundings', { why });
    cancelSettle ??= clock.after(SETTLE_MS, () => {
      cancelSettle = null;
      onChanged();
    });
  }

  return {
    changed,
    stop() {
      cancelLook();
      cancelSettle?.();
    },
  };
}
