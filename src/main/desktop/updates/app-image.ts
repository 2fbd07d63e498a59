// An AppImage that is replaced whole or not at all. electron-updater removes the old one first: with a full disk, nothing is left.
import { AppImageUpdater } from 'electron-updater';
import type { InstallOptions } from 'electron-updater/out/BaseUpdater';
import { chmodSync, copyFileSync, renameSync, rmSync } from 'node:fs';

export class WholeAppImageUpdater extends AppImageUpdater {
  /** At the app's end, so nothing in here may wait. What is thrown is told in the log, and this version goes on. */
  protected override doInstall({ isForceRunAfter }: InstallOptions): boolean {
    const image = process.env['APPIMAGE'];
    const newer = this.installerPath;
    if (image === undefined || newer === null) throw new Error('nothing to be installed');
    const beside = `${image}.new`;
    try {
      copyFileSync(newer, beside);
      chmodSync(beside, 0o755);
      renameSync(beside, image);
    } finally {
      rmSync(beside, { force: true });
    }
    rmSync(newer, { force: true });
    // As electron-updater starts it.
    const environment = { ...process.env, APPIMAGE_SILENT_INSTALL: 'true' };
    if (isForceRunAfter) void this.spawnLog(image, [], environment);
    return true;
  }
}
