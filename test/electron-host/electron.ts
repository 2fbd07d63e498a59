// The module `electron` as far as the app uses it. Every name is one of Electron's, or the compiler objects; what the app
// imports and is missing here fails as the app starts.
import type * as Electron from 'electron';
import { app } from './app.ts';
import {
  clipboard,
  dialog,
  nativeImage,
  powerMonitor,
  screen,
  session,
  shell,
  standIn,
  StandInMenu as Menu,
  StandInNotification as Notification,
  StandInTray as Tray,
} from './fakes.ts';
import { ipcMain } from './ipc.ts';
import { nativeTheme } from './native-theme.ts';
import { protocol } from './scheme.ts';
import { StandInWebContents as webContents } from './web-contents.ts';
import { StandInWindow as BrowserWindow } from './windows.ts';

const module = {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
  webContents,
} satisfies Partial<Record<keyof typeof Electron, unknown>>;

declare global {
  /** What `require('electron')` gives, see register.mjs. */
  var standInElectron: unknown;
}
globalThis.standInElectron = { ...module, standIn };

export {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
  webContents,
};
