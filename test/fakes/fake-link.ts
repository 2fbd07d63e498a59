// The link of a browser tab, as the test says it is.
import type { Link, LinkState } from '../../src/renderer/link.ts';

export interface FakeLink extends Link {
  become(next: LinkState): void;
}

export function fakeLink(first: LinkState = 'connected'): FakeLink {
  let state = first;
  const listeners = new Set<(state: LinkState) => void>();
  return {
    opensPages: true,
    state: () => state,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    become(next) {
      state = next;
      for (const listener of listeners) listener(next);
    },
  };
}
