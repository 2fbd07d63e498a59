// Writing private files so that a crash leaves the old content or the new, never half of either.
import { randomBytes } from 'node:crypto';
import { chmod, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders, storageFailed } from '../../storage.ts';
import type { Layout } from './layout.ts';

const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/;

/** Creates the folder, or takes other people's access to it away. */
export async function privateFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    if (process.platform === 'win32') return; // folders under %APPDATA% inherit a private ACL
    const { mode } = await stat(folder);
    if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  } catch (error) {
    throw storageFailed(folder, error);
  }
}

/** Writes all files whole to disk first, then renames them into place one right after the other. */
export async function writeTogether(
  files: readonly { path: string; content: string | Uint8Array }[],
): Promise<void> {
  const written = files.map((file) => ({
    ...file,
    temporary: `${file.path}.${randomBytes(6).toString('hex')}.tmp`,
  }));
  const folders = new Set(files.map((file) => path.dirname(file.path)));
  try {
    for (const folder of folders) await privateFolder(folder);
    // At once: a busy disk takes as long for three files as for one.
    const results = await Promise.allSettled(
      written.map(({ temporary, content }) => writeSynced(temporary, content)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    for (const { temporary, path: final } of written) await rename(temporary, final);
    for (const folder of folders) await syncFolder(folder);
  } catch (error) {
    // The first error is the one to tell; what is left here, the next start sweeps.
    await Promise.allSettled(written.map(({ temporary }) => rm(temporary, { force: true })));
    throw storageFailed(path.dirname(files[0]?.path ?? ''), error);
  }
}

async function writeSynced(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What was renamed or linked in it survives a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // a folder cannot be opened there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const writeAtomically = (file: string, content: string | Uint8Array): Promise<void> =>
  writeTogether([{ path: file, content }]);

/** What a killed process left behind in the home and its organisations. Only for the single user of that home. */
export async function sweepTemporaryFiles({ home, organisations }: Layout): Promise<void> {
  const ids = await readdir(organisations).catch(() => []); // none yet
  for (const folder of [home, ...ids.map((id) => path.join(organisations, id))]) {
    const names = await readdir(folder).catch(() => []); // no folder: nothing to sweep
    for (const name of names.filter((candidate) => TEMPORARY.test(candidate))) {
      // Untidy, but no reason not to start.
      await rm(path.join(folder, name), { force: true }).catch(() => {});
    }
  }
}

export async function removeFile(file: string): Promise<void> {
  try {
    await rm(file, { force: true, recursive: true });
  } catch (error) {
    throw storageFailed(path.dirname(file), error);
  }
}
