// The updater of the app that runs: what it was built with, and what hinders it.
import { app } from 'electron';
import { productName, updates } from '../../../../package.json';
import { ElectronAppAdapter } from 'electron-updater/out/ElectronAppAdapter';
import type { Log, Updater } from '../../client/ports.ts';
import type { UpdateHindrance } from '../../../shared/model/updates.ts';
import { askToRestart } from '../ask-to-quit.ts';
import { updateHindrance } from './hindrance.ts';
import { createUpdater } from './updater.ts';

export function desktopUpdater(log: Log): Updater {
  const hindrance = whatHinders();
  if (hindrance) return hindered(hindrance);
  return createUpdater({
    app: new ElectronAppAdapter(),
    platform: process.platform,
    source: {
      // What the list names is beside it.
      address: updates.feed.replace(/\/*$/, '/'),
      key: updates.key,
      file: feedFile(process.platform, process.arch),
    },
    ask: askToRestart,
    makeWay: () => app.releaseSingleInstanceLock(),
    log,
  });
}

function whatHinders(): UpdateHindrance | null {
  if (!app.isPackaged) return 'unpackaged';
  const { platform, env: environment, execPath: program, resourcesPath: resources } = process;
  const installed = updateHindrance({ platform, environment, program, resources, productName });
  return installed ?? (updates.feed === '' || updates.key === '' ? 'no-feed' : null);
}

/** As electron-builder calls the list of each system. */
function feedFile(platform: NodeJS.Platform, arch: string): string {
  if (platform === 'darwin') return 'latest-mac.yml';
  if (platform === 'win32') return 'latest.yml';
  return arch === 'x64' ? 'latest-linux.yml' : `latest-linux-${arch}.yml`;
}

const refuse = (): Promise<never> => Promise.reject(new Error('this app cannot replace itself'));

const hindered = (hindrance: UpdateHindrance): Updater => ({
  hindrance,
  source: null,
  offered: refuse,
  download: refuse,
  takeAtQuit: () => {},
  restart: refuse,
});
