// The Chromium that tests drive, or why there is none. `npm test` has looked for one and says so in the environment.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import type { TestContext } from 'vitest';

const executablePath = process.env['BANYAN_CHROMIUM'] ?? '/usr/bin/chromium';

export function skipWithoutChromium(ctx: TestContext): void {
  const missing =
    process.env['BANYAN_NO_CHROMIUM'] ??
    (existsSync(executablePath) ? null : `${executablePath} does not exist`);
  if (missing !== null) ctx.skip(`there is no Chromium: ${missing}`);
}

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    // Tests also run as root, in containers; everything that is shown is ours.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
