// The client's ports in Electron: those of any computer, but for what Electron does better.
import { app, shell } from 'electron';
import { homedir } from 'node:os';
import path from 'node:path';
import { programPlaces } from '../client/adapters/program-places.ts';
import { systemPorts } from '../client/adapters/system-ports.ts';
import type { ClientPorts } from '../client/ports.ts';
import { desktopLoginStart } from './login-start.ts';
import { showNotice } from './notices.ts';
import { desktopUpdater } from './updates/desktop-updater.ts';

/**
 * The client runs before Electron is ready: what needs that waits for it here.
 * @param onNotice a person has clicked on a notification
 */
export const desktopPorts = (home: string, onNotice: () => void): ClientPorts => {
  const system = systemPorts(home);
  return { ...system, ...electronPorts(onNotice), updater: desktopUpdater(system.log) };
};

const electronPorts = (
  onNotice: () => void,
): Pick<ClientPorts, 'programs' | 'browser' | 'notifier' | 'loginStart'> => ({
  ...startsAtLogin(),
  programs: {
    ...programPlaces({
      platform: process.platform,
      environment: process.env,
      execPath: process.execPath,
      isElectron: true,
      folders: [programsFolder()],
    }),
    downloads: () => app.getPath('downloads'),
    async openFile(file) {
      await app.whenReady();
      const problem = await shell.openPath(file);
      if (problem) throw new Error(problem);
    },
  },
  browser: {
    async open(url) {
      const { protocol } = new URL(url);
      // Anything else would start whichever program has claimed the scheme.
      if (protocol !== 'https:' && protocol !== 'http:') throw new Error('not a web page');
      await app.whenReady();
      await shell.openExternal(url);
    },
  },
  notifier: {
    show: (notice) => void app.whenReady().then(() => showNotice(notice, onNotice)),
  },
});

/** A package has its launchers beside the archive, a build has its scripts. */
function programsFolder(): string {
  if (!app.isPackaged) return path.join(app.getAppPath(), 'out', 'bin');
  // An AppImage is mounted somewhere else at every start, and not at all when ssh wants to: what was taken out of it stays.
  return process.env['APPIMAGE'] === undefined
    ? path.join(process.resourcesPath, 'bin')
    : path.join(homedir(), '.local', 'lib', 'banyan', 'bin');
}

function startsAtLogin(): Pick<ClientPorts, 'loginStart'> {
  const loginStart = desktopLoginStart(process.env);
  return loginStart ? { loginStart } : {};
}
