// Brings what just appeared into view, and the focus to it unless somebody is typing.
import { type RefObject, useEffect, useRef } from 'react';

export function useArrival(what: object | null): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!what) return;
    place.current?.scrollIntoView({ block: 'nearest' });
    if (!document.activeElement?.matches('input, textarea')) {
      place.current?.focus({ preventScroll: true });
    }
  }, [what]);
  return place;
}
