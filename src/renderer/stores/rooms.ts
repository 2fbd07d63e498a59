// The page that is shown is an entry of this window's history: Back and Forward walk the pages, and a reload stays where it
// was. The address stays the same: what stood in its fragment was a key.
import { type Page, PAGES, type ViewStore } from './view.ts';

export interface Rooms {
  history: Pick<History, 'state' | 'pushState'>;
  addEventListener(name: 'popstate', listener: () => void): void;
  removeEventListener(name: 'popstate', listener: () => void): void;
}

/** Nothing there, or something of another version: the first one. */
export function pageAt({ history }: Rooms): Page {
  const state: unknown = history.state;
  const kept: unknown = typeof state === 'object' && state !== null && Reflect.get(state, 'page');
  return PAGES.find((page) => page === kept) ?? 'services';
}

/** Returns how to stop. */
export function followRooms(view: ViewStore, rooms: Rooms): () => void {
  const enter = (): void => view.setState({ page: pageAt(rooms) });
  rooms.addEventListener('popstate', enter);
  const stop = view.subscribe(({ page }) => {
    if (page !== pageAt(rooms)) rooms.history.pushState({ page }, '');
  });
  return () => {
    stop();
    rooms.removeEventListener('popstate', enter);
  };
}
