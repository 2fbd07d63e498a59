// The tray: a glyph for the state of everything, and a native menu that connects without opening the window.
import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron';
import path from 'node:path';
import { GLYPHS } from '../../shared/model/summary.ts';
import type { Client } from '../client/index.ts';
import type { Log } from '../client/ports.ts';
import { type TrayAction, trayFace, type TrayItem } from './tray-items.ts';

export interface TrayOptions {
  client: Pick<Client, 'snapshot' | 'subscribe'>;
  /** Holds tray-<glyph>.png and its @2x. */
  assets: string;
  choose: (action: TrayAction) => void;
  log: Log;
}

/** null where this desktop has no tray; the app then lives as long as its window. */
export function createTray({ client, assets, choose, log }: TrayOptions): Tray | null {
  const image = (glyph: string) => {
    const icon = nativeImage.createFromPath(path.join(assets, `tray-${glyph}.png`));
    // On macOS the system colours it to suit the menu bar; shape alone tells the states apart.
    icon.setTemplateImage(true);
    return icon;
  };
  const images = new Map(GLYPHS.map((glyph) => [glyph, image(glyph)]));
  let tray: Tray;
  try {
    tray = new Tray(images.get('idle') ?? nativeImage.createEmpty());
  } catch (error) {
    log.warn('there is no tray', { error });
    return null;
  }

  let shown = '';
  let waiting = false;
  function draw(): void {
    waiting = false;
    const face = trayFace(client.snapshot());
    const text = JSON.stringify(face);
    // An open menu closes when it is replaced, so only a change replaces it.
    if (text === shown || tray.isDestroyed()) return;
    shown = text;
    const icon = images.get(face.glyph);
    if (icon) tray.setImage(icon);
    tray.setToolTip(face.tooltip);
    tray.setContextMenu(Menu.buildFromTemplate(face.items.map((item) => native(item, choose))));
  }
  draw();
  // Signals come in bursts; one drawing at the end of a burst is enough.
  client.subscribe(() => {
    if (!waiting) setImmediate(draw);
    waiting = true;
  });
  tray.on('click', () => choose({ do: 'open-window' }));
  return tray;
}

function native(item: TrayItem, choose: TrayOptions['choose']): MenuItemConstructorOptions {
  if (item === 'separator') return { type: 'separator' };
  const { label, action } = item;
  return action ? { label, click: () => choose(action) } : { label, enabled: false };
}
