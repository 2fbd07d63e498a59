// Where programs of this computer look for what a person has set, and how they start ours.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { ProgramPlaces } from '../ports.ts';
import { isProgram } from './is-program.ts';
import { personFolder } from '../settings/layout.ts';
import { createLauncher } from './launcher.ts';

export interface Installation {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  /** The running program: Node, or the packaged app. */
  execPath: string;
  isElectron: boolean;
  /** Folders that may hold our terminal programs (`banyanproxy` or `banyanproxy.js`), the likeliest first. */
  folders: readonly string[];
}

export const programPlaces = (installation: Installation): ProgramPlaces => ({
  personFolder: personFolder(installation.environment),
  banyanproxy: ownProgram('banyanproxy', installation),
  banyan: ownProgram('banyan', installation) ?? ['banyan'],
  downloads: () => downloads(installation.environment),
  launcher: createLauncher(installation),
});

/** Desktops of Linux call it by the person's language (xdg-user-dirs); the others by this name on disk. */
function downloads(environment: NodeJS.ProcessEnv): string {
  const home = personFolder(environment);
  const config = environment['XDG_CONFIG_HOME'] || path.join(home, '.config');
  const named = /^XDG_DOWNLOAD_DIR="(?:(\$HOME)\/|(?=\/))([^"\n]+)"$/m.exec(
    readText(path.join(config, 'user-dirs.dirs')),
  );
  if (!named?.[2]) return path.join(home, 'Downloads');
  return named[1] ? path.join(home, named[2]) : named[2];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // only some desktops have it
  }
}

/** Of this very installation, by its whole path: a ProxyCommand has no folder and may have another PATH. */
function ownProgram(
  program: 'banyan' | 'banyanproxy',
  installation: Installation,
): string[] | null {
  const { platform, folders } = installation;
  const name = platform === 'win32' ? `${program}.exe` : program;
  const launcher = folders.map((folder) => path.join(folder, name)).find(isProgram);
  if (launcher) return [launcher];
  const script = folders.map((folder) => path.join(folder, `${program}.js`)).find(existsSync);
  if (script === undefined) return null;
  // Packages of Windows have no launcher that ssh could start, and everywhere a Node of their own.
  const own = path.join(path.dirname(script), platform === 'win32' ? 'node.exe' : 'node');
  const node = isProgram(own) ? own : nodeProgram(installation);
  return node ? [node, script] : null;
}

/** Electron that is packaged does not run scripts: that door is closed (electron-builder.yml). */
function nodeProgram({ platform, environment, execPath, isElectron }: Installation): string | null {
  if (!isElectron) return execPath;
  const name = platform === 'win32' ? 'node.exe' : 'node';
  const folders = (environment['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder));
  return folders.map((folder) => path.join(folder, name)).find(isProgram) ?? null;
}

/** Beside the script that this process was started with, links followed: `npm link` makes them. */
export function ownFolders(script: string | undefined): string[] {
  if (script === undefined || !existsSync(script)) return [];
  const folder = path.dirname(realpathSync(script));
  return [folder];
}
