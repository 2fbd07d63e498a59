// Forgets what has run out: expired issuer records and DeviceCerts, and invites that are too old.
import { type Log, reason } from '../log.ts';
import { liveClaims } from '../enrolment/invites.ts';
import type { Store } from './store.ts';

const EVERY_MS = 60_000;
/**
 * A file with a deployment invite stays on computers long after its end: so long it is still known for what it was, in the
 * list of an administrator, and by the throttle, which takes an unknown code for a guess and slows down everybody.
 */
const REMEMBER_SECONDS = 90 * 24 * 3600;
const LISTED_SECONDS = 24 * 3600;

export async function sweep(store: Store, nowSeconds: number = Date.now() / 1000): Promise<void> {
  for (const [id, { expiresAt }] of await store.list('issuer')) {
    if (expiresAt !== undefined && expiresAt < nowSeconds) await store.delete('issuer', id);
  }
  for (const [serial, { notAfter }] of await store.list('deviceCertificates')) {
    // A revoked one is in a list that is made after its end, too (RFC 5280 5).
    if (notAfter + LISTED_SECONDS < nowSeconds) await store.delete('deviceCertificates', serial);
  }
  for (const [id, invite] of await store.list('invites')) {
    const { expiresAt, deployment } = invite;
    const until = expiresAt + (deployment === undefined ? 0 : REMEMBER_SECONDS);
    // One that is claimed right now is settled by who claimed it.
    const isClaimed = Object.keys(liveClaims(invite, nowSeconds)).length > 0;
    if (until < nowSeconds && !isClaimed) await store.delete('invites', id);
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
