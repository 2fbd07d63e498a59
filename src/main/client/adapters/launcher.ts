// Finds programs of this computer, and starts them.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { CLIENT_PROGRAMS, type ClientProgram } from '../../../shared/model/client-program.ts';
import type { Launch, Launcher } from '../ports.ts';
import { isProgram } from './is-program.ts';
import { startProgram } from './start-program.ts';
import { inTerminal } from './terminals.ts';

export interface LauncherOptions {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
}

/** By the names that distributions give it, the likeliest first. */
const NAMES: Record<ClientProgram, readonly string[]> = {
  ssh: ['ssh'],
  psql: ['psql'],
  mysql: ['mysql', 'mariadb'],
  'redis-cli': ['redis-cli', 'valkey-cli'],
  dbeaver: ['dbeaver', 'dbeaver-ce'],
  chromium: ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'],
  firefox: ['firefox', 'firefox-esr'],
  kubectl: ['kubectl'],
};

/** Programs with a window are no words of a PATH there. */
const APPS: Record<'darwin' | 'win32', Partial<Record<ClientProgram, readonly string[]>>> = {
  darwin: {
    dbeaver: ['/Applications/DBeaver.app/Contents/MacOS/dbeaver'],
    chromium: [
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    ],
    firefox: ['/Applications/Firefox.app/Contents/MacOS/firefox'],
  },
  win32: {
    dbeaver: ['DBeaver\\dbeaver.exe'],
    chromium: [
      'Google\\Chrome\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ],
    firefox: ['Mozilla Firefox\\firefox.exe'],
  },
};

/** What was started from the Dock or a menu has a PATH without them. */
const MORE_FOLDERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['/opt/homebrew/bin', '/usr/local/bin', '/opt/homebrew/opt/libpq/bin'],
  linux: ['/usr/local/bin', '/usr/bin', '/snap/bin'],
};

const WITH_WINDOW: ReadonlySet<ClientProgram> = new Set(['dbeaver', 'chromium', 'firefox']);
const SETTLED_AFTER_MS = 1_000;

export function createLauncher({ platform, environment }: LauncherOptions): Launcher {
  const home = environment['HOME'] || homedir();

  function findByName(name: string): string | null {
    const file = platform === 'win32' && !name.endsWith('.exe') ? `${name}.exe` : name;
    const own = (environment['PATH'] ?? '').split(path.delimiter);
    return (
      [...own, ...(MORE_FOLDERS[platform] ?? [])]
        // A relative one would be another folder at each start.
        .filter((folder) => path.isAbsolute(folder))
        .map((folder) => path.join(folder, file))
        .find(isProgram) ?? null
    );
  }

  function appsOf(program: ClientProgram): string[] {
    if (platform === 'darwin') return [...(APPS.darwin[program] ?? [])];
    if (platform !== 'win32') return [];
    const roots = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap(
      (name) => environment[name] ?? [],
    );
    return roots.flatMap((root) => (APPS.win32[program] ?? []).map((app) => path.join(root, app)));
  }

  const find = (program: ClientProgram): string | null =>
    NAMES[program].map(findByName).find((found) => found !== null) ??
    appsOf(program).find(existsSync) ??
    null;

  const hasDisplay = (): boolean =>
    platform !== 'linux' || Boolean(environment['DISPLAY'] || environment['WAYLAND_DISPLAY']);

  /** For kubectl, the shell in which it is typed. */
  function programOf({ program }: Launch, found: string): string {
    if (program !== 'kubectl') return found;
    return platform === 'win32' ? 'powershell.exe' : environment['SHELL'] || 'sh';
  }

  return {
    installed: () =>
      hasDisplay() ? CLIENT_PROGRAMS.filter((program) => find(program) !== null) : [],

    async start(launch) {
      const { program, words, environment: own = {} } = launch;
      const found = find(program);
      if (!found) throw notInstalled(`This computer has no ${program} that Banyan can find.`);
      const argv = [programOf(launch, found), ...words] as const;
      const how = WITH_WINDOW.has(program)
        ? { command: found, words }
        : await inTerminal({ platform, find: findByName }, argv, own);
      if (!how) throw notInstalled(`This computer has no terminal that Banyan knows.`);
      await startProgram(how.command, how.words, {
        settledAfterMs: SETTLED_AFTER_MS,
        folder: home,
        environment: { ...environment, ...own },
      }).catch((cause: unknown) => {
        const why = cause instanceof Error ? cause.message : 'It did not say why.';
        throw new AppError('program/not-started', `${program} could not be started: ${why}`, {
          cause,
        });
      });
    },
  };
}

const notInstalled = (why: string): AppError => new AppError('program/not-installed', why);
