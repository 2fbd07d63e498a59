// A browser that does what the test wrote down with every page it is given.
import { signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import type { Browser } from '../../src/main/client/ports.ts';

export interface ScriptedBrowser extends Browser {
  opened: string[];
}

export function scriptedBrowser(
  visit: (url: string) => Promise<unknown> = () => Promise.resolve(),
): ScriptedBrowser {
  const opened: string[] = [];
  return {
    opened,
    open(url) {
      opened.push(url);
      // As with a real one, opening is done long before the person is.
      void visit(url).catch(() => {});
      return Promise.resolve();
    },
  };
}

/** Approves, and first answers with a state that nobody asked for; what the two answers were told. */
export function browserWithForgedState() {
  const statuses: number[] = [];
  const browser = scriptedBrowser(async (url) => {
    const callback = new URL(await signInWithoutBrowser(url));
    const forged = new URL(callback);
    forged.searchParams.set('state', 'forged');
    statuses.push((await fetch(forged)).status, (await fetch(callback)).status);
  });
  return { browser, statuses };
}
