// How fast a service carried bytes in the last minute; the line rests when nobody looks, and what it shows does not.
import { useEffect, useState } from 'react';
import { ratesOf } from '../../stores/throughput.ts';
import { useVisible } from '../../ui/use-visible.ts';
import { useTotalsOf } from '../../window-context.tsx';

/** A line that moves is drawn less often for those who want less motion. */
const stepMs = (): number =>
  matchMedia('(prefers-reduced-motion: reduce)').matches ? 5_000 : 1_000;

/** Bytes a second, both ways together, the newest last. */
export function useThroughput(service: string): readonly number[] {
  const totalsOf = useTotalsOf();
  const [now, setNow] = useState(() => performance.now());
  const isVisible = useVisible();
  useEffect(() => {
    if (!isVisible) return undefined;
    const timer = setInterval(() => setNow(performance.now()), stepMs());
    return () => clearInterval(timer);
  }, [isVisible]);
  return ratesOf(totalsOf(service), now);
}
