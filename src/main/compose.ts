// What the desktop app is made of, from top to bottom. Runs when Electron is ready.
import { app, powerMonitor } from 'electron';
import path from 'node:path';
import { mayQuit } from '../shared/model/managed.ts';
import { countOpen } from '../shared/model/tunnel.ts';
import type { Client } from './client/index.ts';
import { layout } from './client/settings/layout.ts';
import { serveAppScheme } from './desktop/app-scheme.ts';
import { askToQuit } from './desktop/ask-to-quit.ts';
import { desktopPorts } from './desktop/desktop-ports.ts';
import { endOnce } from './desktop/end-once.ts';
import { hasTray } from './desktop/has-tray.ts';
import { linkIn, type Starts } from './desktop/links.ts';
import { setMenu } from './desktop/menu.ts';
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
  const openWindow = (): void => window.show();
  const ports = desktopPorts(home, openWindow);
  const { log } = ports;
  const showsTray = await hasTray();
  const client = await runClient({
    home,
    ports,
    link: linkIn(process.argv),
    desktop: { hasTray: showsTray },
  });
  endOnce(() => client.stop(), log);
  powerMonitor.on('resume', () => client.wokeUp());
  void client.ended.then(() => app.quit());

  followTheme(client);
  const window = createAppWindow({
    preload: path.join(built, 'preload', 'index.cjs'),
    icon: path.join(assets, 'icon.png'),
    placeFile: layout(home).window,
    askToClose: () => (tray ? null : askWithoutTray(client)),
    log,
  });
  refuseNavigation();
  refusePermissions((contents) => contents !== null && contents === window.contents());
  serveAppScheme(path.join(built, 'renderer'));
  serveWindow({ client, contents: () => window.contents(), log });

  const choose = trayActions({ handlers: client.handlers, openWindow, log });
  const tray = showsTray ? createTray({ client, assets, choose, log }) : null;
  const connectedNow = (): number => countOpen(client.snapshot().slices.tunnels.states);
  const quit = (): void => choose({ do: 'quit', connected: connectedNow() });
  const drawMenu = (): void => setMenu(mayQuit(client.snapshot().slices.managed) ? quit : null);
  drawMenu();
  client.subscribe((name) => {
    if (name === 'managed.changed') drawMenu();
  });
  app.on('window-all-closed', () => {
    if (!tray && mayQuit(client.snapshot().slices.managed)) app.quit();
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

/** The app ends with its only window: with what is connected that is asked, as it is for Quit. */
function askWithoutTray(client: Pick<Client, 'snapshot'>): Promise<boolean> | null {
  const { managed, tunnels } = client.snapshot().slices;
  const connected = countOpen(tunnels.states);
  const why = 'This desktop has no tray: without its window Banyan is not running. ';
  return connected === 0 || !mayQuit(managed) ? null : askToQuit(connected, why);
}
