// An AppImage that is replaced whole or not at all. electron-updater removes the old one first: with a full disk, nothing is left.
import { AppImageUpdater } from 'electron-updater';
import type { InstallOptions } from 'electron-updater/out/BaseUpdater';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';

export class WholeAppImageUpdater extends AppImageUpdater {
  /** At the app's end, so nothing in here may wait. What is thrown is told in the log, and this version goes on. */
  protected override doInstall({ isForceRunAfter }: InstallOptions): boolean {
    const image = process.env['APPIMAGE'];
    const newer = this.installerPath;
    if (image === undefined || newer === null) throw new Error('nothing to be installed');
    const beside = `${image}.new`;
    rmSync(beside, { force: true }); // of an end that was cut off
    try {
      // Apps lie in folders of others, too: a link that is there would be written through.
      copyFileSync(newer, beside, constants.COPYFILE_EXCL);
      chmodSync(beside, 0o755);
      sync(beside);
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

/** Else a computer that loses its power may keep the new name and lose what is in it. */
function sync(file: string): void {
  const open = openSync(file, 'r+');
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}
