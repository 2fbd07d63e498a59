// Node of the major that Electron embeds, for what behaves differently there.
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './prepare.mjs';
import { run, step } from './steps.mjs';

const MAJOR = 24;

/** Beside the project's packages: `npm ci` and the lock file must not know it. Linux only. @returns {Promise<string>} */
export async function ensureElectronNode() {
  if (Number(process.versions.node.split('.')[0]) === MAJOR) return process.execPath;
  const name = `node-linux-${os.arch()}`;
  const folder = path.join(ROOT, 'node_modules', '.cache', `node-${MAJOR}`);
  const binary = path.join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    await step(`Fetching Node ${MAJOR} (about 50 MB, once)`, () =>
      run(
        'npm',
        `install --no-audit --no-fund --loglevel=error ${name}@${MAJOR} --prefix`
          .split(' ')
          .concat(folder),
      ),
    );
  }
  return binary;
}
