// How many connections and streams there may be, in all and of one source, and how many of one source may be in their
// handshake: nobody takes all places, proven or not.

export interface CapacityLimits {
  most: number;
  mostOfSource: number;
  /** Of those that have not shaken hands yet. */
  mostUnprovenOfSource: number;
}

/** One office may be behind one address: most of it all, but not all. */
export const CAPACITY: CapacityLimits = {
  most: 8_192,
  mostOfSource: 6_144,
  mostUnprovenOfSource: 512,
};

export interface Place {
  /** Its handshake is over. */
  proven: () => void;
  /** May be told more than once. */
  leave: () => void;
}

export interface Capacity {
  /** Null: there is no room, for anybody or for this source. */
  enter(source: string): Place | null;
  /** One of its streams, or one more connection inside. */
  enterProven(source: string): Place | null;
  count(): number;
  /** Those that were turned away since the start. */
  turnedAway(): number;
}

export function createCapacity(limits: CapacityLimits): Capacity {
  const all = new Map<string, { places: number; unproven: number }>();
  let count = 0;
  let turnedAway = 0;

  const enter = (source: string, isProven: boolean): Place | null => {
    const held = all.get(source) ?? { places: 0, unproven: 0 };
    const isFull =
      count >= limits.most ||
      held.places >= limits.mostOfSource ||
      (!isProven && held.unproven >= limits.mostUnprovenOfSource);
    if (isFull) {
      turnedAway += 1;
      return null;
    }
    count += 1;
    held.places += 1;
    if (!isProven) held.unproven += 1;
    all.set(source, held);
    let state: 'unproven' | 'proven' | 'left' = isProven ? 'proven' : 'unproven';
    const proven = (): void => {
      if (state !== 'unproven') return;
      state = 'proven';
      held.unproven -= 1;
    };
    return {
      proven,
      leave() {
        if (state === 'left') return;
        proven();
        state = 'left';
        count -= 1;
        held.places -= 1;
        if (held.places === 0) all.delete(source);
      },
    };
  };
  return {
    enter: (source) => enter(source, false),
    enterProven: (source) => enter(source, true),
    count: () => count,
    turnedAway: () => turnedAway,
  };
}
