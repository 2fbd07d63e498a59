// electron-updater as this app uses it: given a list of versions that was checked, and never asking for one itself.
import {
  type AppUpdater,
  BaseUpdater,
  CancellationToken,
  MacUpdater,
  NsisUpdater,
  Provider,
  type ResolvedUpdateFileInfo,
  type UpdateInfo,
} from 'electron-updater';
import type { AppAdapter } from 'electron-updater/out/AppAdapter';
import type { ProviderRuntimeOptions } from 'electron-updater/out/providers/Provider';
import type { Log, UpdateFeed } from '../../client/ports.ts';
import { WholeAppImageUpdater } from './app-image.ts';
import { Downloads } from './downloads.ts';

export { CancellationToken };

export interface LibraryOptions {
  app: AppAdapter;
  platform: NodeJS.Platform;
  /** What the files of a list are beside. */
  address: string;
  /** The list that counts now. */
  feed: () => UpdateFeed | null;
  log: Log;
}

export interface Library {
  updater: AppUpdater;
  downloads: Downloads;
  /** Where the app itself has to see to it at its end; null where the system does (macOS). */
  installAtQuit: ((startsAgain: boolean) => void) | null;
}

export function loadLibrary({ app, platform, address, feed, log }: LibraryOptions): Library {
  const downloads = new Downloads(() =>
    Math.max(0, ...(feed()?.files ?? []).map(({ size }) => size)),
  );
  const updater = updaterOf(platform, app);
  updater.logger = {
    info: (message: unknown) => log.debug('updates', { message }),
    warn: (message: unknown) => log.info('updates', { message }),
    error: (message: unknown) => log.warn('updates', { message }),
  };
  updater.on('error', () => {}); // each call rejects as well
  updater.autoDownload = false;
  updater.allowDowngrade = false;
  // One file with one signed hash: the maps of a differential download are signed by nobody.
  updater.disableDifferentialDownload = true;
  // Not in its types, though every updater uses it: its own asks Chromium, which knows nothing of the settings.
  Object.assign(updater, { httpExecutor: downloads });
  const isOurs = updater instanceof BaseUpdater;
  updater.autoInstallOnAppQuit = !isOurs;
  updater.setFeedURL({
    provider: 'custom',
    updateProvider: class extends FeedProvider {
      constructor(_options: unknown, _updater: unknown, runtime: ProviderRuntimeOptions) {
        super(address, feed, runtime);
      }
    },
  });
  const installAtQuit = isOurs
    ? (startsAgain: boolean): void => void updater.install(true, startsAgain)
    : null;
  return { updater, downloads, installAtQuit };
}

function updaterOf(platform: NodeJS.Platform, app: AppAdapter): AppUpdater {
  switch (platform) {
    case 'darwin':
      return new MacUpdater(undefined, app);
    case 'win32':
      return new NsisUpdater(undefined, app);
    default:
      return new WholeAppImageUpdater(undefined, app);
  }
}

/** Hands on what the client has checked. */
class FeedProvider extends Provider<UpdateInfo> {
  readonly #address: string;
  readonly #feed: () => UpdateFeed | null;

  constructor(address: string, feed: () => UpdateFeed | null, runtime: ProviderRuntimeOptions) {
    super(runtime);
    this.#address = address;
    this.#feed = feed;
  }

  override getLatestVersion(): Promise<UpdateInfo> {
    const feed = this.#feed();
    if (!feed) return Promise.reject(new Error('nothing was offered yet'));
    const [first] = feed.files;
    const { stagingPercentage, minimumSystemVersion, ...facts } = feed;
    return Promise.resolve({
      ...facts,
      files: [...feed.files],
      path: first?.url ?? '',
      sha512: first?.sha512 ?? '',
      ...(stagingPercentage !== undefined && { stagingPercentage }),
      ...(minimumSystemVersion !== undefined && { minimumSystemVersion }),
    });
  }

  override resolveFiles({ files }: UpdateInfo): ResolvedUpdateFileInfo[] {
    return files.map((info) => ({ url: new URL(info.url, this.#address), info }));
  }
}
