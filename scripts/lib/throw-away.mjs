// Folders that are gone afterwards, even when whoever made them was killed: they hold private keys.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const OWNER = 'owner.pid';

/** @param {string} [prefix] @returns {Promise<{ path: string, remove: () => Promise<void> }>} */
export async function throwAwayFolder(prefix = 'banyan-demo-') {
  await removeOrphans(prefix);
  const folder = await mkdtemp(path.join(tmpdir(), prefix));
  await writeFile(path.join(folder, OWNER), String(process.pid));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Of runs that were killed. Others' folders cannot be read or removed, and are left alone. */
async function removeOrphans(prefix) {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const folder = path.join(tmpdir(), name);
    const owner = Number(await readFile(path.join(folder, OWNER), 'utf8').catch(() => ''));
    if (owner > 0 && !isRunning(owner))
      await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
