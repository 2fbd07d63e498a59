// Every state of the window in real Chromium, under its own policy: for assistive technology, in three looks, and without a
// breach of that policy.
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWindow, serveWindow } from '../../scripts/lib/window-page.mjs';
import { DOCUMENTED, openState } from '../../scripts/lib/window-state.mjs';
import { windowStates } from '../fixtures/window-states.ts';
import { launchChromium, skipWithoutChromium } from '../support/chromium.ts';

/** What depends on the look is the contrast, of every screen; all else, and their further states, are looked at once. */
const LOOKS = [
  { name: 'light', colorScheme: 'light', forcedColors: 'none', rules: null },
  { name: 'dark', colorScheme: 'dark', forcedColors: 'none', rules: ['color-contrast'] },
  { name: 'forced', colorScheme: 'dark', forcedColors: 'active', rules: ['color-contrast'] },
] as const;

interface Axe {
  run(options: RunOptions): Promise<AxeResults>;
}

let folder = '';
let server: Awaited<ReturnType<typeof serveWindow>>;
let browser: Browser | null = null;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'banyan-states-'));
  await buildWindow(folder);
  server = await serveWindow(folder);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(Object.entries(windowStates))('%s', (state, parts) => {
  const looks = DOCUMENTED.includes(state) ? LOOKS : LOOKS.slice(0, 1);
  it('has no serious problem', async (ctx) => {
    skipWithoutChromium(ctx);
    browser ??= await launchChromium();
    const page = await browser.newPage({
      viewport: { width: 1180, height: 760 },
      reducedMotion: 'reduce',
    });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await openState(page, server.url, parts);
    await page.evaluate(axe.source);
    for (const { name, rules, ...media } of looks) {
      await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
      expect(await problems(page, rules), name).toEqual([]);
    }
    // A window that scrolls as a whole would scroll everything away.
    const { scrollHeight, clientHeight } = await page.evaluate(() => ({
      scrollHeight: document.documentElement.scrollHeight,
      clientHeight: document.documentElement.clientHeight,
    }));
    expect(scrollHeight).toBeLessThanOrEqual(clientHeight);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

async function problems(page: Page, rules: readonly string[] | null): Promise<string[]> {
  const { violations } = await page.evaluate((rules): Promise<AxeResults> => {
    const { axe } = window as unknown as { axe: Axe };
    return axe.run({ resultTypes: ['violations'], ...(rules && { runOnly: [...rules] }) });
  }, rules);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(
        ({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`,
      ),
    );
}
