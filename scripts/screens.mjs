// `npm run screens -- [--out folder] [--only name,name] [--look name,name]`: pictures of every state of the window, in both themes
// and in narrow windows: the desktop app under its stand-in for Electron, or a browser tab, with a client that answers by heart.
// For looking at, by people. `npm run screens -- --docs` makes the pictures that the documents show.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { ensureBrowser } from './lib/browser.mjs';
import { ensureBuild, ROOT } from './lib/prepare.mjs';
import { main, PlainError } from './lib/steps.mjs';

const WIDE = { width: 1180, height: 760 };
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: WIDE },
  { name: 'dark', colorScheme: 'dark', viewport: WIDE },
  { name: 'low', colorScheme: 'light', viewport: { width: 700, height: 600 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 640, height: 760 } },
  { name: 'slim', colorScheme: 'dark', viewport: { width: 420, height: 760 } },
  { name: 'forced', colorScheme: 'dark', viewport: WIDE, forcedColors: 'active' },
];
const DOCUMENTED_LOOKS = ['light', 'dark'];

await main(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      only: { type: 'string' },
      look: { type: 'string' },
      docs: { type: 'boolean' },
    },
  });
  const found = await ensureBrowser();
  if ('missing' in found) throw new PlainError(`No browser: ${found.missing}.`);
  const out = path.resolve(
    values.docs ? path.join(ROOT, 'docs/screens') : (values.out ?? path.join(ROOT, 'out/screens')),
  );
  await mkdir(out, { recursive: true });
  await ensureBuild();
  process.env.BANYAN_CHROMIUM = found.path;
  const load = async (file) => (await runnerImport(path.join(ROOT, 'test', file))).module;
  const { windowStates, documentedStates } = await load('fixtures/window-states.ts');
  const { openDesktopByHeart, openTabByHeart } = await load('support/window-hosts.ts');
  const isWanted = (name, look) =>
    !values.docs || (documentedStates.includes(name) && DOCUMENTED_LOOKS.includes(look));
  const names = values.only?.split(',') ?? Object.keys(windowStates);
  const desktop = await openDesktopByHeart();
  const tab = await openTabByHeart();
  try {
    for (const { name: look, viewport, ...media } of LOOKS) {
      if (values.look && !values.look.split(',').includes(look)) continue;
      for (const host of [desktop, tab]) await host.page.setViewportSize(viewport);
      for (const name of names) {
        if (!isWanted(name, look)) continue;
        const state = windowStates[name];
        const host = state.tab ? tab : desktop;
        await host.open(state);
        // Afterwards: the app says itself which theme it has.
        await host.page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'none', ...media });
        await host.page.waitForTimeout(150);
        const problems = [...host.complaints()];
        const wider = await host.page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        if (wider > 0) problems.push(`the page is ${wider}px wider than the window`);
        await host.page.screenshot({ path: path.join(out, `${name}-${look}.png`) });
        for (const problem of problems) process.stderr.write(`${name} (${look}): ${problem}\n`);
      }
    }
  } finally {
    await desktop.stop();
    await tab.stop();
  }
  process.stderr.write(`Screens are in ${out}\n`);
});
