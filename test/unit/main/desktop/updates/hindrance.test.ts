import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Installed,
  updateHindrance,
} from '../../../../../src/main/desktop/updates/hindrance.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

function installed(
  change: Partial<Installed> & { files?: Record<string, string> } = {},
): Installed {
  const { files = {}, ...rest } = change;
  const folder = tempDir();
  mkdirSync(path.join(folder, 'resources'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return {
    platform: 'linux',
    environment: {},
    program: path.join(folder, 'banyan'),
    resources: path.join(folder, 'resources'),
    productName: 'Banyan',
    ...rest,
  };
}

describe('what hinders an app to replace itself', () => {
  it.each(['deb', 'rpm'])('is the package manager that has installed a %s', (type) => {
    const files = { 'resources/package-type': `${type}\n` };
    expect(updateHindrance(installed({ files }))).toBe(type);
  });

  it('is nobody, for a folder that was unpacked: nobody knows what belongs to it', () => {
    expect(updateHindrance(installed())).toBe('folder');
  });

  it('is nothing, for an AppImage that may be written', () => {
    const image = path.join(tempDir(), 'Banyan.AppImage');
    writeFileSync(image, '');
    // It is one also where the package beside it was made for another kind.
    const files = { 'resources/package-type': 'deb' };
    expect(updateHindrance(installed({ files, environment: { APPIMAGE: image } }))).toBeNull();
  });

  it('is who may not write where an AppImage is, or that it is gone', () => {
    const environment = { APPIMAGE: path.join(tempDir(), 'gone', 'Banyan.AppImage') };
    expect(updateHindrance(installed({ environment }))).toBe('read-only');
  });

  it('is the msi on Windows, which has no uninstaller beside the app; never on macOS', () => {
    expect(updateHindrance(installed({ platform: 'win32' }))).toBe('msi');
    const files = { 'Uninstall Banyan.exe': '' };
    expect(updateHindrance(installed({ platform: 'win32', files }))).toBeNull();
    expect(updateHindrance(installed({ platform: 'darwin' }))).toBeNull();
  });
});
