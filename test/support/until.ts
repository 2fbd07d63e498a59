// Waits for something that nobody announces.
import { setTimeout as wait } from 'node:timers/promises';

/** The first answer that is something; fails after ten seconds. */
export async function until<Found>(look: () => Promise<Found | undefined | null | false>) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error('waited for ten seconds in vain');
    await wait(50);
  }
}
