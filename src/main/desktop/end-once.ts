// Electron ends only when the client has: before-quit waits for it, once, and not for ever.
import { app } from 'electron';
import type { Log } from '../client/ports.ts';

const DEADLINE_MS = 4_000;

export function endOnce(stop: () => Promise<void>, log: Log): void {
  let state: 'running' | 'stopping' | 'stopped' = 'running';
  app.on('before-quit', (event) => {
    if (state === 'stopped') return;
    event.preventDefault();
    if (state === 'stopping') return;
    state = 'stopping';
    const goOn = (): void => {
      if (state === 'stopped') return;
      state = 'stopped';
      app.quit();
    };
    setTimeout(goOn, DEADLINE_MS);
    // Staying for what could not be stopped would leave an app that cannot be quit.
    stop()
      .catch((error: unknown) => log.error('the client did not stop cleanly', { error }))
      .finally(goOn);
  });
}
