// Changes one after the other: what one of them has checked or read still holds when it stores.
export type InTurn = <Answer>(change: () => Promise<Answer>) => Promise<Answer>;

/** Each of these takes turns of its own. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (change) => {
    const done = last.then(change);
    last = done.catch(() => {}); // told to whoever asked for it
    return done;
  };
}
