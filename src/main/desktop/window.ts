// The one window. Made when it is wanted and gone when it is closed: a hidden one would only hold memory.
import { app, BrowserWindow, nativeTheme, screen, type WebContents } from 'electron';
import type { Log } from '../client/ports.ts';
import { groundColour } from './theme.ts';
import { boundsFor, keepPlace, readPlace, SMALLEST } from './window-place.ts';
import { WINDOW_URL } from './window-url.ts';

export interface AppWindow {
  /** Loads its page unseen: `show` has less to wait for. */
  prepare(): void;
  /** Nobody is going to look at what was prepared. */
  discard(): void;
  /** Makes the window, or brings it to the front. */
  show(): void;
  contents(): WebContents | null;
}

export interface WindowOptions {
  preload: string;
  icon: string;
  /** Keeps where it was. */
  placeFile: string;
  /** null: there is nothing to ask before it closes. */
  askToClose: () => Promise<boolean> | null;
  log: Log;
}

/** A page that crashes again within this time would do so for ever. */
const CRASHES_APART_MS = 10_000;

export function createAppWindow({
  preload,
  icon,
  placeFile,
  askToClose,
  log,
}: WindowOptions): AppWindow {
  let window: BrowserWindow | null = null;
  /** Of that window. */
  let isDrawn = false;
  let isWanted = false;
  let isQuitting = false;
  app.on('before-quit', () => (isQuitting = true));

  function open(): BrowserWindow {
    const place = readPlace(placeFile);
    const areas = screen.getAllDisplays().map(({ workArea }) => workArea);
    const opened = new BrowserWindow({
      title: 'Banyan',
      icon,
      ...boundsFor(place, areas),
      minWidth: SMALLEST.width,
      minHeight: SMALLEST.height,
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
    opened.webContents.once('did-finish-load', () =>
      opened.webContents.setZoomLevel(place?.zoomLevel ?? 0),
    );
    opened.once('ready-to-show', () => {
      isDrawn = true;
      if (isWanted) reveal(opened);
    });
    opened.once('closed', () => (window = null));
    const redrawGround = (): void => opened.setBackgroundColor(groundColour());
    nativeTheme.on('updated', redrawGround);
    opened.once('closed', () => nativeTheme.off('updated', redrawGround));
    closeAfterAsking(opened);
    redrawAfterCrash(opened, log);
    // A failure to load is seen in the window itself; it must not end the client.
    opened.loadURL(WINDOW_URL).catch(() => {});
    return opened;
  }

  function reveal(opened: BrowserWindow): void {
    if (readPlace(placeFile)?.isMaximized) opened.maximize();
    opened.show();
  }

  function prepare(): BrowserWindow {
    if (window) return window;
    isDrawn = false;
    isWanted = false;
    window = open();
    return window;
  }

  function closeAfterAsking(opened: BrowserWindow): void {
    opened.on('close', (event) => {
      keep(opened);
      const asked = isQuitting ? null : askToClose();
      if (!asked) return;
      event.preventDefault();
      void asked.then((may) => {
        if (may && !opened.isDestroyed()) opened.destroy();
      });
    });
  }

  function keep(opened: BrowserWindow): void {
    try {
      keepPlace(placeFile, opened);
    } catch (error) {
      log.warn('where the window is could not be kept', { error });
    }
  }

  return {
    prepare: () => void prepare(),
    discard() {
      if (!isWanted) window?.destroy();
    },
    show() {
      const shown = prepare();
      if (!isWanted) {
        isWanted = true;
        if (isDrawn) reveal(shown);
        return;
      }
      if (shown.isMinimized()) shown.restore();
      shown.show();
      shown.focus();
    },
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
