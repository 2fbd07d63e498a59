// Forgets what has run out: expired issuer records, and invites that were used or are too old.
import { type Log, reason } from '../log.ts';
import type { Store } from './store.ts';

const EVERY_MS = 60_000;

export async function sweep(store: Store, nowSeconds: number = Date.now() / 1000): Promise<void> {
  for (const [id, { expiresAt }] of await store.list('issuer')) {
    if (expiresAt !== undefined && expiresAt < nowSeconds) await store.delete('issuer', id);
  }
  for (const [id, { expiresAt, state }] of await store.list('invites')) {
    // One that is claimed right now is settled by who claimed it.
    if (expiresAt < nowSeconds && state !== 'claimed') await store.delete('invites', id);
  }
}

/** Returns how to stop. */
export function sweepRegularly(stores: readonly Store[], log: Log): () => void {
  const timer = setInterval(() => {
    for (const store of stores) {
      sweep(store).catch((error: unknown) => {
        log('error', 'old records could not be removed', { reason: reason(error) });
      });
    }
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
