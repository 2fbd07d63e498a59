// How the app lives on a desktop: where its window is, where it goes when that is closed, what a notification leads to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { hasTray } from '../../src/main/desktop/has-tray.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { type DesktopApp, openDesktopApp } from '../support/shown-app.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

/** What the stand-in adds to the module `electron`. */
interface StandIn {
  standIn: {
    displays: { workArea: object }[];
    trays: unknown[];
    questions: string[];
    answer: number;
    notifications: { options: { title: string } }[];
    clickNotification(title: string): void;
    chooseInTray(label: string): void;
    chooseInMenu(label: string): void;
    menu: { items: object[] } | null;
  };
}

interface Placed {
  bounds: object;
  isMaximized: boolean;
  zoomLevel: number;
}

async function openApp(ctx: TestContext, surroundings = {}): Promise<DesktopApp> {
  skipWithoutChromium(ctx);
  const app = await openDesktopApp(undefined, surroundings);
  onTestFinished(() => app.stop().catch(() => {})); // by the test itself, perhaps
  return app;
}

async function aHome(): Promise<{ BANYAN_HOME: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-life-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { BANYAN_HOME: path.join(folder, 'home') };
}

/** A session bus on which nobody shows tray icons. */
async function busWithoutTray(ctx: TestContext): Promise<{ DBUS_SESSION_BUS_ADDRESS: string }> {
  if (process.platform !== 'linux') ctx.skip('needs Linux');
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(async () => {
    bus.kill();
    await once(bus, 'close');
  });
  const [address] = (await once(bus.stdout, 'data')) as [Buffer];
  return { DBUS_SESSION_BUS_ADDRESS: String(address).trim() };
}

const place = ({ electron }: DesktopApp): Promise<Placed> =>
  electron.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0];
    return {
      bounds: window?.getNormalBounds() ?? {},
      isMaximized: window?.isMaximized() ?? false,
      zoomLevel: window?.webContents.getZoomLevel() ?? 0,
    };
  });
const windows = ({ electron }: DesktopApp): Promise<number> =>
  electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
const closeWindow = ({ electron }: DesktopApp): Promise<void> =>
  electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());

async function register(app: DesktopApp): Promise<TestEdge> {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  await app.page.evaluate(
    (invite) =>
      window.client?.device.register({ invite, name: 'x', ownership: 'Other', secrets: 'memory' }),
    edge.invite,
  );
  return edge;
}

async function signIn(app: DesktopApp): Promise<void> {
  await register(app);
  void app.page.evaluate(() => void window.client?.session.signIn({ openBrowser: true }));
  await approveSignIn(await app.openedPage());
  await app.page.getByRole('button', { name: 'Connect HTTP API' }).waitFor();
}

describe('the window', () => {
  const left = { x: 300, y: 120, width: 720, height: 510 };

  it('comes back where it was left, after a close and after a restart', async (ctx) => {
    const home = await aHome();
    const first = await openApp(ctx, home);
    await first.electron.evaluate(({ BrowserWindow }, left) => {
      const window = BrowserWindow.getAllWindows()[0];
      window?.setBounds(left);
      window?.maximize();
      window?.webContents.setZoomLevel(1);
    }, left);
    const kept = { bounds: left, isMaximized: true, zoomLevel: 1 };
    await closeWindow(first);
    await until(async () => (await windows(first)) === 0);
    await first.electron.evaluate((module) =>
      (module as unknown as StandIn).standIn.chooseInTray('Open Banyan'),
    );
    await until(async () => (await place(first)).isMaximized);
    expect(await place(first)).toEqual(kept);
    await first.stop();

    const second = await openApp(ctx, home);
    await until(async () => (await place(second)).isMaximized);
    expect(await place(second)).toEqual(kept);
  });

  it('is on a display that is there', async (ctx) => {
    const app = await openApp(ctx, await aHome());
    await app.electron.evaluate(({ BrowserWindow }, left) => {
      BrowserWindow.getAllWindows()[0]?.setBounds(left);
    }, left);
    await closeWindow(app);
    await until(async () => (await windows(app)) === 0);
    await app.electron.evaluate((module) => {
      const { standIn } = module as unknown as StandIn;
      standIn.displays = [{ workArea: { x: 2000, y: 0, width: 1000, height: 500 } }];
      standIn.chooseInTray('Open Banyan');
    });
    await until(async () => (await windows(app)) === 1);
    expect((await place(app)).bounds).toMatchObject({ width: 720, height: 500 });
    expect((await place(app)).bounds).not.toMatchObject({ x: left.x, y: left.y });
  });

  it('comes to the front when a notification is clicked', async (ctx) => {
    const app = await openApp(ctx, await aHome());
    if (!app.isStandIn) ctx.skip('the notifications of real Electron cannot be clicked');
    const edge = await register(app);
    await closeWindow(app);
    await until(async () => (await windows(app)) === 0);
    await edge.stop();
    await app.electron.evaluate((module) =>
      (module as unknown as StandIn).standIn.chooseInTray('Sign in…'),
    );
    await until(() =>
      app.electron.evaluate((module) => {
        const { standIn } = module as unknown as StandIn;
        const notice = standIn.notifications.at(-1);
        if (notice) standIn.clickNotification(notice.options.title);
        return notice !== undefined;
      }),
    );
    await until(async () => (await windows(app)) === 1);
  });
});

