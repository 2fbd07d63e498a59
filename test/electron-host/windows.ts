// `BrowserWindow`: every window is a page of its own in Chromium.
import type { BrowserWindow, BrowserWindowConstructorOptions, Rectangle } from 'electron';
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { devTools, preventable, runtime } from './runtime.ts';
import { StandInWebContents } from './web-contents.ts';

let lastId = 0;
const allWindows = (): StandInWindow[] => [...runtime.windows] as StandInWindow[];

export class StandInWindow extends EventEmitter {
  readonly id = (lastId += 1);
  readonly webContents: StandInWebContents;
  readonly #started: Promise<void>;
  #loaded: Promise<void> | null = null;
  #isVisible: boolean;
  #isMaximized = false;
  #bounds: Rectangle;
  #isDestroyed = false;

  static getAllWindows = allWindows;
  static fromWebContents = (contents: unknown): StandInWindow | null =>
    allWindows().find((window) => window.webContents === contents) ?? null;
  static getFocusedWindow = (): StandInWindow | null =>
    allWindows().find((window) => window.isVisible()) ?? null;

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super();
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready');
    const { width = 800, height = 600, show = true, webPreferences = {} } = options;
    // In the middle of the display of `screen`, as the system would put it.
    const { x = (1280 - width) / 2, y = (800 - height) / 2 } = options;
    this.#bounds = { x, y, width, height };
    if (webPreferences.contextIsolation === false || webPreferences.nodeIntegration) {
      throw new Error('electron-host: only isolated windows are emulated');
    }
    this.#isVisible = show;
    runtime.windows.add(this);
    this.webContents = new StandInWebContents(() => this.closeFor('window'));
    app.emit('web-contents-created', {}, this.webContents);
    this.webContents.once('did-finish-load', () => {
      void this.webContents.grantClipboard().finally(() => this.emit('ready-to-show'));
    });
    this.#started = this.webContents.start({ width, height }, webPreferences);
  }

  async loadURL(url: string): Promise<void> {
    await this.#started;
    this.#loaded = this.webContents.load(url);
    await this.#loaded;
  }
  show(): void {
    this.#isVisible = true;
    this.emit('show');
  }
  hide(): void {
    this.#isVisible = false;
    this.emit('hide');
  }
  focus(): void {
    this.emit('focus');
  }
  restore(): void {}
  setBackgroundColor(): void {}
  /** A person moves and sizes it. */
  setBounds(bounds: Rectangle): void {
    this.#bounds = bounds;
  }
  getNormalBounds(): Rectangle {
    return this.#bounds;
  }
  isMaximized(): boolean {
    return this.#isMaximized;
  }
  maximize(): void {
    this.#isMaximized = true;
  }
  isVisible(): boolean {
    return this.#isVisible;
  }
  isMinimized(): boolean {
    return false;
  }
  isDestroyed(): boolean {
    return this.#isDestroyed;
  }
  close(): void {
    void this.closeFor('window');
  }
  destroy(): void {
    void this.#closePage();
    this.markClosed('window');
  }

  /** false: somebody has objected. */
  async closeFor(reason: 'window' | 'quit'): Promise<boolean> {
    const event = preventable({});
    this.emit('close', event);
    if (event.defaultPrevented) return false;
    await this.#closePage();
    this.markClosed(reason);
    return true;
  }

  /** One that is being made is not there yet, and Chromium forgets to close one that is on its way to a document. */
  async #closePage(): Promise<void> {
    await this.#started;
    await Promise.allSettled([this.#loaded]);
    const { targetId } = this.webContents;
    await devTools()
      .browser.send('Target.closeTarget', { targetId })
      .catch(() => {}); // it may be gone already
  }

  /** Electron does not tell of the last window while it quits. */
  markClosed(reason: 'window' | 'quit'): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    runtime.windows.delete(this);
    this.webContents.markDestroyed();
    this.emit('closed');
    if (reason === 'quit' || runtime.windows.size > 0) return;
    if (app.listenerCount('window-all-closed') > 0) app.emit('window-all-closed');
    else app.quit();
  }
}
StandInWindow.prototype satisfies Pick<
  BrowserWindow,
  'show' | 'isMinimized' | 'isDestroyed' | 'isMaximized' | 'maximize' | 'getNormalBounds'
>;
