// A service that connects moves to another group of the list, and its row is made anew there: the focus goes with it.
import { useEffect, useLayoutEffect, useRef } from 'react';

interface Held {
  service: string;
  inAction: boolean;
}

export function useKeptFocus(): void {
  const held = useRef<Held | null>(null);
  useEffect(() => {
    const remember = ({ target }: Event): void => {
      const element = target instanceof Element ? target : null;
      const service = element?.closest<HTMLElement>('[data-service]')?.dataset['service'];
      const inAction = Boolean(element?.closest('.row-action'));
      held.current = service === undefined ? null : { service, inAction };
    };
    window.addEventListener('focusin', remember);
    // Whoever presses beside everything wants the focus nowhere.
    window.addEventListener('pointerdown', remember);
    return () => {
      window.removeEventListener('focusin', remember);
      window.removeEventListener('pointerdown', remember);
    };
  }, []);
  useLayoutEffect(() => {
    if (!held.current || document.activeElement !== document.body) return;
    const { service, inAction } = held.current;
    const row = document.querySelector(`[data-service="${CSS.escape(service)}"]`);
    const action = inAction && row?.querySelector<HTMLElement>('.row-action button');
    (action || row?.querySelector<HTMLElement>('.row-open'))?.focus();
  });
}
