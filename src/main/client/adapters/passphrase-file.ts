// `BANYAN_PASSPHRASE_FILE`: a passphrase where nobody is there to type it. Only its first line, and only from a file that
// nobody else may read.
import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.ts';

/** null: no such variable. */
export async function passphraseFromFile(environment: NodeJS.ProcessEnv): Promise<string | null> {
  const file = environment['BANYAN_PASSPHRASE_FILE'];
  if (!file) return null;
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new AppError(
        'device/passphrase-needed',
        `Other people may read ${file}, so it was not used: chmod 600 helps.`,
      );
    }
    const [passphrase = ''] = (await readFile(file, 'utf8')).split(/\r?\n/);
    if (passphrase !== '') return passphrase;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('device/passphrase-needed', `${file} cannot be read.`, { cause: error });
  }
  throw new AppError('device/passphrase-needed', `The first line of ${file} is empty.`);
}
