// The tab as most people get it: a browser is given the launch file, a `file:` page, and is forwarded. Only a real
// browser says what it then sends; one that was refused here was refused everywhere.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { startWebHost } from '../../src/main/web/index.ts';
import type { Handlers, Snapshot } from '../../src/shared/ipc/contract.ts';
import { aFreshSnapshot, aSnapshot } from '../fixtures/snapshots.ts';
import { recordingLog } from '../fakes/recording-log.ts';
import { launchChromium, skipWithoutChromium } from '../support/chromium.ts';

beforeAll(() => ensureBuild(), 120_000);

async function launched(ctx: TestContext, snapshot: Snapshot) {
  skipWithoutChromium(ctx);
  const home = await mkdtemp(path.join(tmpdir(), 'banyan-launch-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const host = await startWebHost({
    client: {
      handlers: { 'app.snapshot': () => Promise.resolve(snapshot) } as unknown as Handlers,
      subscribe: () => () => {},
    },
    rendererFolder: path.resolve('out/renderer'),
    home,
    log: recordingLog(),
  });
  onTestFinished(() => host.stop());
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const launch = pathToFileURL(await host.launchFile()).href;
  const page = await browser.newPage();
  await page.goto(launch);
  return { browser, launch, page };
}

it('opens the window from the launch file once, and keeps it over a reload', async (ctx) => {
  const { browser, launch, page } = await launched(ctx, aFreshSnapshot());
  await page.getByRole('textbox').first().waitFor();
  expect(page.url()).not.toContain('key=');
  await page.reload();
  await page.getByRole('textbox').first().waitFor();

  const second = await (await browser.newContext()).newPage();
  await second.goto(launch);
  await second.getByText('This link has been used').waitFor();
});

it('Back and Forward walk its pages, a reload stays on one, and no entry holds the key', async (ctx) => {
  const { page } = await launched(ctx, aSnapshot());
  const shown = (title: string) => page.getByRole('heading', { level: 1, name: title }).waitFor();
  await shown('Services');
  const first = page.url();
  await page.getByRole('button', { name: 'Activity' }).click();
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.reload();
  await shown('Settings');
  await page.goBack();
  await shown('Activity');
  await page.goBack();
  await shown('Services');
  await page.goForward();
  await shown('Activity');
  expect(page.url()).toBe(first);
  expect(first).not.toContain('key=');
});
