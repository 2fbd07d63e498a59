// `app`: the life of the program, in the order in which Electron tells it.
import type { App } from 'electron';
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { standIn } from './fakes.ts';
import { preventable, runtime } from './runtime.ts';

class StandInApp extends EventEmitter {
  readonly isPackaged = false;
  readonly #paths = new Map<string, string>();
  readonly #ready: Promise<void>;
  #tellReady = (): void => {};
  #isReady = false;
  hasAskedForReady = false;

  constructor() {
    super();
    this.#ready = new Promise((resolve) => (this.#tellReady = resolve));
  }

  whenReady(): Promise<void> {
    this.hasAskedForReady = true;
    return this.#ready;
  }
  isReady(): boolean {
    return this.#isReady;
  }
  becomeReady(): void {
    this.#isReady = true;
    standIn.readyAt = Date.now();
    this.#tellReady();
    this.emit('ready', {}, {});
  }

  getName(): string {
    return runtime.manifest.productName ?? runtime.manifest.name;
  }
  getVersion(): string {
    return runtime.manifest.version;
  }
  getAppPath(): string {
    return runtime.appFolder;
  }
  getPath(name: string): string {
    return this.#paths.get(name) ?? path.join(tmpdir(), 'electron-host', name);
  }
  setPath(name: string, folder: string): void {
    if (!existsSync(folder)) throw new Error(`Failed to set path: ${folder} does not exist`);
    this.#paths.set(name, folder);
  }
  enableSandbox(): void {
    if (this.#isReady)
      throw new Error('app.enableSandbox() can only be called before app is ready');
  }
  /** Always the first: tests fire `second-instance` themselves. */
  requestSingleInstanceLock(): boolean {
    return true;
  }
  setAsDefaultProtocolClient(): boolean {
    return true;
  }

  /** before-quit, then the windows, then will-quit, then quit; whoever objects stops it. */
  quit(): void {
    const before = preventable({});
    this.emit('before-quit', before);
    if (before.defaultPrevented) return;
    void (async () => {
      for (const window of runtime.windows) {
        if (!(await window.closeFor('quit'))) return;
      }
      const will = preventable({});
      this.emit('will-quit', will);
      if (!will.defaultPrevented) this.exit(0);
    })();
  }
  exit(code = 0): void {
    this.emit('quit', {}, code);
    process.exit(code);
  }
}

export const app = new StandInApp();
app satisfies Partial<Record<keyof App, unknown>>;
