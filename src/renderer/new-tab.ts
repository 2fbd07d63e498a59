// A tab beside ours, for a page that is not. Opened empty while the click still counts, as a browser lets nobody open one
// later, and led to the page once that is known.
import type { Snapshot } from '../shared/ipc/contract.ts';
import type { Mirror } from './stores/mirror.ts';

export interface NewTab {
  lead: (url: string) => void;
  drop: () => void;
}

/** Null: the browser has kept it from opening. */
export function openTab(): NewTab | null {
  const tab = window.open('', '_blank');
  if (!tab) return null;
  // What is shown there is not to reach back into this window.
  tab.opener = null;
  return { lead: (url) => tab.location.replace(url), drop: () => tab.close() };
}

/** Leads a new tab to the page that the client names while `call` runs; it is gone where none comes. */
export async function besideCall<Outcome>(
  { store }: Mirror,
  pageOf: (snapshot: Snapshot) => string | null,
  call: () => Promise<Outcome>,
): Promise<Outcome> {
  const tab = openTab();
  let isLed = false;
  const look = (): void => {
    const { snapshot } = store.getState();
    const page = snapshot && pageOf(snapshot);
    if (page === null || isLed) return;
    isLed = true;
    tab?.lead(page);
  };
  const stop = store.subscribe(look);
  try {
    return await call();
  } finally {
    stop();
    if (!isLed) tab?.drop();
  }
}
