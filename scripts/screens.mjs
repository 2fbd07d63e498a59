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

const WIDE = { width: 1180, height: 760 };
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: WIDE },
  { name: 'dark', colorScheme: 'dark', viewport: WIDE },
  { name: 'low', colorScheme: 'light', viewport: { width: 700, height: 600 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 640, height: 760 } },
  { name: 'slim', colorScheme: 'dark', viewport: { width: 420, height: 760 } },
  { name: 'forced', colorScheme: 'dark', viewport: WIDE, forcedColors: 'active' },
];
/** Pictures of the documents, by file name under docs/images. */
const PICTURES = {
  'window-services-light': { name: 'services-details', look: 'light' },
  'window-first-launch-dark': { name: 'first-launch-2-device', look: 'dark' },
};

/** Runs in the page before anything else: a client that answers by heart. */
function script({ snapshot, replies, later }) {
  const call = (name) => () =>
    name === 'app.snapshot'
      ? Promise.resolve({ ok: true, value: snapshot })
      : name in replies
        ? Promise.resolve(replies[name])
        : new Promise(() => {});
  const group = (name) => new Proxy({}, { get: (_, verb) => call(`${name}.${String(verb)}`) });
  window.client = {
    ...Object.fromEntries(
      [
        'app',
        'device',
        'organisation',
        'session',
        'settings',
        'activity',
        'diagnostics',
        'catalog',
        'program',
        'service',
        'tunnel',
      ].map((name) => [name, group(name)]),
    ),
    subscribe(listener) {
      for (const [slice, value] of Object.entries(later?.slices ?? {})) {
        setTimeout(listener, 200, `${slice}.changed`, { revision: 1_000, value });
      }
      return () => {};
    },
  };
}

/** The same for a browser tab: the web host answers by heart, or falls silent. */
function tabScript({ snapshot, tab }) {
  const answer = (value, status = 200) => new Response(JSON.stringify(value), { status });
  let heard = false;
  window.fetch = (path, init) => {
    if (path === '/api/session') {
      return Promise.resolve(tab === 'used' ? answer({}, 401) : answer({ bearer: 'bearer' }));
    }
    if (tab === 'gone') return Promise.resolve(answer({}, 401));
    if (path === '/api/signals') {
      if (heard) return Promise.reject(new TypeError('Failed to fetch'));
      heard = true;
      return Promise.resolve(
        new Response(
          new ReadableStream({
            start: (stream) =>
              void (tab === 'interrupted' && setTimeout(() => stream.close(), 200)),
          }),
        ),
      );
    }
    const isSnapshot = JSON.parse(init.body).name === 'app.snapshot';
    return isSnapshot
      ? Promise.resolve(answer({ ok: true, value: snapshot }))
      : new Promise(() => {});
  };
}

async function follow(page, step) {
  const [verb, first, ...rest] = step.split(':');
  const text = rest.join(':');
  if (verb === 'click') await page.getByRole(first, { name: text }).first().click();
  else if (verb === 'fill') await page.getByLabel(first).first().fill(text);
  else if (verb === 'press') await page.keyboard.press(first);
  else if (verb === 'wait') await page.waitForTimeout(Number(first));
  else throw new Error(`unknown step ${step}`);
}

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
    values.docs ? path.join(ROOT, 'docs/images') : (values.out ?? path.join(ROOT, 'out/screens')),
  );
  /** Where this state goes in this look, or null where nobody asked for it. */
  const pictureOf = (name, look) => {
    if (!values.docs) return path.join(out, `${name}-${look}.png`);
    const picture = Object.entries(PICTURES).find(
      ([, wanted]) => wanted.name === name && wanted.look === look,
    );
    return picture ? path.join(out, `${picture[0]}.png`) : null;
  };
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
        const picture = pictureOf(name, look);
        if (!picture) continue;
        const { snapshot, later, tab, replies = {}, steps = [] } = module.windowStates[name];
        const page = await context.newPage();
        const problems = [];
        page.on(
          'console',
          (message) => message.type() === 'error' && problems.push(message.text()),
        );
        page.on('pageerror', (error) => problems.push(error.message));
        if (tab) await page.addInitScript(tabScript, { snapshot, tab });
        else await page.addInitScript(script, { snapshot, replies, later });
        await page.goto(tab ? `${server.url}#key=once` : server.url);
        await page.locator('h1, .progress').first().waitFor();
        for (const step of steps) await follow(page, step);
        await page.waitForTimeout(150);
        const wider = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        if (wider > 0) problems.push(`the page is ${wider}px wider than the window`);
        await page.screenshot({ path: picture });
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
