// Copies a text and says for a moment whether it worked.
import { useEffect, useRef, useState } from 'react';

export type CopyState = 'idle' | 'copied' | 'failed';

const SHOWN_MS = 1_600;

export function useCopy(): { state: CopyState; copy: (text: string) => Promise<void> } {
  const [state, setState] = useState<CopyState>('idle');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    state,
    async copy(text) {
      const next = await navigator.clipboard.writeText(text).then(
        () => 'copied' as const,
        // Refused by the browser, e.g. while the window has no focus.
        () => 'failed' as const,
      );
      setState(next);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setState('idle'), SHOWN_MS);
    },
  };
}
