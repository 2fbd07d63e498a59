// Asks for a newer version with electron-updater as it is bundled into the built app; prints what it finds. By the stand-in's hooks.
import { readdirSync } from 'node:fs';
import path from 'node:path';

const [chunks, folder] = process.argv.slice(2);
const name = readdirSync(chunks).find((file) => file.startsWith('library-'));
const { loadLibrary } = await import(path.join(chunks, name));
process.env.APPIMAGE = path.join(folder, 'Banyan.AppImage');
const { updater } = loadLibrary({
  app: {
    version: '0.1.0',
    name: 'Banyan',
    isPackaged: true,
    appUpdateConfigPath: '',
    userDataPath: folder,
    baseCachePath: folder,
    whenReady: () => Promise.resolve(),
    quit: () => {},
    relaunch: () => {},
    onQuit: () => {},
  },
  platform: 'linux',
  address: 'https://updates.example.test/',
  feed: () => ({ version: '0.2.0', files: [{ url: 'a', sha512: 'b', size: 1 }], releaseDate: '' }),
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
});
const found = await updater.checkForUpdates();
process.stdout.write(`${found.isUpdateAvailable} ${found.updateInfo.version}\n`, () =>
  process.exit(0),
);
