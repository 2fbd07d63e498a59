// The one window. Made when it is wanted and gone when it is closed: a hidden one would only hold memory.
import { BrowserWindow, type WebContents } from 'electron';
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
}

export function createAppWindow({ preload, icon }: WindowOptions): AppWindow {
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
