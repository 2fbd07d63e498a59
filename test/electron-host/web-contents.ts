// `WebContents`: one page of Chromium, its preload in an isolated world, and the way between the page and ipcMain.
import type { IpcMainInvokeEvent, WebPreferences, WindowOpenHandlerResponse } from 'electron';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createCodec } from './codec.ts';
import type { DevToolsSession } from './devtools.ts';
import { session } from './fakes.ts';
import { ipcMain } from './ipc.ts';
import { nativeTheme } from './native-theme.ts';
import { linkWorlds, runPreload } from './page-side.ts';
import { devTools, preventable } from './runtime.ts';
import { answerByHandler, isOwnScheme, ownUrl, type PausedRequest, travelUrl } from './scheme.ts';

const WORLD = 'Electron Isolated Context';
const BINDING = 'toElectronHost';
/** Their sources, as they run in the page. */
const [LINK, RUN, CODEC] = [linkWorlds, runPreload, createCodec].map((each) => `(${String(each)})`);
const codec = createCodec();
const all: StandInWebContents[] = [];

type FromPreload =
  | { is: 'invoke' | 'send'; id: number; channel: string; inputs: unknown }
  | { is: 'open'; url: string };

/** Nobody waits for what a page is told that was closed meanwhile. */
const unlessGone = (error: Error): void => {
  if (!error.message.endsWith('Session with given id not found.')) throw error;
};

export class StandInWebContents extends EventEmitter {
  readonly id = all.push(this);
  readonly session = session.defaultSession;
  readonly mainFrame = { url: '', frameTreeNodeId: this.id, parent: null };
  targetId = '';
  readonly #close: () => Promise<unknown>;
  #devTools: DevToolsSession | null = null;
  #preloadContext: number | null = null;
  #isDestroyed = false;
  #zoomLevel = 0;
  /** Set while the host itself navigates: Electron asks nobody then. */
  #loading: string | null = null;
  #onWindowOpen: ((details: { url: string }) => WindowOpenHandlerResponse) | null = null;

  static fromDevToolsTargetId = (targetId: string): StandInWebContents | undefined =>
    all.find((contents) => contents.targetId === targetId);
  static getAllWebContents = (): StandInWebContents[] => all.filter((each) => !each.isDestroyed());

  constructor(close: () => Promise<unknown>) {
    super();
    this.#close = close;
  }

  getURL(): string {
    return this.mainFrame.url;
  }
  isDestroyed(): boolean {
    return this.#isDestroyed;
  }
  markDestroyed(): void {
    this.#isDestroyed = true;
    this.emit('destroyed');
  }
  close(): void {
    void this.#close();
  }
  reload(): void {
    void this.#devTools?.send('Page.reload');
  }
  forcefullyCrashRenderer(): void {
    // Answered by "crashed", which is what was asked for.
    void this.#devTools?.send('Page.crash').catch(() => {});
  }
  setWindowOpenHandler(handler: (details: { url: string }) => WindowOpenHandlerResponse): void {
    this.#onWindowOpen = handler;
  }
  getZoomLevel(): number {
    return this.#zoomLevel;
  }
  /** Kept only: Chromium's own zoom is out of a page's reach. */
  setZoomLevel(level: number): void {
    this.#zoomLevel = level;
  }
  /** Chromium's answer to `prefers-color-scheme`. */
  setColourScheme(value: string): void {
    const features = [{ name: 'prefers-color-scheme', value }];
    void this.#devTools?.send('Emulation.setEmulatedMedia', { features }).catch(unlessGone);
  }
  send(channel: string, ...inputs: unknown[]): void {
    if (this.#isDestroyed) throw new TypeError('Object has been destroyed');
    void this.#tellPreload({ channel, inputs: codec.encode(inputs) });
  }

  async start(size: { width: number; height: number }, preferences: WebPreferences): Promise<void> {
    const { targetId } = await devTools().browser.send<{ targetId: string }>(
      'Target.createTarget',
      { url: 'about:blank', newWindow: true, ...size },
    );
    this.targetId = targetId;
    const follow = (): void =>
      this.setColourScheme(nativeTheme.shouldUseDarkColors ? 'dark' : 'light');
    nativeTheme.on('updated', follow);
    this.once('destroyed', () => nativeTheme.off('updated', follow));
    const page = await devTools().attach(targetId);
    this.#devTools = page;
    this.#listen(page);
    follow();
    // In this order, and without waiting for each.
    await Promise.all([
      page.send('Page.enable'),
      page.send('Runtime.enable'),
      page.send('Inspector.enable'),
      page.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
      ...(preferences.preload ? addPreload(page, preferences.preload) : []),
    ]);
  }

  async load(url: string): Promise<void> {
    if (this.#isDestroyed) throw new Error(`ERR_FAILED (-2) loading '${url}'`);
    const done = new Promise((resolve) => {
      this.once('did-finish-load', resolve).once('render-process-gone', resolve);
    });
    this.#loading = url;
    const answer = await this.#devTools?.send<{ errorText?: string }>('Page.navigate', {
      url: travelUrl(url),
    });
    this.#loading = null;
    if (answer?.errorText) throw new Error(`${answer.errorText} loading '${url}'`);
    await done;
  }

