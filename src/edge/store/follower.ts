// What another edge of the organisation has stored counts here, too: memory is read again, and everybody who is connected
// is judged by it. While changes are not heard, what is in memory may hold no more, and whoever comes waits.
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
/** So long it is waited for the newest rules; nobody is let in by others. */
const WAIT_MS = 5_000;

export function createStoreFollower(options: FollowerOptions) {
  const { rulebook, settings, acme, changes, log } = options;
  const waiting = new Set<CollectionName | null>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let isUnread = false; // told once, however often it is tried
  // How often changes were not heard any more, and which of these times is over, once all is read.
  const deaf = { times: 0, over: 0, read: 0 };
  let waiters: (() => void)[] = [];
  const isCurrent = (): boolean => deaf.read === deaf.times;

  const follow = async (): Promise<void> => {
    timer = undefined;
    const changed = new Set(waiting);
    waiting.clear();
    const { over } = deaf;
    const has = (name: CollectionName | null): boolean => changed.has(null) || changed.has(name);
    try {
      if (has('documents')) await rulebook.reread();
      if (has('settings')) await settings.reread();
      // Another change alone, while all is still being read, makes nothing current.
      if (has(null)) deaf.read = over;
      if (isCurrent()) for (const resolve of waiters.splice(0)) resolve();
      if (has('acmeCertificates')) await acme?.reread();
      if (has('devices') || has('users') || has('issuer')) changes.emit({ type: 'rules-changed' });
      if (isUnread) log('warn', 'changes of the store are read again');
      isUnread = false;
    } catch (error) {
      if (isStopped) return;
      // Until it can be read, connections are refused by the store itself; then nothing may be missed.
      if (!isUnread) log('warn', 'changes of the store cannot be read', { reason: reason(error) });
      isUnread = true;
      for (const each of changed) waiting.add(each);
      timer = setTimeout(() => void follow(), READ_AGAIN_MS).unref();
    }
  };
  return {
    changed(collection: CollectionName | null): void {
      if (isStopped) return;
      if (collection === null) deaf.over = deaf.times;
      waiting.add(collection);
      timer ??= setTimeout(() => void follow(), GATHER_MS).unref();
    },
    /** Changes are not heard from now on, until they are told by null. */
    deafened(): void {
      deaf.times += 1;
    },
    isCurrent,
    /** Rejects when that takes too long. */
    current: () =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          waiters = waiters.filter((each) => each !== arrived);
          reject(new Error('changes of the rules are not heard'));
        }, WAIT_MS);
        const arrived = (): void => {
          clearTimeout(late);
          resolve();
        };
        waiters.push(arrived);
      }),
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
