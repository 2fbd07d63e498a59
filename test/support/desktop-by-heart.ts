// Stands for src/main/client/index.ts in the desktop app of window-hosts.ts: its client is told from outside what to show.
import { clientByHeart } from '../fakes/client-by-heart.ts';
import { aFreshSnapshot } from '../fixtures/snapshots.ts';

export function createClient(): Promise<ReturnType<typeof clientByHeart>> {
  const client = clientByHeart();
  client.show({ snapshot: aFreshSnapshot() });
  Object.assign(globalThis, { clientByHeart: client });
  return Promise.resolve(client);
}