  #listen(page: DevToolsSession): void {
    page.on('Runtime.executionContextCreated', ({ context: { id, name, auxData } }) => {
      if (name === WORLD && auxData?.frameId === this.targetId) this.#preloadContext = id;
    });
    page.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name !== BINDING || executionContextId !== this.#preloadContext) return;
      void this.#fromPreload(JSON.parse(payload) as FromPreload);
    });
    page.on('Page.frameNavigated', ({ frame: { parentId, url } }) => {
      if (!parentId) this.mainFrame.url = ownUrl(url);
    });
    page.on('Inspector.targetCrashed', () => {
      this.#preloadContext = null;
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 });
    });
    page.on('Page.domContentEventFired', () => this.emit('dom-ready'));
    page.on('Page.loadEventFired', () => this.emit('did-finish-load'));
    page.on('Page.windowOpen', ({ url }) => this.#mayOpen(url));
    page.on(
      'Fetch.requestPaused',
      (paused: PausedRequest) => void this.#onRequest(page, paused).catch(unlessGone),
    );
  }

  /** Electron asks before there is a window. What it refuses is refused here too, and nothing else can be done. */
  #mayOpen(url: string): void {
    if (this.#onWindowOpen?.({ url: ownUrl(url) }).action === 'deny') return;
    process.stderr.write(`electron-host: child windows are not emulated: ${url}\n`);
    process.exit(1);
  }

  async #onRequest(page: DevToolsSession, paused: PausedRequest): Promise<void> {
    const { requestId, frameId, resourceType, request } = paused;
    const url = ownUrl(request.url);
    if (resourceType === 'Document' && url !== this.#loading) {
      const event = preventable({ url, isMainFrame: frameId === this.targetId });
      this.emit('will-frame-navigate', event);
      if (event.defaultPrevented) {
        await page.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
        return;
      }
    }
    if (isOwnScheme(url)) await answerByHandler(paused, page);
    else await page.send('Fetch.continueRequest', { requestId });
  }

  async #fromPreload(message: FromPreload): Promise<void> {
    if (message.is === 'open') return this.#mayOpen(message.url);
    const { is, id, channel, inputs } = message;
    const event = { sender: this, senderFrame: this.mainFrame, processId: 1, frameId: 1 };
    const decoded = codec.decode(inputs) as unknown[];
    if (is === 'send') {
      ipcMain.emit(channel, event, ...decoded);
      return;
    }
    try {
      const value = await ipcMain.invoke(channel, event as unknown as IpcMainInvokeEvent, decoded);
      await this.#tellPreload({ id, value: codec.encode(value) });
    } catch (error) {
      const text = `Error invoking remote method '${channel}': ${String(error)}`;
      await this.#tellPreload({ id, error: text });
    }
  }

  async #tellPreload(message: object): Promise<void> {
    if (this.#preloadContext === null) return;
    const call = `fromElectronHost(${JSON.stringify(message)})`;
    // A page that is just being left cannot be told anything any more.
    await this.#devTools
      ?.send('Runtime.evaluate', { contextId: this.#preloadContext, expression: call })
      .catch(() => {});
  }

  /** "Copy" works only where the app has granted it, as in Electron. */
  async grantClipboard(): Promise<void> {
    if (!session.mayCopy(this)) return;
    await devTools().browser.send('Browser.grantPermissions', {
      origin: new URL(travelUrl(this.getURL())).origin,
      permissions: ['clipboardSanitizedWrite'],
    });
  }
}

function addPreload(page: DevToolsSession, file: string): Promise<unknown>[] {
  const key = JSON.stringify(randomUUID());
  const add = (source: string, world: object = {}): Promise<unknown> =>
    page.send('Page.addScriptToEvaluateOnNewDocument', {
      source: `if (self === top) { ${source} }`,
      ...world,
    });
  const watcher = process.env['ELECTRON_HOST_PAGE_SCRIPT'];
  return [
    // Whoever measures sees the page from its first moment on.
    ...(watcher ? [add(readFileSync(watcher, 'utf8'))] : []),
    page.send('Runtime.addBinding', { name: BINDING, executionContextName: WORLD }),
    add(`${LINK}(${key}, 'page', 'preload')`),
    add(
      `const send = globalThis.${BINDING}; delete globalThis.${BINDING};
       ${RUN}(${LINK}(${key}, 'preload', 'page'), ${CODEC}(), send,
         function (require, module, exports, process) { ${readFileSync(file, 'utf8')}\n })`,
      { worldName: WORLD },
    ),
  ];
}
