// Draws the app's icon and the tray glyphs into assets/. Run by hand after a change here: node scripts/icons.mjs
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { ensureBrowser } from './lib/browser.mjs';
import { ROOT } from './lib/prepare.mjs';
import { main, PlainError } from './lib/steps.mjs';

const GREEN = '#0b6b4f';
/** Lighter: panels are dark on one desktop and light on the next. */
const TRAY_GREEN = '#1a936c';
const assets = path.join(ROOT, 'assets');

/** An arch of aerial roots under one crown: many ways down from one tree. On a 32 × 32 grid. */
const ARCH = `<path d="M5 27V16a11 11 0 0 1 22 0v11" /><path d="M12 27V18a4 4 0 0 1 8 0v9" />`;

const mark = (colour, width) =>
  `<g fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round">${ARCH}</g>`;

const svg = (size, content) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 32 32">${content}</svg>`;

const ICON = (size) =>
  svg(
    size,
    `<rect width="32" height="32" rx="7" fill="${GREEN}" />
     <g transform="translate(5.6 4.8) scale(0.65)">${mark('#ffffff', 3.4)}</g>`,
  );

/** Each state has a shape of its own: colour alone is lost on macOS, in high contrast, and on many people. */
const GLYPHS = {
  // The bare arch.
  idle: mark(TRAY_GREEN, 3),
  // The arch on its way: drawn in dashes.
  busy: `<g fill="none" stroke="${TRAY_GREEN}" stroke-width="3" stroke-linecap="round" stroke-dasharray="0.1 5.4">${ARCH}</g>`,
  // The arch filled: something goes through it.
  connected: `<path d="M5 28.5V16a11 11 0 0 1 22 0v12.5z" fill="${TRAY_GREEN}" /><path d="M11 17l4 4 7-8" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" />`,
  // The arch with a mark beside it.
  attention: `<g transform="translate(0 6) scale(0.8)">${mark(TRAY_GREEN, 3.4)}</g><path d="M28 3v11" stroke="#b3421b" stroke-width="4.5" stroke-linecap="round" /><circle cx="28" cy="21" r="2.6" fill="#b3421b" />`,
};

await main(async () => {
  const found = await ensureBrowser();
  if (!('path' in found)) throw new PlainError(found.missing);
  await mkdir(assets, { recursive: true });
  const browser = await chromium.launch({
    executablePath: found.path,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    await writeFile(path.join(assets, 'icon.svg'), `${ICON(512)}\n`);
    await draw(browser, 'icon.png', 512, ICON(512));
    for (const [name, content] of Object.entries(GLYPHS)) {
      await draw(browser, `tray-${name}.png`, 16, svg(16, content));
      await draw(browser, `tray-${name}@2x.png`, 32, svg(32, content));
    }
  } finally {
    await browser.close();
  }
});

/** @param {import('playwright-core').Browser} browser */
async function draw(browser, name, size, picture) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${picture}`);
  await page.screenshot({ path: path.join(assets, name), omitBackground: true });
  await page.close();
}
