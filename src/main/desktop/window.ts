// The one window. Made when it is wanted and gone when it is closed: a hidden one would only hold memory.
import { BrowserWindow, type WebContents } from 'electron';
import type { Log } from '../client/ports.ts';
import { groundColour } from './theme.ts';
import { WINDOW_URL } from './window-url.ts';

export interface AppWindow {
  /** Makes the window, or brings it to the front. */
  show(): void;
  /** Loads its page again, so that it asks for a new snapshot. */
  refresh(): void;
  contents(): WebContents | null;
}

export interface WindowOptions {
  preload: string;
  icon: string;
  log: Log;
}

/** A page that crashes again within this time would do so for ever. */
const CRASHES_APART_MS = 10_000;

export function createAppWindow({ preload, icon, log }: WindowOptions): AppWindow {
  let window: BrowserWindow | null = null;

  function open(): BrowserWindow {
    const opened = new BrowserWindow({
      title: 'Banyan',
      icon,
      width: 960,
      height: 680,
      minWidth: 420,
      minHeight: 480,
      show: false,
      backgroundColor: groundColour(),
      autoHideMenuBar: true,
      webPreferences: {
        preload,
        // All three are Electron's defaults today; written out, because everything else rests on them.
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        spellcheck: false,
      },
    });
    opened.once('ready-to-show', () => opened.show());
    opened.once('closed', () => (window = null));
    redrawAfterCrash(opened, log);
    // A failure to load is seen in the window itself; it must not end the client.
    opened.loadURL(WINDOW_URL).catch(() => {});
    return opened;
  }

  return {
    show() {
      if (!window) {
        window = open();
        return;
      }
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    refresh: () => window?.webContents.reload(),
    contents: () => (window && !window.isDestroyed() ? window.webContents : null),
  };
}

/** The client lives here, not in the page: a page that crashed is drawn again and has lost nothing. */
function redrawAfterCrash(window: BrowserWindow, log: Log): void {
  let lastCrashAt = -Infinity;
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    log.error('the page of the window is gone', { reason });
    const isAgain = performance.now() - lastCrashAt < CRASHES_APART_MS;
    lastCrashAt = performance.now();
    // Closed, it can be opened again from the tray; an empty one would only look like a broken app.
    // Not in the event itself: Electron still stands in what would be destroyed.
    setImmediate(() => {
      if (window.isDestroyed()) return;
      if (isAgain || reason === 'clean-exit') window.destroy();
      else window.webContents.reload();
    });
  });
}
