// What a person would see or the system would say, recorded instead, so that tests can look at it and fire it.
import type {
  Dialog,
  MenuItemConstructorOptions,
  NativeImage,
  NotificationConstructorOptions,
  Screen,
  Shell,
} from 'electron';
import { EventEmitter } from 'node:events';

class StandInMenu {
  readonly items: MenuItemConstructorOptions[];
  constructor(items: MenuItemConstructorOptions[] = []) {
    this.items = items;
  }
  static buildFromTemplate = (items: MenuItemConstructorOptions[]): StandInMenu =>
    new StandInMenu(items);
  static setApplicationMenu(menu: StandInMenu | null): void {
    standIn.menu = menu;
  }
}

class StandInImage {
  readonly file: string;
  constructor(file: string) {
    this.file = file;
  }
  setTemplateImage(): void {}
  isEmpty(): boolean {
    return this.file === '';
  }
}

class StandInTray extends EventEmitter {
  image: StandInImage;
  tooltip = '';
  menu: StandInMenu | null = null;
  constructor(image: StandInImage) {
    super();
    this.image = image;
    standIn.trays.push(this);
  }
  setImage(image: StandInImage): void {
    this.image = image;
  }
  setToolTip(tooltip: string): void {
    this.tooltip = tooltip;
  }
  setContextMenu(menu: StandInMenu | null): void {
    this.menu = menu;
    standIn.trayDrawings.push({ at: Date.now(), ticks: standIn.trayTicks() });
  }
  isDestroyed(): boolean {
    return false;
  }
  destroy(): void {}
}

class StandInNotification extends EventEmitter {
  readonly options: NotificationConstructorOptions;
  constructor(options: NotificationConstructorOptions = {}) {
    super();
    this.options = options;
  }
  static isSupported = (): boolean => true;
  show(): void {
    standIn.notifications.push(this);
  }
}

type CheckHandler = (
  contents: unknown,
  permission: string,
  origin: string,
  details: object,
) => boolean;
type RequestHandler = (
  contents: unknown,
  permission: string,
  answer: (granted: boolean) => void,
  details: { requestingUrl: string },
) => void;

/** Permissions are Chromium's to ask for; the stand-in asks for the one that the app grants. */
class StandInSession extends EventEmitter {
  check: CheckHandler = () => true;
  request: RequestHandler = (_contents, _permission, answer) => answer(true);
  setPermissionCheckHandler(handler: CheckHandler): void {
    this.check = handler;
  }
  setPermissionRequestHandler(handler: RequestHandler): void {
    this.request = handler;
  }
  setDevicePermissionHandler(): void {}
}

const defaultSession = new StandInSession();
export const session = {
  defaultSession,
  mayCopy(contents: { getURL(): string }): boolean {
    const permission = 'clipboard-sanitized-write';
    const requestingUrl = contents.getURL();
    let granted = false;
    defaultSession.request(contents, permission, (answer) => (granted = answer), { requestingUrl });
    return granted && defaultSession.check(contents, permission, requestingUrl, {});
  },
};

/** For tests: `app.evaluate(({ standIn }) => standIn.opened)`. Electron has no such thing. */
export const standIn = {
  /** When the app was told that Electron is ready; milliseconds since the epoch. */
  readyAt: 0,
  trays: [] as StandInTray[],
  /** Every menu that a tray was given: when, in milliseconds since the epoch, and what is ticked in it. */
  trayDrawings: [] as { at: number; ticks: string[] }[],
  menu: null as StandInMenu | null,
  notifications: [] as StandInNotification[],
  dialogs: [] as { title: string; content: string }[],
  /** What was asked, and which button the person presses next time. */
  questions: [] as string[],
  answer: 0,
  copied: [] as string[],
  displays: [{ workArea: { x: 0, y: 0, width: 1280, height: 800 } }],
  /** Addresses given to the system's browser. */
  opened: [] as string[],
  /** Chooses an item of the tray's menu, or of one of its submenus, by its label. */
  chooseInTray(label: string): void {
    const item = trayItems().find((each) => each.label === label && each.enabled !== false);
    if (!item?.click) throw new Error(`the tray offers no "${label}"`);
    (item.click as () => void)();
  },
  /** Chooses an item of the app's menu by its label. */
  chooseInMenu(label: string): void {
    const item = within(standIn.menu?.items ?? []).find((each) => each.label === label);
    if (!item?.click) throw new Error(`the menu offers no "${label}"`);
    (item.click as () => void)();
  },
  trayLabels: (): string[] => trayItems().map(({ label }) => label ?? '-'),
  trayTicks: (): string[] =>
    trayItems().flatMap((item) => (item.checked ? (item.label ?? '') : [])),
  clickNotification(title: string): void {
    standIn.notifications.findLast(({ options }) => options.title === title)?.emit('click');
  },
  trayImage: (): string => standIn.trays.at(-1)?.image.file ?? '',
};

const within = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
  items.flatMap((item) => [item, ...within(Array.isArray(item.submenu) ? item.submenu : [])]);

function trayItems(): MenuItemConstructorOptions[] {
  return within(standIn.trays.flatMap(({ menu }) => menu?.items ?? []));
}

export const dialog = {
  showErrorBox(title: string, content: string): void {
    standIn.dialogs.push({ title, content });
    process.stderr.write(`electron-host: dialog: ${title}: ${content}\n`);
  },
  // Electron's own has a second form, with a window first; the app does not use it.
  showMessageBox: ((options: Electron.MessageBoxOptions) => {
    standIn.questions.push(`${options.message} ${options.detail ?? ''}`);
    return Promise.resolve({ response: standIn.answer, checkboxChecked: false });
  }) as Dialog['showMessageBox'],
} satisfies Partial<Dialog>;

export const shell = {
  openExternal(url: string): Promise<void> {
    standIn.opened.push(url);
    return Promise.resolve();
  },
} satisfies Partial<Shell>;

export const nativeImage = {
  createFromPath: (file: string) => new StandInImage(file),
  createEmpty: () => new StandInImage(''),
};
nativeImage.createEmpty() satisfies Pick<NativeImage, 'isEmpty'>;

export const clipboard = {
  writeText(text: string): void {
    standIn.copied.push(text);
  },
};

/** One display; tests make it another. */
export const screen = {
  getAllDisplays: () => standIn.displays as Electron.Display[],
} satisfies Partial<Screen>;

/** Tests fire `suspend`, `resume` and the like on it. */
export const powerMonitor = new EventEmitter();

export { StandInMenu, StandInNotification, StandInTray };
