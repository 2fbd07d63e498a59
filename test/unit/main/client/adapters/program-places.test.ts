import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Installation,
  ownFolders,
  programPlaces,
} from '../../../../../src/main/client/adapters/program-places.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const installation = (change: Partial<Installation>): Installation => ({
  platform: 'linux',
  environment: { HOME: '/home/dana' },
  execPath: '/usr/bin/node',
  isElectron: false,
  folders: [],
  ...change,
});

/** A folder with this program in it. */
function folderWith(name: string): string {
  const folder = tempDir();
  const file = path.join(folder, name);
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  return folder;
}

describe('our banyanproxy', () => {
  it('is the script beside the one that runs, by the same Node', () => {
    const folder = folderWith('banyanproxy.js');
    expect(programPlaces(installation({ folders: [folder] })).banyanproxy).toEqual([
      '/usr/bin/node',
      path.join(folder, 'banyanproxy.js'),
    ]);
  });

  it('is the launcher of a package where there is one', () => {
    const folder = folderWith('banyanproxy');
    const places = programPlaces(installation({ isElectron: true, folders: [folder] }));
    expect(places.banyanproxy).toEqual([path.join(folder, 'banyanproxy')]);
  });

  it('is never run by Electron: it takes the Node of the PATH, or there is none', () => {
    const folder = folderWith('banyanproxy.js');
    const node = folderWith('node');
    const electron = { isElectron: true, execPath: '/opt/electron', folders: [folder] };
    const PATH = `relative${path.delimiter}${node}`;
    expect(programPlaces(installation({ ...electron, environment: { PATH } })).banyanproxy).toEqual(
      [path.join(node, 'node'), path.join(folder, 'banyanproxy.js')],
    );
    expect(programPlaces(installation(electron)).banyanproxy).toBeNull();
  });

  it('is run by the Node of the package, where that has one and no launcher', () => {
    const folder = folderWith('banyanproxy.js');
    writeFileSync(path.join(folder, 'node'), '', { mode: 0o755 });
    const places = programPlaces(installation({ isElectron: true, folders: [folder] }));
    expect(places.banyanproxy).toEqual([
      path.join(folder, 'node'),
      path.join(folder, 'banyanproxy.js'),
    ]);
  });

  it('is found where a link to the script leads', () => {
    const folder = folderWith('banyan.js');
    const link = path.join(tempDir(), 'banyan');
    symlinkSync(path.join(folder, 'banyan.js'), link);
    expect(ownFolders(link)).toEqual([folder]);
    expect(ownFolders('/nonexistent')).toEqual([]);
  });
});

describe('downloads', () => {
  it.each([
    ['XDG_DOWNLOAD_DIR="$HOME/Téléchargements"\n', 'Téléchargements'],
    ['# XDG_DOWNLOAD_DIR="$HOME/x"\n', 'Downloads'],
    ['XDG_DOWNLOAD_DIR="relative"\n', 'Downloads'],
    ['', 'Downloads'],
  ])('by %j are in %s', (content, name) => {
    const HOME = tempDir();
    mkdirSync(path.join(HOME, '.config'));
    writeFileSync(path.join(HOME, '.config', 'user-dirs.dirs'), content);
    const places = programPlaces(installation({ environment: { HOME } }));
    expect(places.downloads()).toBe(path.join(HOME, name));
  });
});