describe('the menu', () => {
  it('reloads nothing and opens no tools, and asks before it takes connections away', async (ctx) => {
    const app = await openApp(ctx);
    if (!app.isStandIn) ctx.skip('the menu of real Electron cannot be chosen from');
    const items = await app.electron.evaluate((module) =>
      JSON.stringify((module as unknown as StandIn).standIn.menu?.items ?? []),
    );
    expect(items).toContain('zoomIn');
    expect(items).not.toMatch(/reload|toggleDevTools|"quit"/i);
    await signIn(app);
    await app.page.getByRole('button', { name: 'Connect HTTP API' }).click();
    await app.page.getByRole('button', { name: 'Disconnect HTTP API' }).first().waitFor();
    const questions = await app.electron.evaluate((module) => {
      const { standIn } = module as unknown as StandIn;
      standIn.answer = 1; // Cancel
      standIn.chooseInMenu('Quit Banyan');
      return standIn.questions;
    });
    expect(questions).toEqual([expect.stringMatching(/^Quit Banyan\? One service is connected/)]);
    expect(await windows(app)).toBe(1);
  });
});

describe('on a desktop without a tray', () => {
  it('the bus tells that nobody shows icons, and that somebody does', async (ctx) => {
    const bus = await busWithoutTray(ctx);
    const before = process.env['DBUS_SESSION_BUS_ADDRESS'];
    Object.assign(process.env, bus);
    onTestFinished(() => {
      if (before === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
      else process.env['DBUS_SESSION_BUS_ADDRESS'] = before;
    });
    expect(await hasTray('linux')).toBe(false);
    expect(await hasTray('linux', 'org.freedesktop.DBus')).toBe(true);
    expect(await hasTray('darwin')).toBe(true);
  });

  it('the app says so, and ends with its window', async (ctx) => {
    const app = await openApp(ctx, await busWithoutTray(ctx));
    await app.page.getByRole('button', { name: 'Settings' }).click();
    await app.page.getByText('No tray on this desktop').waitFor();
    const child = app.electron.process();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await closeWindow(app).catch(() => {}); // it may be gone before the answer
    await ended;
  });

  it('asks before its window takes connections away', async (ctx) => {
    const app = await openApp(ctx, await busWithoutTray(ctx));
    await signIn(app);
    await app.page.getByRole('button', { name: 'Connect HTTP API' }).click();
    await app.page.getByRole('button', { name: 'Disconnect HTTP API' }).first().waitFor();
    await app.electron.evaluate((module) => {
      (module as unknown as StandIn).standIn.answer = 1; // Cancel
    });
    await closeWindow(app);
    const questions = await until(() =>
      app.electron.evaluate((module) => {
        const { questions } = (module as unknown as StandIn).standIn;
        return questions.length > 0 ? questions : undefined;
      }),
    );
    expect(questions).toEqual([expect.stringMatching(/^Quit Banyan\? This desktop has no tray/)]);
    expect(await windows(app)).toBe(1);
    await app.electron.evaluate((module) => {
      (module as unknown as StandIn).standIn.answer = 0;
    });
    const child = app.electron.process();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await closeWindow(app).catch(() => {}); // it may be gone before the answer
    await ended;
  });
});
