// A browser that does what the test wrote down with every page it is given.
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
