// The hosts of the window, each with a client that answers by heart, so that every state of test/fixtures/window-states.ts can be
// looked at in them: the desktop app (real Electron where it can be had, else its stand-in) and the web host.
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { startWebHost, type WebHost } from '../../src/main/web/index.ts';
import { type ClientByHeart, clientByHeart } from '../fakes/client-by-heart.ts';
import { recordingLog } from '../fakes/recording-log.ts';
import type { WindowState } from '../fixtures/window-states.ts';
import { launchChromium } from './chromium.ts';
import { openDesktopApp, ROOT } from './shown-app.ts';

export interface WindowHost {
  page: Page;
  /** Has the client be in this state before the page is opened, and does what the state says. */
  open(state: WindowState): Promise<void>;
  /** What is to be read in it now. */
  text: () => Promise<string>;
  /** What its console has said as errors since it was opened: breaches of its policy too. */
  complaints: () => readonly string[];
  /** How much higher than the window its page is, in CSS pixels: one that scrolls as a whole scrolls everything away. */
  overflow: () => Promise<number>;
  stop(): Promise<void>;
}

type Shown = Pick<WindowState, 'snapshot' | 'replies'>;

/** The desktop app as it is built, but for its client. */
async function buildDesktop(folder: string): Promise<void> {
  const main = path.join(folder, 'main');
  await build({
    configFile: false,
    root: ROOT,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron', 'keytar', 'koffi'] },
    plugins: [
      {
        name: 'client-by-heart',
        enforce: 'pre',
        resolveId: (source, importer) =>
          source === './client/index.ts' && importer?.endsWith('src/main/run-client.ts')
            ? path.join(import.meta.dirname, 'desktop-by-heart.ts')
            : null,
      },
    ],
    build: {
      ssr: path.join(ROOT, 'src/main/index.ts'),
      target: 'node20',
      outDir: main,
      emptyOutDir: true,
      rolldownOptions: { output: { strictExecutionOrder: true } },
    },
  });
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'banyan', version: '0.1.0', type: 'module', main: 'main/index.js' }),
  );
  for (const name of ['out', 'assets'])
    await symlink(path.join(ROOT, name), path.join(folder, name));
}

export interface DesktopByHeart extends WindowHost {
  /** Its tray can be looked at. */
  isStandIn: boolean;
  /** File of the icon. */
  trayImage: () => Promise<string>;
}

/** Desktop states only: nothing of the tab's link can be lost in it. */
export async function openDesktopByHeart(): Promise<DesktopByHeart> {
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-by-heart-'));
  await buildDesktop(folder);
  const app = await openDesktopApp(undefined, {}, folder);
  const { page, electron } = app;
  const show = (shown: Shown): Promise<void> =>
    electron.evaluate(
      (_, shown) =>
        (globalThis as unknown as { clientByHeart: ClientByHeart }).clientByHeart.show(shown),
      shown,
    );
  const { forget, ...seen } = lookAt(page);
  return {
    ...seen,
    isStandIn: app.isStandIn,
    trayImage: () =>
      electron.evaluate((module) =>
        (module as unknown as { standIn: { trayImage(): string } }).standIn.trayImage(),
      ),
    async open(state) {
      forget();
      await show(state);
      // Kept over a reload: where she was, and her filters.
      await page.evaluate(() => {
        history.replaceState(null, '');
        sessionStorage.clear();
      });
      await page.reload();
      await goOn(page, state, show);
    },
    async stop() {
      await app.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Chromium itself tells of each request that a lost host does not answer. */
const LOST = /^Failed to load resource: (net::ERR_|the server responded with a status of 401)/;

/** Each state has a web host of its own, which is what is lost in some of them. */
export async function openTabByHeart(): Promise<WindowHost> {
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-by-heart-'));
  const browser = await launchChromium();
  const page = await browser.newPage();
  const { forget, ...seen } = lookAt(page);
  let host: WebHost | null = null;
  let isLost = false;
  return {
    ...seen,
    complaints: () => seen.complaints().filter((text) => !isLost || !LOST.test(text)),
    async open(state) {
      forget();
      isLost = state.tab !== undefined && state.tab !== 'connected';
      await page.goto('about:blank');
      await host?.stop();
      const client = clientByHeart();
      const show = (shown: Shown): Promise<void> => {
        const app = { ...shown.snapshot.app, desktop: null };
        return Promise.resolve(client.show({ ...shown, snapshot: { ...shown.snapshot, app } }));
      };
      await show(state);
      host = await startWebHost({
        client,
        rendererFolder: path.join(ROOT, 'out/renderer'),
        home: folder,
        log: recordingLog(),
      });
      const link = host.newLink();
      await page.goto(link);
      await whenShown(page);
      if (state.tab === 'interrupted') await host.stop();
      if (state.tab === 'gone') {
        await page.evaluate(() => {
          for (const name of Object.keys(sessionStorage)) sessionStorage.setItem(name, 'another');
        });
        await page.reload();
      }
      if (state.tab === 'used') {
        await page.evaluate(() => sessionStorage.clear());
        await page.goto('about:blank');
        await page.goto(link);
      }
      await goOn(page, state, show);
    },
    async stop() {
      await browser.close();
      await host?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function lookAt(page: Page) {
  const said: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(error.message));
  return {
    page,
    text: () => page.evaluate(() => document.body.innerText),
    complaints: () => said,
    overflow: () =>
      page.evaluate(() => {
        const { scrollHeight, clientHeight } = document.documentElement;
        return scrollHeight - clientHeight;
      }),
    forget: () => void said.splice(0),
  };
}

const whenShown = (page: Page): Promise<void> => page.locator('h1, .progress').first().waitFor();

async function goOn(
  page: Page,
  { later, replies, steps = [] }: WindowState,
  show: (shown: Shown) => Promise<void>,
): Promise<void> {
  await whenShown(page);
  if (later) await show({ snapshot: later, ...(replies && { replies }) });
  for (const step of steps) await follow(page, step);
}

async function follow(page: Page, step: string): Promise<void> {
  const [verb, first = '', ...rest] = step.split(':');
  const text = rest.join(':');
  switch (verb) {
    case 'click':
      return page
        .getByRole(first as Parameters<Page['getByRole']>[0], { name: text })
        .first()
        .click();
    case 'fill':
      return page.getByLabel(first).first().fill(text);
    case 'open':
      return page.locator('summary', { hasText: first }).click();
    case 'press':
      return page.keyboard.press(first);
    case 'show':
      return page
        .getByRole('heading', { name: first })
        .evaluate((heading) => heading.scrollIntoView());
    case 'wait':
      return page.waitForTimeout(Number(first));
    default:
      throw new Error(`unknown step ${step}`);
  }
}
