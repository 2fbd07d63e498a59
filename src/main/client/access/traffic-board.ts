// Totals of all tunnels, told together and once a second at most: every change sends the whole slice to every window.
import type { Traffic, TunnelEvent } from '../../../shared/model/tunnel.ts';
import type { Clock } from '../ports.ts';

const EVERY_MS = 1_000;

export interface TrafficBoard {
  add(totals: Traffic & { tunnel: string }): void;
  stop(): void;
}

export function createTrafficBoard(
  clock: Clock,
  tell: (totals: [tunnel: string, event: TunnelEvent][]) => void,
): TrafficBoard {
  const waiting = new Map<string, Traffic>();
  let cancel: (() => void) | null = null;

  function flush(): void {
    cancel = null;
    const totals = [...waiting].map(([tunnel, traffic]): [string, TunnelEvent] => [
      tunnel,
      { type: 'traffic', traffic },
    ]);
    waiting.clear();
    tell(totals);
  }

  return {
    add({ tunnel, connections, bytesSent, bytesReceived }) {
      waiting.set(tunnel, { connections, bytesSent, bytesReceived });
      cancel ??= clock.after(EVERY_MS, flush);
    },
    stop() {
      cancel?.();
      cancel = null;
    },
  };
}
