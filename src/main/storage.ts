// Private folders, parents included, and how it is told that nothing could be written.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../shared/errors.ts';

/** Not Node's `recursive`: where a folder says that it is there and takes nothing (/proc), that tries for ever. */
export const makeFolders = (folder: string): Promise<void> =>
  make(folder).catch((error: unknown) => {
    throw storageFailed(folder, error);
  });

async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    const parent = path.dirname(folder);
    if (code !== 'ENOENT' || parent === folder || (await isThere(parent))) throw error;
    await make(parent);
    // Somebody else may have been faster.
    await make(folder);
  }
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

export function storageFailed(folder: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  return new AppError('client/storage-failed', `Banyan could not write to ${folder} (${code}).`, {
    cause,
    details: { folder },
  });
}
