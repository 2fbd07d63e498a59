// What another edge of the organisation has stored counts here, too: memory is read again, and everybody who is connected
// is judged by it.
import type { Changes } from '../changes.ts';
import type { Rulebook } from '../command-center/rulebook.ts';
import { type Log, reason } from '../log.ts';
import type { Settings } from '../settings.ts';
import type { CollectionName } from './store.ts';

export interface FollowerOptions {
  rulebook: Pick<Rulebook, 'reread'>;
  settings: Pick<Settings, 'reread'>;
  acme: { reread(): Promise<void> } | null;
  changes: Changes;
  log: Log;
}

const READ_AGAIN_MS = 500;
/** Changes that come close together are followed once: of its own, too, each edge is told. */
const GATHER_MS = 50;

export function createStoreFollower(options: FollowerOptions) {
  const { rulebook, settings, acme, changes, log } = options;
  const waiting = new Set<CollectionName | null>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const follow = async (): Promise<void> => {
    timer = undefined;
    const changed = new Set(waiting);
    waiting.clear();
    const has = (name: CollectionName): boolean => changed.has(null) || changed.has(name);
    try {
      if (has('documents')) await rulebook.reread();
      if (has('settings')) await settings.reread();
      if (has('acmeCertificates')) await acme?.reread();
      if (has('devices') || has('users') || has('issuer')) changes.emit({ type: 'rules-changed' });
    } catch (error) {
      if (isStopped) return;
      // Until it can be read, connections are refused by the store itself; then nothing may be missed.
      log('warn', 'changes of the store cannot be read', { reason: reason(error) });
      for (const each of changed) waiting.add(each);
      timer = setTimeout(() => void follow(), READ_AGAIN_MS).unref();
    }
  };
  return {
    changed(collection: CollectionName | null): void {
      if (isStopped) return;
      waiting.add(collection);
      timer ??= setTimeout(() => void follow(), GATHER_MS).unref();
    },
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
