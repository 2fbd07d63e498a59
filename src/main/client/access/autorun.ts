// Services that connect by themselves: once per sign-in, so that a person's Disconnect stays, and a few at a time.

/** Of an organisation with hundreds of them, the client still answers while they open. */
const AT_ONCE = 8;

export interface AutorunSteps {
  /** Does not reject. */
  open: (id: string) => Promise<unknown>;
  isRunning: (id: string) => boolean;
  /** There is a certificate to open with. */
  mayOpen: () => boolean;
}

export function createAutorun({ open, isRunning, mayOpen }: AutorunSteps) {
  const startedOnce = new Set<string>();
  /** Switched on or off since the last sign-in. */
  const left = new Set<string>();
  /** Whose turn has not come. */
  let queue: string[] = [];
  let starting = 0;

  function startQueued(): void {
    if (!mayOpen()) return;
    while (starting < AT_ONCE) {
      const id = queue.shift();
      if (id === undefined) return;
      if (isRunning(id)) continue;
      starting += 1;
      void open(id).finally(() => {
        starting -= 1;
        startQueued();
      });
    }
  }

  return {
    start(ids: readonly string[]): void {
      for (const id of ids) {
        if (startedOnce.has(id) || left.has(id)) continue;
        startedOnce.add(id);
        queue.push(id);
      }
      startQueued();
    },

    /** The person has just said whether it connects by itself, and not that it should connect now. */
    leave(id: string): void {
      left.add(id);
      queue = queue.filter((each) => each !== id);
    },

    signedIn: (): void => left.clear(),

    /** The next person starts afresh. */
    forget(): void {
      startedOnce.clear();
      left.clear();
      queue = [];
    },
  };
}
