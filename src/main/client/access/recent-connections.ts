// The last connections of the active organisation, from facts that the engine reports anyway. Kept here and asked for by
// whoever looks: a connection costs one small object, and nobody is told.
import type { RecentConnection } from '../../../shared/model/activity.ts';
import type { TunnelFact } from '../../../proxy/index.ts';
import type { Clock } from '../ports.ts';

const MOST = 500;

type Fact<Type extends TunnelFact['type']> = Extract<TunnelFact, { type: Type }>;

interface Denied {
  tunnel: string;
  target: string;
  connection?: number | undefined;
}

export function createRecentConnections(clock: Pick<Clock, 'now'>) {
  const running = new Map<string, RecentConnection>();
  /** The oldest first, cut in half when it is twice as long as it may be. */
  let ended: RecentConnection[] = [];
  let lastId = 0;
  // No other organisation's board begins with the same one.
  let revision = clock.now();

  const keyOf = ({ connection, tunnel }: { connection: number; tunnel: string }): string =>
    `${connection} ${tunnel}`;
  const keys = new WeakMap<RecentConnection, string>();

  function end(connection: RecentConnection): void {
    revision += 1;
    ended.push(connection);
    if (ended.length >= MOST * 2) ended = ended.slice(-MOST);
  }

  return {
    opened({ tunnel, connection, target }: Fact<'connection-opened'>): void {
      if (running.size >= MOST) return; // it is seen when it ends
      revision += 1;
      const startedAt = clock.now();
      const nothing = { bytesSent: 0, bytesReceived: 0, durationMs: null };
      const facts = { id: ++lastId, service: tunnel, target, startedAt, ...nothing };
      running.set(keyOf({ connection, tunnel }), { ...facts, outcome: 'running' });
    },

    closed(fact: Fact<'connection-closed'>): void {
      const { tunnel, target, startedAt, bytesSent, bytesReceived, durationMs, ended } = fact;
      const key = keyOf(fact);
      const id = running.get(key)?.id ?? ++lastId;
      running.delete(key);
      const counted = { bytesSent, bytesReceived, durationMs };
      const last = { id, service: tunnel, target, startedAt, ...counted, outcome: ended };
      keys.set(last, key);
      end(last);
    },

    /** With a `connection`, that one: in TCP mode a refusal looks like an end at first. */
    denied({ tunnel, target, connection }: Denied, because: RecentConnection['because']): void {
      const key = connection !== undefined && keyOf({ connection, tunnel });
      const at = ended.findLastIndex((each) => keys.get(each) === key);
      const known = ended[at];
      if (known) {
        revision += 1;
        ended[at] = { ...known, outcome: 'denied', ...(because && { because }) };
        return;
      }
      const nothing = { bytesSent: 0, bytesReceived: 0, durationMs: 0 };
      const facts = { id: ++lastId, service: tunnel, target, startedAt: clock.now(), ...nothing };
      end({ ...facts, outcome: 'denied', ...(because && { because }) });
    },

    /** The engine is a new one, and counts from the beginning. */
    lost(): void {
      const now = clock.now();
      for (const connection of running.values()) {
        end({ ...connection, durationMs: now - connection.startedAt, outcome: 'closed' });
      }
      running.clear();
    },

    /** null: the same as in that revision. The newest first. */
    read(known: number): { revision: number; connections: RecentConnection[] | null } {
      if (known === revision) return { revision, connections: null };
      const all = [...ended.slice(-MOST), ...running.values()];
      return { revision, connections: all.sort((a, b) => b.id - a.id).slice(0, MOST) };
    },
  };
}
