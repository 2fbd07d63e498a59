// What the desktop app is made of, from top to bottom. Three things that take their time begin at once: Electron, the client
// and the page of the window, which is looked at only when the client is there.
import { app, powerMonitor } from 'electron';
import path from 'node:path';
import { mayQuit } from '../shared/model/managed.ts';
import { countOpen } from '../shared/model/tunnel.ts';
import type { Client } from './client/index.ts';
import type { ClientPorts } from './client/ports.ts';
import { layout } from './client/settings/layout.ts';
import { serveAppScheme } from './desktop/app-scheme.ts';
import { askToQuit } from './desktop/ask-to-quit.ts';
import { desktopPorts } from './desktop/desktop-ports.ts';
import { endOnce } from './desktop/end-once.ts';
import { hasTray } from './desktop/has-tray.ts';
import type { Starts } from './desktop/links.ts';
import { setMenu } from './desktop/menu.ts';
import { refuseNavigation } from './desktop/security/refuse-navigation.ts';
import { refusePermissions } from './desktop/security/refuse-permissions.ts';
import { followTheme } from './desktop/theme.ts';
import { createTray } from './desktop/tray.ts';
import { trayActions } from './desktop/tray-actions.ts';
import { createAppWindow } from './desktop/window.ts';
import { serveWindow } from './desktop/window-transport.ts';
import { type RunningClient, runClient } from './run-client.ts';

export async function compose(home: string, starts: Starts): Promise<void> {
  // By the app's own folder: this file may be built into any other.
  const built = path.join(app.getAppPath(), 'out');
  const assets = path.join(app.getAppPath(), 'assets');
  const ports = desktopPorts(home, () => starts.show());
  const { log } = ports;
  const showsTray = hasTray();
  const starting = startClient(home, ports, showsTray);
  starting.catch(() => {}); // told where it is waited for
  /** Undefined until it is known whether there is one. */
  let tray: ReturnType<typeof createTray> | undefined;

  await app.whenReady();
  const window = createAppWindow({
    preload: path.join(built, 'preload', 'index.cjs'),
    icon: path.join(assets, 'icon.png'),
    placeFile: layout(home).window,
    askToClose: () => (tray === null ? askWithoutTray(client) : null),
    log,
  });
  refuseNavigation();
  refusePermissions((contents) => contents !== null && contents === window.contents());
  serveAppScheme(path.join(built, 'renderer'));
  serveWindow({ starting, contents: () => window.contents(), log });
  app.on('window-all-closed', () => {
    if (tray === null && mayQuit(client.snapshot().slices.managed)) app.quit();
  });
  window.prepare();

  const client = await starting;
  endOnce(() => client.stop(), log);
  powerMonitor.on('resume', () => client.wokeUp());
  void client.ended.then(() => app.quit());
  followTheme(client);
  const openWindow = (): void => window.show();
  const choose = trayActions({ handlers: client.handlers, openWindow, log });
  tray = (await showsTray) ? createTray({ client, assets, choose, log }) : null;
  const connectedNow = (): number => countOpen(client.snapshot().slices.tunnels.states);
  const quit = (): void => choose({ do: 'quit', connected: connectedNow() });
  const drawMenu = (): void => setMenu(mayQuit(client.snapshot().slices.managed) ? quit : null);
  drawMenu();
  client.subscribe((name) => {
    if (name === 'managed.changed') drawMenu();
  });
  const { startHidden } = client.snapshot().slices.settings.values;
  // Without a tray nobody would find it again.
  let staysHidden = startHidden && tray !== null && !starts.wereSeveral();
  // At once for this start, then for every further one.
  starts.showWith((link) => {
    const isHidden = staysHidden && link === undefined;
    staysHidden = false;
    if (isHidden) {
      window.discard();
      return;
    }
    if (link !== undefined) client.openLink(link);
    window.show();
  });
}

/** Before Electron is ready: nothing in it may need that, see `desktopPorts`. */
async function startClient(
  home: string,
  ports: ClientPorts,
  showsTray: Promise<boolean>,
): Promise<RunningClient> {
  return runClient({ home, ports, desktop: { hasTray: await showsTray } });
}

/** The app ends with its only window: with what is connected that is asked, as it is for Quit. */
function askWithoutTray(client: Pick<Client, 'snapshot'>): Promise<boolean> | null {
  const { managed, tunnels } = client.snapshot().slices;
  const connected = countOpen(tunnels.states);
  const why = 'This desktop has no tray: without its window Banyan is not running. ';
  return connected === 0 || !mayQuit(managed) ? null : askToQuit(connected, why);
}
