// The menu of the app. Without one of ours Electron puts its own there: hidden on Windows and Linux, and still with keys that
// quit without a question, reload the page and open its developer tools.
import { Menu, type MenuItemConstructorOptions } from 'electron';

/** `quit`: asks first, where connections would be lost. null: nobody may. */
export function setMenu(quit: (() => void) | null, platform = process.platform): void {
  const mac = platform === 'darwin';
  const leave: MenuItemConstructorOptions[] = quit
    ? [{ label: 'Quit Banyan', accelerator: 'CmdOrCtrl+Q', click: quit }]
    : [];
  const first: MenuItemConstructorOptions = mac
    ? {
        label: 'Banyan',
        submenu: [{ role: 'about' }, { role: 'hide' }, { role: 'hideOthers' }, ...leave],
      }
    : { label: 'File', submenu: [{ role: 'close' }, ...leave] };
  const edit = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'] as const;
  const view = ['resetZoom', 'zoomIn', 'zoomOut', 'togglefullscreen'] as const;
  const window = mac ? (['minimize', 'close'] as const) : (['minimize'] as const);
  const menu = (label: string, roles: readonly MenuItemConstructorOptions['role'][]) => ({
    label,
    submenu: roles.map((role) => ({ role })) as MenuItemConstructorOptions[],
  });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([first, menu('Edit', edit), menu('View', view), menu('Window', window)]),
  );
}
