// `npm run screens -- [--out folder] [--only name,name]`: renders every state of the window in headless Chromium,
// without a client behind it, in both themes and in a narrow window. For looking at, by people.
// `npm run screens -- --docs` makes the pictures that the documents show.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { runnerImport } from 'vite';
import { ensureBrowser } from './lib/browser.mjs';
import { ROOT } from './lib/prepare.mjs';
import { main, PlainError } from './lib/steps.mjs';
import { buildWindow, serveWindow } from './lib/window-page.mjs';
import { DOCUMENTED, openState } from './lib/window-state.mjs';

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
  const isWanted = (name, look) =>
    !values.docs || (DOCUMENTED.includes(name) && DOCUMENTED_LOOKS.includes(look));
  const built = await mkdtemp(path.join(os.tmpdir(), 'banyan-screens-'));
  await mkdir(out, { recursive: true });
  await buildWindow(built);
  const { module } = await runnerImport(path.join(ROOT, 'test/fixtures/window-states.ts'));
  const server = await serveWindow(built);

  const browser = await chromium.launch({
    executablePath: found.path,
    args: ['--no-sandbox', '--disable-gpu', '--headless'],
  });
  try {
    const names = values.only?.split(',') ?? Object.keys(module.windowStates);
    for (const { name: look, ...options } of LOOKS) {
      if (values.look && !values.look.split(',').includes(look)) continue;
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
      for (const name of names) {
        if (!isWanted(name, look)) continue;
        const page = await context.newPage();
        const problems = [];
        page.on(
          'console',
          (message) => message.type() === 'error' && problems.push(message.text()),
        );
        page.on('pageerror', (error) => problems.push(error.message));
        await openState(page, server.url, module.windowStates[name]);
        await page.waitForTimeout(150);
        const wider = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        if (wider > 0) problems.push(`the page is ${wider}px wider than the window`);
        await page.screenshot({ path: path.join(out, `${name}-${look}.png`) });
        for (const problem of problems) process.stderr.write(`${name} (${look}): ${problem}\n`);
        await page.close();
      }
      await context.close();
    }
  } finally {
    await browser.close();
    server.stop();
    await rm(built, { recursive: true, force: true });
  }
  process.stderr.write(`Screens are in ${out}\n`);
});
