// Every state of the window in the desktop app, with a client that answers by heart: for assistive technology, in three looks, and
// without a breach of its policy. Electron itself where it can be had, else real Chromium under its stand-in.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { statesSay } from '../fixtures/states-say.ts';
import { documentedStates, listOfStates, windowStates } from '../fixtures/window-states.ts';
import { seriousProblems } from '../support/accessibility.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { type DesktopByHeart, openDesktopByHeart } from '../support/window-hosts.ts';

/** What depends on the look is the contrast, of every screen; all else, and their further states, are looked at once. */
const LOOKS = [
  { name: 'light', colorScheme: 'light', forcedColors: 'none', rules: undefined },
  { name: 'dark', colorScheme: 'dark', forcedColors: 'none', rules: ['color-contrast'] },
  { name: 'forced', colorScheme: 'dark', forcedColors: 'active', rules: ['color-contrast'] },
] as const;

let host: DesktopByHeart | null = null;
beforeAll(() => ensureBuild(), 120_000);
afterAll(() => host?.stop());

const ofDesktop = listOfStates.filter(([, { tab }]) => tab === undefined);

describe.each(ofDesktop)('%s', (name, state) => {
  const looks = documentedStates.includes(name) ? LOOKS : LOOKS.slice(0, 1);
  it('says what it has to, to everybody', async (ctx) => {
    skipWithoutChromium(ctx);
    host ??= await openDesktopByHeart();
    const { page, complaints } = host;
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await host.open(state);
    await expect.poll(() => host?.text()).toContain(statesSay[name]);
    for (const { name: look, rules, ...media } of looks) {
      await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
      const scheme = `(prefers-color-scheme: ${media.colorScheme})`;
      expect(await page.evaluate((query) => matchMedia(query).matches, scheme)).toBe(true);
      expect(await seriousProblems(page, rules), look).toEqual([]);
    }
    expect(await host.overflow()).toBeLessThanOrEqual(0);
    expect(complaints()).toEqual([]);
  });
});

describe('the tray', () => {
  it.for([
    ['sign-in', 'signed-out'],
    ['sign-in-waiting', 'busy'],
    ['services-empty', 'idle'],
    ['services', 'busy'],
    ['services-odd-names', 'connected'],
    ['services-ending', 'attention'],
    ['services-expired', 'attention'],
    ['services-failed', 'error'],
    ['device-revoked', 'error'],
  ] as const)('of %s shows %s', async ([name, glyph], ctx) => {
    skipWithoutChromium(ctx);
    host ??= await openDesktopByHeart();
    if (!host.isStandIn) ctx.skip('the tray of real Electron cannot be read');
    await host.open(windowStates[name]);
    await expect.poll(() => host?.trayImage()).toContain(`tray-${glyph}-`);
  });
});
