// A file of the person herself, e.g. her SSH configuration: replaced whole or not at all, behind the links that lead to it,
// with the access that it had, and kept once as it was before.
import { randomBytes } from 'node:crypto';
import {
  copyFile,
  constants,
  lstat,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { makeFolders, storageFailed } from '../../storage.ts';
import { syncFolder } from '../settings/atomic-write.ts';

/** null: there is none. Throws `client/storage-failed`, also for a link that leads nowhere. */
export async function readPersonFile(file: string): Promise<string | null> {
  try {
    // A pipe would be waited for until the end of days, and a device replaced by a file.
    if (!(await stat(file)).isFile()) throw notAFile(file);
    // Latin-1 keeps every byte of whatever encoding it is in; what we add is ASCII, and paths are put in as their bytes.
    return (await readFile(file)).toString('latin1');
  } catch (error) {
    if (error instanceof AppError) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw notReadable(file, error);
    const link = await lstat(file).catch(() => null); // neither file nor link
    if (link) throw notReadable(file, error);
    return null;
  }
}

/** Text of ours in the form in which person files are read here. */
export const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const backupOf = (file: string): string => `${file}.before-banyan`;

/** `content` as readPersonFile gives it. */
export async function writePersonFile(file: string, content: string): Promise<void> {
  const bytes = Buffer.from(content, 'latin1');
  try {
    const before = await stat(file).catch(() => null); // not there yet
    if (!before) {
      await makeFolders(path.dirname(file));
      return await replace(file, bytes, 0o600);
    }
    if (!before.isFile()) throw notAFile(file);
    refuseReadOnly(file, before.mode);
    await copyFile(file, backupOf(file), constants.COPYFILE_EXCL).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // kept at the first time
    });
    await replace(await realpath(file), bytes, before.mode & 0o777, before);
  } catch (error) {
    throw storageFailed(path.dirname(file), error);
  }
}

/** A file in her folders that is all ours: nothing to keep of it. */
export async function writeOwnFile(file: string, content: string): Promise<void> {
  try {
    const before = await stat(file).catch(() => null); // not there yet
    if (before && !before.isFile()) throw notAFile(file);
    if (before) refuseReadOnly(file, before.mode);
    else await makeFolders(path.dirname(file));
    const real = before ? await realpath(file) : file;
    await replace(real, Buffer.from(content, 'latin1'), 0o600, before ?? undefined);
  } catch (error) {
    throw storageFailed(path.dirname(file), error);
  }
}

/** Puts back what was there before us; null: there was nothing. What was kept goes where it says the same. */
export async function restorePersonFile(file: string, content: string | null): Promise<void> {
  try {
    if (content === null) {
      refuseReadOnly(file, (await stat(file)).mode);
      return await rm(file, { force: true });
    }
    await writePersonFile(file, content);
    const kept = await readPersonFile(backupOf(file));
    if (kept === content) await rm(backupOf(file), { force: true });
  } catch (error) {
    throw storageFailed(path.dirname(file), error);
  }
}

/** A rename would replace it all the same, and whoever has made it so (another tool, or she herself) means it. */
function refuseReadOnly(file: string, mode: number): void {
  if ((mode & 0o200) !== 0) return;
  throw new AppError(
    'client/storage-failed',
    `${file} is read-only, so Banyan has left it as it is.`,
    { details: { file } },
  );
}

async function replace(
  file: string,
  content: Buffer,
  mode: number,
  owner?: { uid: number; gid: number },
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.chmod(mode); // the umask has had its say
      const own = await handle.stat();
      if (owner && (own.uid !== owner.uid || own.gid !== owner.gid)) {
        await handle.chown(owner.uid, owner.gid);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

const notAFile = (file: string): AppError =>
  new AppError('client/storage-failed', `${file} is no file, so Banyan has left it as it is.`, {
    details: { file },
  });

const notReadable = (file: string, cause: unknown): AppError =>
  new AppError('client/storage-failed', `Banyan could not read ${file}.`, {
    cause,
    details: { file },
  });
