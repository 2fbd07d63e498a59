// What only the desktop app has: the tray, links, the locks of its window, its end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import type { Page } from 'playwright-core';
import type { Snapshot } from '../../src/shared/ipc/contract.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { type DesktopApp, openDesktopApp, ROOT, STAND_IN } from '../support/shown-app.ts';
import { startEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

/** What the stand-in adds to the module `electron`. */
interface StandIn {
  standIn: {
    trayLabels(): string[];
    trayTicks(): string[];
    trayDrawings: { at: number; ticks: string[] }[];
    trayImage(): string;
    chooseInTray(label: string): void;
    copied: string[];
    questions: string[];
    answer: number;
  };
}

async function openApp(ctx: TestContext, invite?: string): Promise<DesktopApp> {
  skipWithoutChromium(ctx);
  const app = await openDesktopApp(invite);
  onTestFinished(() => app.stop());
  return app;
}

const trayLabels = ({ electron }: DesktopApp): Promise<string[]> =>
  electron.evaluate((module) => (module as unknown as StandIn).standIn.trayLabels());
const chooseInTray = ({ electron }: DesktopApp, label: string): Promise<void> =>
  electron.evaluate(
    (module, label) => (module as unknown as StandIn).standIn.chooseInTray(label),
    label,
  );

const tray = ({ electron }: DesktopApp) =>
  electron.evaluate((module) => {
    const { standIn } = module as unknown as StandIn;
    const { copied, questions } = standIn;
    return { ticks: standIn.trayTicks(), image: standIn.trayImage(), copied, questions };
  });

/** Five times on and off: how much later than the window the tray has it, milliseconds. */
async function trayLags({ electron }: DesktopApp, page: Page): Promise<number[]> {
  const heard = await page.evaluate(async () => {
    const { client } = window;
    const seen: { at: number; isOpen: boolean }[] = [];
    const snapshot = (await client?.app.snapshot({})) as { value: Snapshot };
    const { id } = snapshot.value.slices.catalog.services.find(
      ({ friendlyName }) => friendlyName === 'HTTP API',
    ) as { id: string };
    const stop = client?.subscribe((name, payload) => {
      if (name !== 'tunnels.changed') return;
      const { states } = payload.value as Snapshot['slices']['tunnels'];
      const isOpen = states[id]?.status === 'open';
      if (isOpen !== (seen.at(-1)?.isOpen ?? false)) seen.push({ at: Date.now(), isOpen });
    });
    for (let round = 0; round < 5; round += 1) {
      await client?.tunnel.open({ service: id });
      await client?.tunnel.close({ service: id });
    }
    stop?.();
    return seen;
  });
  const drawn = await electron.evaluate(
    (module) => (module as unknown as StandIn).standIn.trayDrawings,
  );
  const turns = drawn
    .map(({ at, ticks }) => ({ at, isOpen: ticks.some((tick) => tick.startsWith('HTTP API')) }))
    .filter(({ isOpen }, index, all) => isOpen !== (all[index - 1]?.isOpen ?? false))
    .slice(-heard.length);
  expect(turns.map(({ isOpen }) => isOpen)).toEqual(heard.map(({ isOpen }) => isOpen));
  return turns.map(({ at }, index) => at - (heard[index]?.at ?? 0));
}

describe('the desktop app', () => {
  it('connects a service from the tray, with no window open', async (ctx) => {
    skipWithoutChromium(ctx);
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const app = await openApp(ctx);
    if (!app.isStandIn) ctx.skip('the tray of real Electron cannot be read');
    const { page } = app;
    await page.evaluate(
      (invite) =>
        window.client?.device.register({
          invite,
          name: 'tray',
          ownership: 'Other',
          secrets: 'memory',
        }),
      edge.invite,
    );
    await page.close();

    await chooseInTray(app, 'Sign in…');
    await approveSignIn(await app.openedPage());
    await until(async () => (await trayLabels(app)).includes('HTTP API'));
    await chooseInTray(app, 'HTTP API');
    const connected = await until(async () =>
      (await tray(app)).ticks.find((label) => label.startsWith('HTTP API')),
    );
    const address = /\((.*)\)/.exec(connected)?.[1] ?? '';
    expect(await (await fetch(`http://${address}/tray`)).text()).toContain('/tray');
    await chooseInTray(app, `HTTP API: ${address}`);
    expect(await tray(app)).toMatchObject({
      copied: [address],
      image: expect.stringContaining('tray-connected-light.png') as unknown,
    });
    await app.electron.evaluate(({ nativeTheme }) => {
      Object.assign(nativeTheme, { isSystemDark: true });
      nativeTheme.emit('updated');
    });
    expect((await tray(app)).image).toContain('tray-connected-dark.png');
    // Cancelled: everything stays.
    await app.electron.evaluate((module) => {
      (module as unknown as StandIn).standIn.answer = 1;
    });
    await chooseInTray(app, 'Quit (1 connected)…');
    await until(async () => (await tray(app)).questions.length === 1);
    expect((await tray(app)).questions).toEqual([
      'Quit Banyan? One service is connected. Programs that use it lose their connections.',
    ]);

    await chooseInTray(app, 'Open Banyan');
    const again = await until(() => Promise.resolve(app.electron.windows().at(-1)));
    await again.getByRole('button', { name: 'Disconnect HTTP API' }).first().click();
    await until(async () => (await trayLabels(app)).includes('HTTP API'));
    const lags = await trayLags(app, again);
    expect(lags).toHaveLength(10);
    // Half of them: a computer that is busy with other tests is late with anything.
    expect(lags.toSorted((a, b) => a - b)[4]).toBeLessThanOrEqual(200);
    await chooseInTray(app, 'Sign out Dana Demo');
    await until(async () => (await tray(app)).image.includes('tray-signed-out'));
  });

  it('shows an invite that arrives while it runs, and waits for a yes', async (ctx) => {
    const app = await openApp(ctx);
    const link = `banyan://register?org=demo.localhost&code=abcdefgh&root=${'A'.repeat(43)}`;
    await app.electron.evaluate(
      ({ app: electronApp }, link) =>
        void electronApp.emit('second-instance', {}, ['banyan', link], '/', {}),
      link,
    );
    await app.page.getByText('Banyan was opened with this invite').waitFor();
    expect(await app.page.getByLabel('Invite').inputValue()).toBe(link);
    const reply = await app.page.evaluate(() => window.client?.app.snapshot({}));
    expect(reply).toMatchObject({ value: { slices: { device: { status: 'unregistered' } } } });
  });

  it('gives its window the named calls and nothing of Electron or Node', async (ctx) => {
    const { page } = await openApp(ctx);
    const seen = await page.evaluate(() => ({
      client: Object.fromEntries(
        Object.entries(window.client ?? {}).map(([group, calls]) => [
          group,
          typeof calls === 'function' ? 'function' : Object.keys(calls),
        ]),
      ),
      frozen: Object.isFrozen(window.client),
      globals: ['require', 'process', 'module', 'Buffer', 'ipcRenderer', 'electron'].filter(
        (name) => name in window,
      ),
    }));
    expect(seen).toEqual({
      client: {
        app: ['snapshot', 'quit'],
        device: [
          'inspectInvite',
          'register',
          'inspectAddress',
          'registerBySignIn',
          'cancelRegistration',
          'registerAsManaged',
          'unlock',
          'certificates',
          'checkPosture',
          'unregister',
        ],
        organisation: ['switch'],
        program: ['look', 'setSsh', 'setKubernetes', 'saveRdp', 'openRdp', 'launch'],
        service: ['open', 'star', 'autoConnect'],
        link: ['dismiss'],
        session: ['signIn', 'signInWithCode', 'cancelSignIn', 'signOut'],
        settings: ['change'],
        updates: ['check', 'install'],
        activity: ['log', 'connections'],
        diagnostics: ['run', 'save'],
        catalog: ['refresh'],
        tunnel: ['open', 'close', 'override'],
        subscribe: 'function',
      },
      frozen: true,
      globals: [],
    });
  });

  it('keeps the event of a signal on its own side', async (ctx) => {
    const { page } = await openApp(ctx);
    const seen = await page.evaluate(
      () =>
        new Promise<unknown[]>((resolve) => {
          window.client?.subscribe((...inputs: unknown[]) => resolve(inputs));
          void window.client?.device.register({
            invite: `banyan://register?org=127.0.0.1:1&code=abcdefgh&root=${'A'.repeat(43)}`,
            name: 'x',
            ownership: 'Other',
            secrets: 'memory',
          });
        }),
    );
    expect(seen).toEqual(['device.changed', expect.objectContaining({ revision: 1 })]);
  });

  it('goes nowhere else, opens no second window and runs no code from elsewhere', async (ctx) => {
    const { page, electron } = await openApp(ctx);
    const at = page.url();
    const blocked = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(event.effectiveDirective),
      );
      window.open('https://example.com/');
      location.href = 'https://example.com/';
      await fetch('https://example.com/').catch(() => {});
      const script = document.createElement('script');
      script.textContent = 'window.wasRun = true';
      document.body.append(script);
      const frame = document.createElement('iframe');
      frame.src = 'https://example.com/';
      document.body.append(frame);
      // Told one after the other, on a busy computer late.
      for (let times = 0; violations.length < 3 && times < 50; times += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return { violations, wasRun: 'wasRun' in window };
    });
    expect(page.url()).toBe(at);
    expect(electron.windows()).toHaveLength(1);
    expect(blocked.wasRun).toBe(false);
    expect(blocked.violations).toEqual(
      expect.arrayContaining(['connect-src', 'script-src-elem', 'frame-src']),
    );
  });

  it('says so in plain words when a terminal runs the client, and leaves', async (ctx) => {
    skipWithoutChromium(ctx);
    const home = await mkdtemp(path.join(tmpdir(), 'banyan-second-'));
    onTestFinished(() => rm(home, { recursive: true }));
    const env = { ...process.env, BANYAN_HOME: home };
    const terminal = spawn(process.execPath, [path.join(ROOT, 'out/bin/banyan.js'), 'up'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void terminal.kill());
    await once(terminal.stdout, 'data');

    const app = spawn(STAND_IN, [ROOT], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    app.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(app, 'close')) as [number];
    expect(said).toMatch(/dialog: Banyan is already running: .+ Use the running app, or quit it/);
    expect(code).toBe(1);
  });

  it('ends with everything that it has started', async (ctx) => {
    const app = await openApp(ctx);
    const child = app.electron.process();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // Asked once the page has answered here: its own end would else be faster than that answer.
    await app.page.evaluate(() => void setTimeout(() => void window.client?.app.quit({})));
    await ended;
    expect(existsSync(path.join(app.home, 'login-key.pem'))).toBe(false);
  });
});
