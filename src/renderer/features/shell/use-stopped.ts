// Whether the client has been silent for so long that nothing on screen can be taken as true.
import { useEffect, useState } from 'react';
import { useLinkState } from '../../window-context.tsx';

/** Long enough for a computer that wakes up or a busy client, short enough to deceive nobody. */
const PATIENCE_MS = 5_000;

export function useStopped(): boolean {
  const interrupted = useLinkState() === 'interrupted';
  const [impatient, setImpatient] = useState(false);
  useEffect(() => {
    if (!interrupted) return undefined;
    const timer = setTimeout(() => setImpatient(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setImpatient(false);
    };
  }, [interrupted]);
  return interrupted && impatient;
}
