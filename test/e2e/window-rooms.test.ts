// Settings, activity and diagnostics, as people use them: in the built app, against a real edge.
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { seriousProblems } from '../support/accessibility.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { type DesktopApp, openDesktopApp, ROOT, STAND_IN } from '../support/shown-app.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

/** What the stand-in adds to the module `electron`. */
interface StandIn {
  standIn: { trayLabels(): string[] };
}

const PASSPHRASE = 'correct horse battery staple';

/** A computer on which the app was installed: its folders outlive the app. */
async function aComputer(ctx: TestContext) {
  skipWithoutChromium(ctx);
  const folder = await mkdtemp(path.join(tmpdir(), 'banyan-rooms-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const passphraseFile = path.join(folder, 'passphrase');
  await writeFile(passphraseFile, PASSPHRASE, { mode: 0o600 });
  const config = path.join(folder, 'config');
  const surroundings = {
    BANYAN_HOME: path.join(folder, 'home'),
    BANYAN_PASSPHRASE_FILE: passphraseFile,
    XDG_CONFIG_HOME: config,
  };
  return {
    config,
    start: () => openDesktopApp(undefined, surroundings),
    /** Without waiting for a window. */
    launch: () =>
      _electron.launch({
        executablePath: STAND_IN,
        args: [ROOT],
        env: { ...process.env, ...surroundings },
      }),
  };
}

async function signIn(app: DesktopApp, edge: TestEdge): Promise<void> {
  await app.page.evaluate(
    ({ invite, passphrase }) =>
      window.client?.device.register({
        invite,
        name: 'rooms',
        ownership: 'Other',
        secrets: 'file',
        passphrase,
      }),
    { invite: edge.invite, passphrase: PASSPHRASE },
  );
  void app.page.evaluate(() => void window.client?.session.signIn({ openBrowser: true }));
  await approveSignIn(await app.openedPage());
  await app.page.getByRole('button', { name: 'Connect HTTP API' }).waitFor();
}

async function signedIn(ctx: TestContext) {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const computer = await aComputer(ctx);
  const app = await computer.start();
  onTestFinished(() => app.stop().catch(() => {})); // stopped by the test itself, perhaps
  await signIn(app, edge);
  return { edge, computer, app, page: app.page };
}

const goTo = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation').getByRole('button', { name }).click();
const ground = (page: Page): Promise<string> =>
  page.evaluate(() => getComputedStyle(document.body).backgroundColor);

describe('settings', () => {
  it('hold at once, and are there again after a restart', async (ctx) => {
    const { app, page, computer } = await signedIn(ctx);
    await goTo(page, 'Settings');
    const light = await ground(page);
    await page.getByRole('radio', { name: 'Dark' }).click();
    await until(async () => (await ground(page)) !== light);
    expect(await app.electron.evaluate(({ nativeTheme }) => nativeTheme.themeSource)).toBe('dark');
    const atLogin = page.getByRole('switch', { name: 'Start when I sign in to this computer' });
    await atLogin.click();
    const notices = page.getByRole('switch', { name: 'Sign-in needed' });
    await until(async () => (await atLogin.getAttribute('aria-checked')) === 'true');
    await notices.click();
    await until(async () => (await notices.getAttribute('aria-checked')) === 'false');
    const entry = path.join(computer.config, 'autostart/banyan.desktop');
    expect(await until(() => readFile(entry, 'utf8').catch(() => null))).toContain('Exec="');
    await app.stop();

    const again = await computer.start();
    onTestFinished(() => again.stop());
    await goTo(again.page, 'Settings');
    expect(await ground(again.page)).not.toBe(light);
    const on = (name: string) =>
      again.page.getByRole('switch', { name }).getAttribute('aria-checked');
    expect(await on('Start when I sign in to this computer')).toBe('true');
    expect(await on('Sign-in needed')).toBe('false');
    await again.page.getByRole('switch', { name: 'Start when I sign in to this computer' }).click();
    await until(async () => (await readFile(entry).catch(() => null)) === null);
  });

  it('start the app without a window where that was asked for, and a second start shows it', async (ctx) => {
    const { app, page, computer } = await signedIn(ctx);
    if (!app.isStandIn) ctx.skip('a window that does not come cannot be waited for');
    await goTo(page, 'Settings');
    const hidden = page.getByRole('switch', { name: 'Start hidden' });
    await hidden.click();
    await until(async () => (await hidden.getAttribute('aria-checked')) === 'true');
    await app.stop();

    const electron = await computer.launch();
    onTestFinished(() => electron.close());
    await until(() =>
      electron.evaluate((module) => (module as unknown as StandIn).standIn.trayLabels().length > 0),
    );
    // Longer than a window takes to come.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(electron.windows()).toHaveLength(0);
    await electron.evaluate(
      ({ app: electronApp }) => void electronApp.emit('second-instance', {}, ['banyan'], '/', {}),
    );
    await until(() => Promise.resolve(electron.windows().length === 1));
  });
});

describe('activity', () => {
  it('lists what programs did, and the log can be narrowed and held still', async (ctx) => {
    const { page } = await signedIn(ctx);
    await page.getByRole('button', { name: 'Connect HTTP API' }).click();
    const pill = page.locator('.copy-pill').first();
    await pill.waitFor();
    const port = Number((await pill.innerText()).split(':').at(-1));
    await fetch(`http://127.0.0.1:${port}/rooms`).then((answer) => answer.text());

    await goTo(page, 'Activity');
    const connections = page.getByRole('region', { name: 'Connections' });
    await connections.getByText('HTTP API').first().waitFor();

    await page.getByRole('radio', { name: 'Log' }).click();
    const log = page.getByRole('region', { name: 'Log' });
    await log.getByText('tunnel').first().waitFor();
    const all = await log.getByRole('listitem').count();
    await page.getByLabel('Service').selectOption({ label: 'HTTP API' });
    await until(async () => (await log.getByRole('listitem').count()) < all);
    for (const line of await log.getByRole('listitem').all()) {
      expect(await line.innerText()).toContain('.bnn');
    }
    await page.getByLabel('Importance').selectOption({ label: 'Errors' });
    await page.getByText('No lines like that yet.').waitFor();
    await page.getByLabel('Importance').selectOption({ label: 'Everything' });

    const [service = ''] = /[\w-]+\.demo\.bnn/.exec(await log.innerText()) ?? [];
    await page.getByRole('button', { name: 'Pause' }).click();
    const held = await page.locator('.activity-count').innerText();
    await page.evaluate((id) => window.client?.tunnel.close({ service: id }), service);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    expect(await page.locator('.activity-count').innerText()).toBe(held);
    await page.getByRole('button', { name: 'Resume' }).click();
    await until(async () => (await page.locator('.activity-count').innerText()) !== held);
  });
});

describe('diagnostics', () => {
  it('names the step that is broken, and what helps', async (ctx) => {
    const { edge, page } = await signedIn(ctx);
    await goTo(page, 'Diagnostics');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('Every step works.').waitFor();
    await edge.stop();
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('heading', { name: 'Network (TCP): this is where it stops' }).waitFor();
    const step = page.locator('.diagnosis-step.failed').first();
    expect(await step.innerText()).toContain('Check the network connection');
    await page.getByRole('button', { name: 'Save a report' }).click();
    const file = await page.locator('.report-file code').innerText();
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ diagnoses: [{}] });
  });
});

