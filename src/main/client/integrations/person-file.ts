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

/** Text as readPersonFile gives it; null: no file. The same text back: nothing is written. */
export type Edit = (content: string | null) => string | null | Promise<string | null>;

const ATTEMPTS = 5;

/**
 * Changes the file as it is at that moment: an editor, or another tool, may write it while we think, and then it is thought
 * again. `hasOurs`: something of ours is in the text; before the first of it a copy is kept, and after the last of it that
 * goes, where it says the same.
 */
export async function editPersonFile(
  file: string,
  edit: Edit,
  hasOurs: (content: string) => boolean | Promise<boolean>,
): Promise<void> {
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await readPersonFile(file);
      const after = await edit(before);
      if (after === before) return;
      if (before !== null && !(await hasOurs(before))) await keepBackup(file);
      if (!(await changed(file, before, after))) continue;
      if (after !== null && !(await hasOurs(after))) await dropBackup(file, after);
      return;
    }
  } catch (error) {
    throw storageFailed(path.dirname(file), error);
  }
  throw new AppError(
    'client/storage-failed',
    `${file} was changed by something else each time that Banyan tried, so it was left as it is.`,
    { details: { file } },
  );
}

/** false: it is not any more what it was. */
async function changed(
  file: string,
  before: string | null,
  after: string | null,
): Promise<boolean> {
  const isSame = async (): Promise<boolean> => (await readPersonFile(file)) === before;
  const bytes = after === null ? null : Buffer.from(after, 'latin1');
  if (before === null) {
    await makeFolders(path.dirname(file));
    return bytes === null || replace(file, bytes, { mode: 0o600, isSame });
  }
  const { mode, uid, gid } = await stat(file);
  refuseReadOnly(file, mode);
  if (bytes) {
    return replace(await realpath(file), bytes, {
      mode: mode & 0o777,
      owner: { uid, gid },
      isSame,
    });
  }
  if (!(await isSame())) return false;
  await rm(file, { force: true });
  return true;
}

async function keepBackup(file: string): Promise<void> {
  refuseReadOnly(file, (await stat(file)).mode);
  await copyFile(file, backupOf(file), constants.COPYFILE_EXCL).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // kept at the first time
  });
}

async function dropBackup(file: string, content: string): Promise<void> {
  const kept = await readPersonFile(backupOf(file));
  if (kept === content) await rm(backupOf(file), { force: true });
}

/** A file in her folders that is all ours: nothing to keep of it. */
export async function writeOwnFile(file: string, content: string): Promise<void> {
  try {
    const before = await stat(file).catch(() => null); // not there yet
    if (before && !before.isFile()) throw notAFile(file);
    if (before) refuseReadOnly(file, before.mode);
    else await makeFolders(path.dirname(file));
    const real = before ? await realpath(file) : file;
    const owner = before ? { uid: before.uid, gid: before.gid } : undefined;
    await replace(real, Buffer.from(content, 'latin1'), { mode: 0o600, ...(owner && { owner }) });
  } catch (error) {
    throw storageFailed(path.dirname(file), error);
  }
}

export async function removeOwnFile(file: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => null); // gone already
    if (there) refuseReadOnly(file, there.mode);
    await rm(file, { force: true });
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

interface Replacing {
  mode: number;
  owner?: { uid: number; gid: number };
  /** Asked right before. */
  isSame?: () => Promise<boolean>;
}

/** false: it was not the same any more, and stays as it is. */
async function replace(
  file: string,
  content: Buffer,
  { mode, owner, isSame }: Replacing,
): Promise<boolean> {
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
    if (isSame && !(await isSame())) {
      await rm(temporary, { force: true });
      return false;
    }
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
    return true;
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
