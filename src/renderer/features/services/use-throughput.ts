// How fast a service carries bytes, looked at once a second for the last minute; nothing is kept when nobody looks.
import { useEffect, useEffectEvent, useState } from 'react';
import type { Traffic } from '../../../shared/model/tunnel.ts';
import { useVisible } from '../../ui/use-visible.ts';

/** As many as the line has points. */
export const SAMPLES = 60;

/** A line that moves is drawn less often for those who want less motion. */
const stepMs = (): number =>
  matchMedia('(prefers-reduced-motion: reduce)').matches ? 5_000 : 1_000;

/** Bytes a second, both ways together, the newest last. */
export function useThroughput(traffic: Traffic | undefined): readonly number[] {
  const total = (traffic?.bytesSent ?? 0) + (traffic?.bytesReceived ?? 0);
  const [seen, setSeen] = useState<{ at: number; total: number; rates: readonly number[] }>(() => ({
    at: performance.now(),
    total,
    rates: [],
  }));
  const isVisible = useVisible();
  const sample = useEffectEvent(() => {
    // Over the time that has passed: nobody may have looked meanwhile.
    const at = performance.now();
    // A tunnel that was opened again counts from the beginning.
    const rate = Math.max(0, total - seen.total) / ((at - seen.at) / 1_000);
    setSeen({ at, total, rates: [...seen.rates, rate].slice(-SAMPLES) });
  });
  useEffect(() => {
    if (!isVisible) return undefined;
    const timer = setInterval(() => sample(), stepMs());
    return () => clearInterval(timer);
  }, [isVisible]);
  return seen.rates;
}