describe('the three rooms', () => {
  const LOOKS = [
    ['light', { colorScheme: 'light', forcedColors: 'none' }],
    ['dark', { colorScheme: 'dark', forcedColors: 'none' }],
    ['forced colours', { colorScheme: 'dark', forcedColors: 'active' }],
  ] as const;
  const ROOMS = ['Settings', 'Activity', 'Diagnostics'];

  it('have no serious problem for assistive technology, in light, dark and forced colours', async (ctx) => {
    const { page } = await signedIn(ctx);
    for (const [look, media] of LOOKS) {
      await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
      for (const room of ROOMS) {
        await goTo(page, room);
        if (room === 'Settings') await page.getByRole('radio', { name: 'Custom' }).click();
        if (room === 'Activity') await page.getByRole('radio', { name: 'Log' }).click();
        if (room === 'Diagnostics') {
          await page.getByRole('button', { name: 'Run' }).click();
          await page.locator('.diagnosis-step').first().waitFor();
        }
        expect(await seriousProblems(page), `${room} in ${look}`).toEqual([]);
      }
    }
  });

  it('are reached by keys alone, and the focus is seen everywhere', async (ctx) => {
    const { page } = await signedIn(ctx);
    for (const room of ROOMS) {
      await goTo(page, room);
      await page.locator('h1', { hasText: room }).waitFor();
      expect(await walk(page), room).toEqual({ missed: [], unseen: [] });
    }
  });
});

/** Once around by Tab: what could not be reached, and what did not show that it was. */
async function walk(page: Page): Promise<{ missed: string[]; unseen: string[] }> {
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    for (const each of document.querySelectorAll('[data-walked]')) {
      each.removeAttribute('data-walked');
    }
  });
  const unseen: string[] = [];
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      const isAgain = at.hasAttribute('data-walked');
      at.setAttribute('data-walked', '');
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      const isSeen = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
      return { isAgain, isSeen, html: at.outerHTML.slice(0, 120) };
    });
    if (!found) continue;
    if (found.isAgain) break;
    if (!found.isSeen) unseen.push(found.html);
  }
  const missed = await page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        'main button, main select, main input, main [role=switch]',
      ),
    ]
      .filter(
        (each) =>
          !each.hasAttribute('data-walked') &&
          !each.hasAttribute('disabled') &&
          each.getAttribute('aria-hidden') !== 'true' &&
          // Radio buttons are one stop; the arrow keys walk within.
          each.tabIndex >= 0 &&
          each.offsetParent !== null,
      )
      .map((each) => each.outerHTML.slice(0, 120)),
  );
  return { missed, unseen };
}

/** What the keys would act on now, by the name that a screen reader gives it. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element === document.body
      ? 'nothing'
      : (element?.getAttribute('aria-label') ?? element?.textContent ?? '');
  });

describe('by keyboard alone', () => {
  it('the focus is on the page after signing in, and stays with what was pressed', async (ctx) => {
    const { page } = await signedIn(ctx);
    expect(await focused(page)).toBe('Services');

    await page.getByRole('button', { name: 'Connect HTTP API' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('HTTP API connected at').waitFor({ state: 'attached' });
    await until(async () => (await focused(page)) === 'Disconnect HTTP API');
    await page.keyboard.press('Enter');
    await until(async () => (await focused(page)) === 'Connect HTTP API');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('complementary').count()).toBe(0);

    await goTo(page, 'Diagnostics');
    await page.getByRole('button', { name: 'Run' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Every step works.').waitFor();
    expect(await focused(page)).toBe('Run again');
  });
});
