// Another page has taken the place of the one that had the focus: it begins at its title.
import { useEffect } from 'react';

export function useLanding(): void {
  useEffect(() => {
    if (document.activeElement !== document.body) return;
    const title = document.querySelector<HTMLElement>('main h1');
    if (!title) return;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }, []);
}
