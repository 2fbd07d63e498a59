// The ports of a real computer without Electron: the terminal and the browser tab use them as they are, the desktop
// app replaces what it has better.
import { createWorkerEngine } from '../../../proxy/index.ts';
import { LOG_LEVELS } from '../../../shared/model/activity.ts';
import { collectPosture } from '../device/posture/collect.ts';
import type { ClientPorts } from '../ports.ts';
import { layout } from '../settings/layout.ts';
import { createFileSecretStore } from './file-secret-store.ts';
import { createKeychainSecretStore } from './keychain-secret-store.ts';
import { createFileLog } from './log.ts';
import { readManagedFile } from './managed-file.ts';
import { createMemorySecretStore } from './memory-secret-store.ts';
import { passphraseFromFile } from './passphrase-file.ts';
import { ownFolders, programPlaces } from './program-places.ts';
import { linuxSelfStart } from './self-start.ts';
import { createSystemBrowser, openWithSystem } from './system-browser.ts';
import { systemClock } from './system-clock.ts';
import { systemLook } from './system-look.ts';
import { systemMachine } from './system-machine.ts';

export function systemPorts(
  home: string,
  environment: NodeJS.ProcessEnv = process.env,
): ClientPorts {
  const level = LOG_LEVELS.find((name) => name === environment['BANYAN_LOG']) ?? 'info';
  const log = createFileLog({ file: layout(home).log, level });
  const look = systemLook(environment);
  return {
    secrets: {
      keychain: createKeychainSecretStore(),
      file: createFileSecretStore({
        file: layout(home).secrets,
        passphrase: () => passphraseFromFile(environment),
      }),
      memory: createMemorySecretStore(),
    },
    browser: createSystemBrowser(process.platform, environment),
    clock: systemClock,
    machine: systemMachine,
    environment,
    managedFile: () => readManagedFile(),
    log,
    posture: (applications) => collectPosture(applications, { look, log }),
    programs: {
      ...programPlaces({
        platform: process.platform,
        environment,
        execPath: process.execPath,
        isElectron: false,
        folders: ownFolders(process.argv[1]),
      }),
      openFile: (file) => openWithSystem(file, process.platform, environment),
    },
    ...(process.platform === 'linux' && { selfStart: linuxSelfStart(home, environment) }),
    createEngine: (sink) => createWorkerEngine(sink),
  };
}
