// Electron ends only when the client has: before-quit waits for it, once, and not for ever.
import { app } from 'electron';

const DEADLINE_MS = 4_000;

export function endOnce(stop: () => Promise<void>): void {
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
    // What could not be stopped is in the log; staying for it would leave an app that cannot be quit.
    stop().then(goOn, goOn);
  });
}
