// Secrets that a person gives: the passphrase of the file of secrets, from BANYAN_PASSPHRASE_FILE or typed without being shown,
// and the password of a proxy. Never an argument, which every program of the computer could read.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { passphraseFromFile } from '../main/client/adapters/passphrase-file.ts';
import { AppError } from '../shared/errors.ts';

/** `twice`: for a new one, where a slip of the finger would lock everything up. */
export async function askPassphrase({ twice = false } = {}): Promise<string> {
  const found = await passphraseFromFile(process.env);
  if (found !== null) return found;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new AppError('device/passphrase-needed', 'Nobody can be asked for the passphrase here.');
  }
  const passphrase = await typed('Passphrase: ');
  if (twice && (await typed('Once more: ')) !== passphrase) {
    throw new AppError('usage/invalid-input', 'The two are not the same; nothing was changed.');
  }
  return passphrase;
}

/** Words that nobody reads over a shoulder, and no program in the arguments; for programs, all of standard input. */
export async function askSecret(question: string): Promise<string> {
  if (process.stdin.isTTY) return typed(question);
  const given = await text(process.stdin);
  return given.replace(/\r?\n$/, '');
}

function typed(question: string): Promise<string> {
  process.stderr.write(question);
  // Line editing without the line.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  return new Promise((resolve, reject) => {
    const cancelled = new AppError('usage/declined', 'Nothing was changed.');
    terminal.once('SIGINT', () => terminal.close()).once('close', () => reject(cancelled));
    terminal.question('', (answer) => {
      resolve(answer);
      terminal.close();
    });
  }).then(
    (answer) => {
      process.stderr.write('\n');
      return String(answer);
    },
    (error: unknown) => {
      process.stderr.write('\n');
      throw error;
    },
  );
}
