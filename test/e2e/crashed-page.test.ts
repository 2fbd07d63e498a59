// The page of the window is the one part that may crash without anything being lost.
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { skipWithoutChromium } from '../support/chromium.ts';
import { openDesktopApp } from '../support/shown-app.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

it('draws a crashed page again, and closes one that crashes at once again', async (ctx) => {
  skipWithoutChromium(ctx);
  const app = await openDesktopApp();
  onTestFinished(() => app.stop());
  const { electron, page } = app;
  await page.getByRole('textbox', { name: 'Invite' }).waitFor();
  await electron.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    contents?.once('did-finish-load', () => Object.assign(globalThis, { isDrawnAgain: true }));
    contents?.forcefullyCrashRenderer();
  });
  await until(() => electron.evaluate(() => 'isDrawnAgain' in globalThis));
  expect(await electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(
    1,
  );

  await electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
  );
  await until(() =>
    electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length === 0),
  );
});
