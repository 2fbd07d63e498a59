// Opens the built app as people do: in Electron (its binary, else the stand-in host) or as a browser tab.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { _electron, type Browser, type ElectronApplication, type Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';
import { until } from './until.ts';

export const ROOT = path.resolve(import.meta.dirname, '..', '..');
export const STAND_IN = path.join(ROOT, 'test/electron-host/electron-host');

export interface ShownApp {
  page: Page;
  /** Folder of the client. */
  home: string;
  /** The next page that the app has opened, as the person sees it: in their browser, or in a new tab beside its own. */
  nextPage: () => Promise<Page>;
  stop(): Promise<void>;
}

export interface DesktopApp extends ShownApp {
  electron: ElectronApplication;
  /** Address of the page that the app has given to the person's browser last. */
  openedPage: () => Promise<string>;
  /** Tray, dialogs and links can be looked at and fired. */
  isStandIn: boolean;
}

/** Electron itself does not run as root. */
function electronBinary(): string | null {
  const binary =
    process.env['BANYAN_ELECTRON'] ?? path.join(ROOT, 'node_modules/electron/dist/electron');
  return existsSync(binary) && process.getuid?.() !== 0 ? binary : null;
}

async function newHome() {
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-e2e-'));
  const home = path.join(folder, 'home');
  const env = { ...process.env, BANYAN_HOME: home, BANYAN_SECRETS: 'memory' };
  return { folder, home, env, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What a person would have set before she started it. */
type Surroundings = Record<string, string>;

/** @param root of the app: what its package.json calls `main` is started */
export async function openDesktopApp(
  invite?: string,
  surroundings: Surroundings = {},
  root: string = ROOT,
): Promise<DesktopApp> {
  const own = await newHome();
  const env = { ...own.env, ...surroundings };
  const { remove } = own;
  const home = env.BANYAN_HOME;
  const binary = electronBinary();
  const electron = await _electron.launch({
    executablePath: binary ?? STAND_IN,
    args: [root, ...(invite === undefined ? [] : [invite])],
    env,
  });
  const page = await electron.firstWindow();
  await page.waitForURL(/banyan-app/);
  // Nobody has a browser to open here: what it would open is kept.
  await electron.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openExternal = (url) => Promise.resolve(void opened.push(url));
  });
  const opened = (): Promise<string[]> =>
    electron.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
  const browsers: Browser[] = [];
  return {
    page,
    home,
    electron,
    isStandIn: binary === null,
    openedPage: () => until(async () => (await opened()).at(-1)),
    async nextPage() {
      const url = await until(async () => (await opened())[browsers.length]);
      const browser = await launchChromium();
      browsers.push(browser);
      const shown = await browser.newPage();
      await shown.goto(url);
      return shown;
    },
    async stop() {
      await Promise.all(browsers.map((each) => each.close()));
      await electron.close();
      await remove();
    },
  };
}

/** `banyan ui`, with a Chromium that opens the printed address. */
export async function openBrowserTab(invite?: string): Promise<ShownApp> {
  const { home, env, remove } = await newHome();
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'out/bin/banyan.js'), 'ui', '--json', ...(invite ? [invite] : [])],
    { env: { ...env, BROWSER: '/bin/false' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = new Promise((resolve) => child.once('close', resolve));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    void exited.then(() => reject(new Error('banyan ui ended at once')));
  });
  const browser = await launchChromium();
  const page = await browser.newPage();
  const tabs: Page[] = [];
  page.context().on('page', (tab) => tabs.push(tab));
  await page.goto((JSON.parse(line) as { url: string }).url);
  return {
    page,
    home,
    async nextPage() {
      const tab = await until(async () => tabs.shift());
      await tab.waitForURL(/^http/);
      return tab;
    },
    async stop() {
      await browser.close();
      child.kill('SIGINT');
      await exited;
      await remove();
    },
  };
}
