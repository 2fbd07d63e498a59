// Whether this desktop shows tray icons at all. Electron makes a tray without a word where nobody will ever see it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WITHIN_MS = 1_000;
/** Whoever owns it shows the icons: KDE and others by themselves, GNOME by an extension (AppIndicator). */
const WATCHER = 'org.kde.StatusNotifierWatcher';
const BUS = 'org.freedesktop.DBus';
const ASK = `${BUS}.NameHasOwner`;
const AT = '/org/freedesktop/DBus';

/** Ask the bus whether a name has an owner; one of them is on every desktop. */
const asking = (name: string): readonly (readonly [program: string, ...inputs: string[]])[] => [
  ['busctl', '--user', 'call', BUS, AT, BUS, 'NameHasOwner', 's', name],
  ['gdbus', 'call', '--session', '--dest', BUS, '--object-path', AT, '--method', ASK, name],
];

/**
 * Never rejects. Where nobody can say it, there is one: closing the window then hides it, and starting the app again shows it.
 */
export async function hasTray(platform = process.platform, watcher = WATCHER): Promise<boolean> {
  if (platform !== 'linux') return true;
  for (const [program, ...inputs] of asking(watcher)) {
    try {
      const { stdout } = await run(program, inputs, { timeout: WITHIN_MS });
      if (/\bfalse\b/.test(stdout)) return false;
      if (/\btrue\b/.test(stdout)) return true;
    } catch {
      // Not installed, or no bus: the next one may know.
    }
  }
  return true;
}
