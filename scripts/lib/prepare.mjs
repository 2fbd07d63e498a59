// What `npm start`, `npm test` and `npm run demo` need before they can begin, on a machine that has only Node and npm.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PlainError, run, step } from './steps.mjs';

export const ROOT = path.resolve(import.meta.dirname, '..', '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** `npm ci`, unless the packages of this very lock file are there. */
export async function ensurePackages() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new PlainError(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  }
  if (hasPackages(ROOT)) return;
  await step('Installing npm packages (about 500 MB, once)', () =>
    run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: ROOT,
      shell: process.platform === 'win32',
    }),
  );
  writeFileSync(stampOf(ROOT), lockOf(ROOT));
}

const stampOf = (root) => path.join(root, 'node_modules', '.banyan-lock');
const lockOf = (root) =>
  createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');

/** Put there by us, or by a person with npm: what npm wrote down last is newer than the lock file then. @param {string} root */
export function hasPackages(root) {
  const stamp = stampOf(root);
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockOf(root);
  const written = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  return existsSync(written) && statSync(written).mtimeMs >= statSync(lock).mtimeMs;
}

/** Builds the app and the terminal programs, unless nothing has changed since. */
export async function ensureBuild() {
  const stamp = path.join(ROOT, 'out', '.built');
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (newest(path.join(ROOT, 'src')) < builtAt && configurationTime() < builtAt) return;
  await step('Building', async () => {
    const bin = (name) => path.join(ROOT, 'node_modules', name);
    await run(
      process.execPath,
      [bin('electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'warn'],
      {
        cwd: ROOT,
      },
    );
    await run(
      process.execPath,
      [
        bin('vite/bin/vite.js'),
        'build',
        '--config',
        'vite.programs.config.ts',
        '--logLevel',
        'warn',
      ],
      { cwd: ROOT },
    );
  });
  writeFileSync(stamp, '');
}

const configurationTime = () =>
  Math.max(
    ...['package.json', 'electron.vite.config.ts', 'vite.programs.config.ts'].map(
      (name) => statSync(path.join(ROOT, name)).mtimeMs,
    ),
  );

/** @param {string} folder @returns {number} */
function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    latest = Math.max(latest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

/** @param {'banyan' | 'banyanproxy' | 'banyan-edge'} name */
export const program = (name) => path.join(ROOT, 'out', 'bin', `${name}.js`);
