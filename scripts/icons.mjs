// Draws the app's icon and the tray glyphs into assets/. Run by hand after a change here: node scripts/icons.mjs
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { ensureBrowser } from './lib/browser.mjs';
import { ROOT } from './lib/prepare.mjs';
import { main, PlainError } from './lib/steps.mjs';

const GREEN = '#0b6b4f';
/** For panels that are light, dark, and those that colour a template themselves (macOS). */
const TRAY_COLOURS = {
  light: { ink: '#0b6b4f', alarm: '#a1310c' },
  dark: { ink: '#f2f5f3', alarm: '#ff9d76' },
  template: { ink: '#000000', alarm: '#000000' },
};
const assets = path.join(ROOT, 'assets');

/** Of the app's icon: what desktops, panels and installers of the three systems ask for. */
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];

/** Apple's names of the sizes that may be PNGs; two of them are for screens of double density. */
const MAC_KINDS = {
  ic07: 128,
  ic08: 256,
  ic09: 512,
  ic10: 1024,
  ic11: 32,
  ic12: 64,
  ic13: 256,
  ic14: 512,
};

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

const arch = (colour, more = '') =>
  `<g fill="none" stroke="${colour}" stroke-width="3.2" stroke-linecap="round" ${more}>${ARCH}</g>`;
/** Room for a sign beside it. */
const smallArch = (colour) =>
  `<g transform="translate(-1 7) scale(0.78)" fill="none" stroke="${colour}" stroke-width="4" stroke-linecap="round">${ARCH}</g>`;

/** Each state has a shape of its own: colour alone is lost on macOS, in high contrast, and on many people. */
const GLYPHS = {
  // The arch is closed: a line goes through it, and what is around the line is cut out.
  'signed-out': ({ ink }) =>
    `<mask id="m"><rect width="32" height="32" fill="#fff" /><path d="M3 4 28 29" stroke="#000" stroke-width="8" /></mask>
     <g mask="url(#m)">${arch(ink)}</g><path d="M4 5 27 28" stroke="${ink}" stroke-width="3.2" stroke-linecap="round" />`,
  // The bare arch.
  idle: ({ ink }) => arch(ink),
  // The arch on its way: drawn in dots.
  busy: ({ ink }) => arch(ink, 'stroke-dasharray="0.1 5.4"'),
  // The arch filled: something goes through it. The tick is cut out, so that it stays where only shape counts.
  connected: ({ ink }) =>
    `<mask id="m"><rect width="32" height="32" fill="#fff" /><path d="M10.5 17.5l4.2 4.2 7.3-8.4" fill="none" stroke="#000" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round" /></mask>
     <path d="M3.5 28.5V16a12.5 12.5 0 0 1 25 0v12.5z" fill="${ink}" mask="url(#m)" />`,
  attention: ({ ink, alarm }) =>
    `${smallArch(ink)}<path d="M28 3v11" stroke="${alarm}" stroke-width="4.6" stroke-linecap="round" /><circle cx="28" cy="21.5" r="2.7" fill="${alarm}" />`,
  error: ({ ink, alarm }) =>
    `${smallArch(ink)}<path d="M21.5 3 29 10.5M29 3l-7.5 7.5" stroke="${alarm}" stroke-width="4" stroke-linecap="round" />`,
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
    await mkdir(path.join(assets, 'icons'), { recursive: true });
    const pictures = new Map();
    for (const size of SIZES) {
      pictures.set(size, await draw(browser, `icons/${size}x${size}.png`, size, ICON(size)));
    }
    await writeFile(path.join(assets, 'icon.ico'), windowsIcon(pictures));
    await writeFile(path.join(assets, 'icon.icns'), macIcon(pictures));
    for (const [name, glyph] of Object.entries(GLYPHS)) {
      for (const [panel, colours] of Object.entries(TRAY_COLOURS)) {
        await draw(browser, `tray-${name}-${panel}.png`, 16, svg(16, glyph(colours)));
        await draw(browser, `tray-${name}-${panel}@2x.png`, 32, svg(32, glyph(colours)));
      }
    }
  } finally {
    await browser.close();
  }
});

/** One file of several pictures, each a PNG: directory, then the pictures. */
function windowsIcon(pictures) {
  const sizes = SIZES.filter((size) => size <= 256);
  let at = 6 + 16 * sizes.length;
  const head = Buffer.from([0, 0, 1, 0, sizes.length, 0]);
  const entries = sizes.map((size) => {
    const entry = Buffer.alloc(16);
    entry.set([size % 256, size % 256, 0, 0, 1, 0, 32, 0]);
    entry.writeUInt32LE(pictures.get(size).length, 8);
    entry.writeUInt32LE(at, 12);
    at += pictures.get(size).length;
    return entry;
  });
  return Buffer.concat([head, ...entries, ...sizes.map((size) => pictures.get(size))]);
}

function macIcon(pictures) {
  const parts = Object.entries(MAC_KINDS).map(([kind, size]) => {
    const head = Buffer.alloc(8);
    head.write(kind);
    head.writeUInt32BE(8 + pictures.get(size).length, 4);
    return Buffer.concat([head, pictures.get(size)]);
  });
  const head = Buffer.alloc(8);
  head.write('icns');
  head.writeUInt32BE(8 + parts.reduce((sum, { length }) => sum + length, 0), 4);
  return Buffer.concat([head, ...parts]);
}

/** @param {import('playwright-core').Browser} browser */
async function draw(browser, name, size, image) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${image}`);
  const picture = await page.screenshot({ path: path.join(assets, name), omitBackground: true });
  await page.close();
  return picture;
}
