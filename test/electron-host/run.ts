// Runs the app: Chromium starts while the app's own main file is evaluated, then comes `ready`. Ends when whoever started it has
// ended.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from './app.ts';
import { startChromium } from './chromium.ts';
import './electron.ts';
import { runtime } from './runtime.ts';

const LOADS_WITHIN_MS = 10_000;

const argv = process.argv.slice(2);
runtime.appFolder = path.resolve(argv.find((argument) => !argument.startsWith('-')) ?? '.');
runtime.manifest = JSON.parse(
  readFileSync(path.join(runtime.appFolder, 'package.json'), 'utf8'),
) as typeof runtime.manifest;

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 500).unref();
// As Electron does.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());

// Playwright calls this when it is connected, which may be as soon as Chromium has said where it listens.
const driver = new Promise<void>((resolve) => {
  Object.assign(globalThis, { __playwright_run: resolve });
  if (!argv.includes('--inspect=0')) resolve();
});

const devTools = startChromium();
runtime.devTools = devTools;
const isUp = devTools.browser.send('Target.setDiscoverTargets', { discover: true });
devTools.browser.on('Target.targetCreated', ({ targetInfo: { targetId, openerId } }) => {
  // A window that a page opened: Electron's handler has refused it, or it would not be here at all.
  if (
    !openerId ||
    ![...runtime.windows].some(({ webContents }) => webContents.targetId === openerId)
  )
    return;
  void devTools.browser.send('Target.closeTarget', { targetId }).catch(() => {});
});
devTools.browser.on('Target.targetDestroyed', ({ targetId }) => {
  [...runtime.windows]
    .find(({ webContents }) => webContents.targetId === targetId)
    ?.markClosed('window');
});

// Electron is ready only after an ESM entry has been evaluated, so a top-level await of whenReady() never ends there.
const stuck = setTimeout(() => {
  const why = app.hasAskedForReady
    ? '; a top-level await of app.whenReady() never ends in Electron'
    : '';
  process.stderr.write(`electron-host: ${runtime.manifest.main} does not finish loading${why}\n`);
  process.exit(1);
}, LOADS_WITHIN_MS);
await import(pathToFileURL(path.join(runtime.appFolder, runtime.manifest.main)).href);
clearTimeout(stuck);
await isUp;
await driver;
app.becomeReady();
