// What the desktop app is made of, from top to bottom. Runs when Electron is ready.
import { app, powerMonitor } from 'electron';
import path from 'node:path';
import { serveAppScheme } from './desktop/app-scheme.ts';
import { desktopPorts } from './desktop/desktop-ports.ts';
import { endOnce } from './desktop/end-once.ts';
import { linkIn, type Starts } from './desktop/links.ts';
import { refuseNavigation } from './desktop/security/refuse-navigation.ts';
import { refusePermissions } from './desktop/security/refuse-permissions.ts';
import { followTheme } from './desktop/theme.ts';
import { createTray } from './desktop/tray.ts';
import { trayActions } from './desktop/tray-actions.ts';
import { createAppWindow } from './desktop/window.ts';
import { serveWindow } from './desktop/window-transport.ts';
import { runClient } from './run-client.ts';

export async function compose(home: string, starts: Starts): Promise<void> {
  // By the app's own folder: this file may be built into any other.
  const built = path.join(app.getAppPath(), 'out');
  const assets = path.join(app.getAppPath(), 'assets');
  const ports = desktopPorts(home);
  const { log } = ports;
  const client = await runClient({ home, ports, link: linkIn(process.argv) });
  endOnce(() => client.stop(), log);
  powerMonitor.on('resume', () => client.wokeUp());
  void client.ended.then(() => app.quit());

  followTheme(client);
  const window = createAppWindow({
    preload: path.join(built, 'preload', 'index.cjs'),
    icon: path.join(assets, 'icon.png'),
    log,
  });
  refuseNavigation();
  refusePermissions((contents) => contents !== null && contents === window.contents());
  serveAppScheme(path.join(built, 'renderer'));
  serveWindow({ client, contents: () => window.contents(), log });

  const openWindow = (): void => window.show();
  const choose = trayActions({ handlers: client.handlers, openWindow, log });
  const tray = createTray({ client, assets, choose, log });
  app.on('window-all-closed', () => {
    if (!tray) app.quit();
  });
  // Without a tray nobody would find it again.
  let staysHidden = tray !== null && client.snapshot().slices.settings.values.startHidden;
  // At once for this start, then for every further one.
  starts.showWith((link) => {
    const isHidden = staysHidden && link === undefined;
    staysHidden = false;
    if (isHidden) return;
    if (link !== undefined) {
      client.openLink(link);
      window.refresh();
    }
    window.show();
  });
}
