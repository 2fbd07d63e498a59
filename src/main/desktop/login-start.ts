// Starting when the person signs in to the computer: Electron does it on macOS and Windows, a file does it on Linux.
import { app } from 'electron';
import type { LoginStart } from '../client/ports.ts';
import { autostartFile, xdgLoginStart } from '../client/adapters/xdg-autostart.ts';

/** Undefined for a build in some folder: what it would start may be gone tomorrow. */
export function desktopLoginStart(environment: NodeJS.ProcessEnv): LoginStart | undefined {
  if (process.platform === 'linux') {
    // An AppImage is mounted under another path at every start; this is where it is itself.
    const program = environment['APPIMAGE'] ?? process.execPath;
    const command = app.isPackaged ? [program] : [program, app.getAppPath()];
    return xdgLoginStart({ file: autostartFile(environment), command });
  }
  if (!app.isPackaged) return undefined;
  return {
    isOn: () => Promise.resolve(app.getLoginItemSettings().openAtLogin),
    set: (openAtLogin) => Promise.resolve(app.setLoginItemSettings({ openAtLogin })),
  };
}
