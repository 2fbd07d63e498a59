// The history of a window as a browser keeps it: Back and Forward come with a popstate, a reload keeps the state.
import type { Rooms } from '../../src/renderer/stores/rooms.ts';

export interface FakeRooms extends Rooms {
  /** As many steps as the person presses Back, or Forward where it is positive. */
  go(steps: number): void;
  length(): number;
}

export function fakeRooms(first: unknown = null): FakeRooms {
  const listeners = new Set<() => void>();
  let states: unknown[] = [first];
  let at = 0;
  return {
    history: {
      get state() {
        return states[at];
      },
      pushState(state) {
        states = [...states.slice(0, at + 1), state];
        at += 1;
      },
    },
    addEventListener: (_name, listener) => void listeners.add(listener),
    removeEventListener: (_name, listener) => void listeners.delete(listener),
    go(steps) {
      at += steps;
      for (const listener of listeners) listener();
    },
    length: () => states.length,
  };
}
