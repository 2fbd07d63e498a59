// Opens a page in the person's own browser, without a shell in between.
import { pathToFileURL } from 'node:url';
import type { Browser } from '../ports.ts';
import { startProgram } from './start-program.ts';

/** A starter that still runs after this has a browser in it. */
const SETTLED_AFTER_MS = 2_000;

export function createSystemBrowser(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): Browser {
  return {
    async open(url) {
      const { protocol } = new URL(url);
      if (protocol !== 'https:' && protocol !== 'http:') throw new Error('not a web page');
      await startFirst(starters(platform, environment), url);
    },
  };
}

/** Opens a page of our own; `file:` addresses from anywhere else are refused above. */
export const openOwnPage = (file: string): Promise<void> =>
  startFirst(starters(process.platform, process.env), pathToFileURL(file).href);

/** Hands a file to whatever program the system has for its kind. */
export function openWithSystem(
  file: string,
  platform: NodeJS.Platform,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  // A browser would only save it once more.
  const { BROWSER: _, ...others } = environment;
  return startFirst(starters(platform, others), file);
}

async function startFirst(candidates: readonly Starter[], url: string): Promise<void> {
  let last: unknown = new Error('this computer has no browser');
  for (const [command, ...args] of candidates) {
    try {
      return await startProgram(command, [...args, url], { settledAfterMs: SETTLED_AFTER_MS });
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

type Starter = readonly [string, ...string[]];

function starters(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): readonly Starter[] {
  if (platform === 'darwin') return [['open']];
  // Not `start`, which is a word of cmd.exe and would read "&" in the address.
  if (platform === 'win32') return [['rundll32', 'url.dll,FileProtocolHandler']];
  const own = (environment['BROWSER'] ?? '').split(':').filter(Boolean);
  const wished: Starter[] = own.map((command) => [command]);
  // Without a display xdg-open starts a text browser on our own terminal.
  const display = environment['DISPLAY'] || environment['WAYLAND_DISPLAY'];
  return display ? [...wished, ['xdg-open'], ['gio', 'open']] : wished;
}
