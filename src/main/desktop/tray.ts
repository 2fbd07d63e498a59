// The tray: a glyph for the state of everything, and a native menu that connects without opening the window.
import {
  app,
  Menu,
  nativeImage,
  nativeTheme,
  Tray,
  type MenuItemConstructorOptions,
} from 'electron';
import path from 'node:path';
import type { Glyph } from '../../shared/model/summary.ts';
import type { Client } from '../client/index.ts';
import type { Log } from '../client/ports.ts';
import { type TrayAction, trayFace, type TrayItem } from './tray-items.ts';

export interface TrayOptions {
  client: Pick<Client, 'snapshot' | 'subscribe'>;
  /** Holds tray-<glyph>-<panel>.png and its @2x. */
  assets: string;
  choose: (action: TrayAction) => void;
  log: Log;
}

/** So often the time that is left is looked at. */
const LOOK_EVERY_MS = 30_000;

/** null where this desktop has no tray; the app then lives as long as its window. */
export function createTray({ client, assets, choose, log }: TrayOptions): Tray | null {
  const image = (glyph: Glyph, panel: Panel) => {
    const icon = nativeImage.createFromPath(path.join(assets, `tray-${glyph}-${panel}.png`));
    icon.setTemplateImage(panel === 'template');
    return icon;
  };
  let tray: Tray;
  try {
    tray = new Tray(image('signed-out', panelNow()));
  } catch (error) {
    log.warn('there is no tray', { error });
    return null;
  }

  let shown = '';
  let waiting = false;
  function draw(): void {
    waiting = false;
    const face = trayFace(client.snapshot(), Date.now());
    const panel = panelNow();
    const text = JSON.stringify({ face, panel });
    // An open menu closes when it is replaced, so only a change replaces it.
    if (text === shown || tray.isDestroyed()) return;
    shown = text;
    tray.setImage(image(face.glyph, panel));
    tray.setToolTip(face.tooltip);
    tray.setContextMenu(Menu.buildFromTemplate(face.items.map((item) => native(item, chosen))));
  }
  function chosen(action: TrayAction): void {
    choose(action);
    // The system has moved the tick already; what was refused must not look done.
    shown = '';
    setImmediate(draw);
  }
  draw();
  // Signals come in bursts; one drawing at the end of a burst is enough.
  client.subscribe(() => {
    if (!waiting) setImmediate(draw);
    waiting = true;
  });
  nativeTheme.on('updated', draw);
  const clock = setInterval(draw, LOOK_EVERY_MS);
  app.on('quit', () => clearInterval(clock));
  tray.on('click', () => choose({ do: 'open-window' }));
  return tray;
}

type Panel = 'light' | 'dark' | 'template';

/** What the icon stands on. macOS colours it itself; GNOME's bar is dark whatever the windows are. */
function panelNow(): Panel {
  if (process.platform === 'darwin') return 'template';
  // A theme that the person has chosen is that of the windows, not of the panel.
  if (nativeTheme.themeSource === 'system') isSystemDark = nativeTheme.shouldUseDarkColors;
  const isDark =
    process.platform === 'win32'
      ? nativeTheme.shouldUseDarkColorsForSystemIntegratedUI
      : isSystemDark || /gnome|unity/i.test(process.env['XDG_CURRENT_DESKTOP'] ?? '');
  return isDark ? 'dark' : 'light';
}

/** When it could last be seen. */
let isSystemDark = false;

function native(item: TrayItem, choose: TrayOptions['choose']): MenuItemConstructorOptions {
  if (item === 'separator') return { type: 'separator' };
  const { label } = item;
  if ('items' in item) return { label, submenu: item.items.map((each) => native(each, choose)) };
  if (!item.action) return { label, enabled: false };
  const { action, isOn } = item;
  const click = (): void => choose(action);
  return isOn === undefined ? { label, click } : { label, click, type: 'checkbox', checked: isOn };
}
