// The list of services and the details of one, as people use them: in the built app, against a real edge.
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { seriousProblems } from '../support/accessibility.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { openDesktopApp } from '../support/shown-app.ts';
import { startEdge } from '../support/start-edge.ts';
import { tabTo } from '../support/keys.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

async function signedIn(ctx: TestContext) {
  skipWithoutChromium(ctx);
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const app = await openDesktopApp();
  onTestFinished(() => app.stop());
  const { page } = app;
  await page.evaluate(
    (invite) =>
      window.client?.device.register({
        invite,
        name: 'rows',
        ownership: 'Other',
        secrets: 'memory',
      }),
    edge.invite,
  );
  void page.evaluate(() => void window.client?.session.signIn({ openBrowser: true }));
  await approveSignIn(await app.openedPage());
  await page.getByRole('button', { name: 'Connect HTTP API' }).waitFor();
  return { edge, app, page };
}

const rowOf = (page: Page, name: string) => page.locator('.row', { hasText: name });
const details = (page: Page) => page.locator('.details');
describe('a service', () => {
  it('is used at an address of its own, and its row and details tell what went through', async (ctx) => {
    const { page } = await signedIn(ctx);
    await page.getByRole('button', { name: 'Connect HTTP API' }).click();
    await rowOf(page, 'HTTP API').locator('.copy-pill').waitFor();
    if ((await details(page).count()) === 0) {
      await page.getByRole('button', { name: 'Details of HTTP API' }).click();
    }
    const pane = details(page);
    await pane.getByText('No program has used it yet.').waitFor();
    await pane.getByLabel('Listen address').fill('0.0.0.0');
    await pane.getByText('Anybody in the network could use the service there.').waitFor();
    expect(await pane.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await pane.getByLabel('Listen address').fill('127.0.0.9');
    await pane.getByRole('button', { name: 'Save' }).click();
    const pill = rowOf(page, 'HTTP API').locator('.copy-pill', { hasText: '127.0.0.9:' });
    await pill.waitFor();
    const address = (await pill.innerText()).trim();
    expect(await pane.locator('.copy-pill').innerText()).toContain(address);
    await fetch(`http://${address}/rows`).then((answer) => answer.text());

    await rowOf(page, 'HTTP API').locator('.row-traffic').waitFor();
    await pane.locator('.used-one').first().waitFor();
    await until(async () => /at most/.test(await pane.locator('.throughput .unseen').innerText()));
    await pane.getByRole('button', { name: /in Activity$/ }).click();
    await page.getByRole('region', { name: 'Connections' }).getByText('HTTP API').first().waitFor();
  });

  it('is made to connect by itself with keys alone, in its row, its details and the palette', async (ctx) => {
    const { page } = await signedIn(ctx);
    const mark = page.getByRole('button', { name: 'Connect automatically: HTTP API' });
    const isOn = async () => (await mark.getAttribute('aria-pressed')) === 'true';
    await tabTo(page, 'Connect automatically: HTTP API');
    await page.keyboard.press('Enter');
    await until(isOn);
    expect(await rowOf(page, 'HTTP API').getByText('Connected').count()).toBe(0);

    await page.keyboard.press('Control+K');
    await page.keyboard.type('auto http');
    await page.getByRole('option', { name: 'Do not connect HTTP API automatically' }).waitFor();
    await page.keyboard.press('Enter');
    await until(async () => !(await isOn()));

    await page.getByRole('button', { name: 'Details of HTTP API' }).click();
    await page.getByRole('switch', { name: 'Connect automatically' }).focus();
    await page.keyboard.press('Space');
    await until(isOn);
    await details(page).getByText('Connects by itself from your next sign-in on.').waitFor();
  });

  it('is still found by the filter after the window was loaded again', async (ctx) => {
    const { page } = await signedIn(ctx);
    await page.getByRole('button', { name: 'Connect HTTP API' }).click();
    await page.getByRole('button', { name: 'Favourite: HTTP API' }).click();
    const filter = page.getByRole('button', { name: /^Favourites \d/ });
    await filter.click();
    await until(async () => (await page.locator('.row').count()) === 1);
    await page.reload();
    await page.getByRole('button', { name: 'Details of HTTP API' }).waitFor();
    expect(await filter.getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('.row').count()).toBe(1);
  });
});

describe('list and details', () => {
  const LOOKS = [
    ['light', { colorScheme: 'light', forcedColors: 'none' }],
    ['dark', { colorScheme: 'dark', forcedColors: 'none' }],
    ['forced colours', { colorScheme: 'dark', forcedColors: 'active' }],
  ] as const;
  /** The second is what is left of the first one at 200% zoom, the third a narrow window. */
  const SIZES = [
    { width: 1180, height: 760 },
    { width: 590, height: 380 },
    { width: 420, height: 760 },
  ];

  it('have no serious problem for assistive technology, and are never wider than the window', async (ctx) => {
    const { page } = await signedIn(ctx);
    await rowOf(page, 'HTTP API').hover();
    await page.getByRole('button', { name: 'Favourite: HTTP API' }).click();
    await page.getByRole('button', { name: 'Connect HTTP API' }).click();
    const pill = rowOf(page, 'HTTP API').locator('.copy-pill');
    await pill.waitFor();
    const address = (await pill.innerText()).trim();
    await fetch(`http://${address}/rows`).then((answer) => answer.text());
    await rowOf(page, 'HTTP API').locator('.row-traffic').waitFor();
    for (const [look, media] of LOOKS) {
      await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
      for (const size of SIZES) {
        await page.setViewportSize(size);
        const where = `${look}, ${size.width} wide`;
        await page.keyboard.press('Escape');
        expect(await seriousProblems(page), where).toEqual([]);
        await page.getByRole('button', { name: 'Details of HTTP API' }).click();
        await details(page).locator('.used-one').first().waitFor();
        expect(await seriousProblems(page), `details, ${where}`).toEqual([]);
        const wider = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        expect(wider, where).toBeLessThanOrEqual(0);
      }
    }
  });
});
