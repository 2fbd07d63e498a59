// What each connected service had carried whenever the client said so, for the last minute: the line in its details begins
// before they are opened.
import type { Tunnels } from '../../shared/ipc/contract.ts';
import type { Mirror } from './mirror.ts';

/** As many as the line has points, one for each second. */
export const SAMPLES = 60;
const SECOND_MS = 1_000;

/** Bytes that a service had carried, both ways together, at a time of `performance.now()`. */
export interface Total {
  at: number;
  bytes: number;
}

export interface Throughput {
  /** The newest last; empty where nothing is known. */
  totalsOf: (service: string) => readonly Total[];
  /** Returns how to stop. */
  start(): () => void;
}

export function createThroughput(mirror: Mirror): Throughput {
  let known = new Map<string, readonly Total[]>();
  let read: Tunnels['states'] | undefined;

  function note(states: Tunnels['states']): void {
    const at = performance.now();
    const noted = new Map<string, readonly Total[]>();
    for (const [service, tunnel] of Object.entries(states)) {
      if (tunnel.status !== 'open') continue;
      const { bytesSent = 0, bytesReceived = 0 } = tunnel.traffic ?? {};
      const total = { at, bytes: bytesSent + bytesReceived };
      noted.set(service, withTotal(known.get(service) ?? [], total));
    }
    known = noted;
  }

  return {
    totalsOf: (service) => known.get(service) ?? [],
    start: () =>
      mirror.store.subscribe(({ snapshot }) => {
        const states = snapshot?.slices.tunnels.states;
        if (!states || states === read) return;
        read = states;
        note(states);
      }),
  };
}

function withTotal(totals: readonly Total[], { at, bytes }: Total): readonly Total[] {
  const last = totals.at(-1);
  // A tunnel that was opened again counts from the beginning.
  if (!last || bytes < last.bytes) return [{ at, bytes }];
  if (bytes === last.bytes) return totals;
  // The client tells once a second: what it tells after a rest was carried in the last second of that rest.
  const rested = at - last.at > 2 * SECOND_MS ? [{ at: at - SECOND_MS, bytes: last.bytes }] : [];
  const from = totals.findLastIndex((each) => each.at <= at - (SAMPLES + 1) * SECOND_MS);
  return [...totals.slice(Math.max(0, from)), ...rested, { at, bytes }];
}

/** Bytes a second in each of the last 60 seconds before `now`, the newest last. */
export function ratesOf(totals: readonly Total[], now: number): readonly number[] {
  const times = Array.from({ length: SAMPLES + 1 }, (_, at) => now - (SAMPLES - at) * SECOND_MS);
  const bytes = times.map((time) => bytesAt(totals, time));
  return bytes.slice(1).map((after, at) => after - (bytes[at] ?? after));
}

/** Between two totals as if it had been carried evenly; before the first of them nothing is known to have been carried. */
function bytesAt(totals: readonly Total[], time: number): number {
  const after = totals.findIndex((each) => each.at > time);
  const [from, to] = after < 0 ? [totals.at(-1), undefined] : [totals[after - 1], totals[after]];
  if (!from) return to?.bytes ?? 0;
  if (!to) return from.bytes;
  return from.bytes + ((to.bytes - from.bytes) * (time - from.at)) / (to.at - from.at);
}
