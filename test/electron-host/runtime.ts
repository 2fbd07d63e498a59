// What the parts of the stand-in share: the app that it runs and the Chromium that it runs in.
import type { DevTools } from './devtools.ts';

/** What the life of the program needs of a window. */
export interface OpenWindow {
  readonly webContents: { readonly targetId: string };
  closeFor(reason: 'window' | 'quit'): Promise<boolean>;
  markClosed(reason: 'window' | 'quit'): void;
}

interface Runtime {
  readonly windows: Set<OpenWindow>;
  devTools: DevTools | null;
  /** Folder of the app's package.json. */
  appFolder: string;
  manifest: { name: string; productName?: string; version: string; main: string };
}

export const runtime: Runtime = {
  windows: new Set(),
  devTools: null,
  appFolder: process.cwd(),
  manifest: { name: 'app', version: '0.0.0', main: 'index.js' },
};

export function devTools(): DevTools {
  if (!runtime.devTools) throw new Error('electron-host: Chromium does not run yet');
  return runtime.devTools;
}

/** Electron's preventable event. */
export function preventable<Facts extends object>(facts: Facts) {
  const event = {
    ...facts,
    defaultPrevented: false,
    preventDefault(): void {
      event.defaultPrevented = true;
    },
  };
  return event;
}
