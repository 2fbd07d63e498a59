// No window ever leaves its page: no navigation, no second window, no <webview>. Holds for every web contents that is
// created, so that a forgotten one is locked too. Pages outside are opened by main, by what it knows, never by URL.
import { app } from 'electron';
import { isWindowUrl } from '../window-url.ts';

export function refuseNavigation(): void {
  app.on('web-contents-created', (_created, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    // `will-frame-navigate` covers the main frame and every other one; reloading the page itself stays possible.
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame || !isWindowUrl(event.url)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => {
      if (!isWindowUrl(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}
