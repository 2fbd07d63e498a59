// The client's updater by electron-updater, which knows how a package of each system is replaced.
import type { AppAdapter } from 'electron-updater/out/AppAdapter';
import { AppError } from '../../../shared/errors.ts';
import type { Log, UpdateFeed, Updater, UpdateSource } from '../../client/ports.ts';
import type { Library } from './library.ts';

export interface UpdaterOptions {
  app: AppAdapter;
  platform: NodeJS.Platform;
  source: UpdateSource;
  /** A yes of the person, where so many services are connected. */
  ask: (connected: number, version: string) => Promise<boolean>;
  /** Before the newer one is started: it must not find this one in its way. */
  makeWay: () => void;
  log: Log;
}

export function createUpdater(options: UpdaterOptions): Updater {
  const { app, platform, source, ask, makeWay, log } = options;
  let feed: UpdateFeed | null = null;
  /** Read when it is first needed: half a megabyte that no start waits for. */
  let loading: Promise<Library> | null = null;
  let downloaded: Library | null = null;
  let isTaken = false;
  let startsAgain = false;

  async function load(): Promise<Library> {
    const { loadLibrary } = await import('./library.ts');
    return loadLibrary({ app, platform, address: source.address, feed: () => feed, log });
  }
  const library = (): Promise<Library> => (loading ??= load());

  app.onQuit((code) => {
    if (code !== 0 || !downloaded?.installAtQuit) return;
    if (!isTaken && !startsAgain) return;
    makeWay();
    downloaded.installAtQuit(startsAgain);
  });

  return {
    hindrance: null,
    source,
    async offered(given) {
      feed = given;
      const found = await (await library()).updater.checkForUpdates();
      return found?.isUpdateAvailable ? found.updateInfo.version : null;
    },
    async download({ agent, signal, onShare }) {
      const loaded = await library();
      const { updater, downloads } = loaded;
      const { CancellationToken } = await import('./library.ts');
      const token = new CancellationToken();
      const cancel = (): void => token.cancel();
      const progressed = ({ percent }: { percent: number }): void => onShare(percent / 100);
      downloads.agent = agent;
      updater.on('download-progress', progressed);
      signal.addEventListener('abort', cancel);
      try {
        await updater.downloadUpdate(token);
        downloaded = loaded;
      } catch (error) {
        if (!signal.aborted) throw translate(error);
      } finally {
        signal.removeEventListener('abort', cancel);
        updater.off('download-progress', progressed);
      }
    },
    takeAtQuit(isWanted) {
      isTaken = isWanted;
    },
    async restart(connected, version) {
      if (!downloaded || !(await ask(connected, version))) return;
      startsAgain = true;
      if (downloaded.installAtQuit) app.quit();
      else downloaded.updater.quitAndInstall();
    },
  };
}

function translate(error: unknown): AppError {
  const isDamaged =
    error instanceof Error && 'code' in error && error.code === 'ERR_CHECKSUM_MISMATCH';
  return isDamaged
    ? new AppError(
        'updates/download-damaged',
        'What was downloaded is not what the signed list of versions says.',
        { cause: error },
      )
    : new AppError('updates/download-failed', 'The newer version could not be downloaded.', {
        cause: error,
      });
}
