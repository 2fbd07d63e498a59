// Every state of the window in a browser tab of the real web host, with a client that answers by heart; and those that only a tab
// has, as its host goes away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { statesSay } from '../fixtures/states-say.ts';
import { listOfStates } from '../fixtures/window-states.ts';
import { seriousProblems } from '../support/accessibility.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { openTabByHeart, type WindowHost } from '../support/window-hosts.ts';

let host: WindowHost | null = null;
beforeAll(() => ensureBuild(), 120_000);
afterAll(() => host?.stop());

describe.each(listOfStates)('%s', (name, state) => {
  it('says what it has to', async (ctx) => {
    skipWithoutChromium(ctx);
    host ??= await openTabByHeart();
    await host.open(state);
    await expect.poll(() => host?.text()).toContain(statesSay[name]);
    if (state.tab) expect(await seriousProblems(host.page)).toEqual([]);
    expect(await host.overflow()).toBeLessThanOrEqual(0);
    expect(host.complaints()).toEqual([]);
  });
});
