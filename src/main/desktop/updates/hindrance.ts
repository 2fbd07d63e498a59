// Why an installed app cannot replace itself: somebody else has installed it, or may write where it is.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { UpdateHindrance } from '../../../shared/model/updates.ts';

export interface Installed {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  /** The program that runs. */
  program: string;
  /** Electron's `resources`. */
  resources: string;
  productName: string;
}

export function updateHindrance(installed: Installed): UpdateHindrance | null {
  const { platform, environment, program, resources, productName } = installed;
  switch (platform) {
    case 'darwin':
      return null;
    case 'win32':
      // What nsis installs has its uninstaller beside it; msi has none.
      return existsSync(path.join(path.dirname(program), `Uninstall ${productName}.exe`))
        ? null
        : 'msi';
    default: {
      const image = environment['APPIMAGE'];
      if (image === undefined) return packageOf(resources);
      return isWritable(image) && isWritable(path.dirname(image)) ? null : 'read-only';
    }
  }
}

/** electron-builder writes it into packages. */
function packageOf(resources: string): UpdateHindrance {
  const file = path.join(resources, 'package-type');
  const type = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return type === 'deb' || type === 'rpm' ? type : 'folder';
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false; // whatever the reason, it cannot be replaced
  }
}
