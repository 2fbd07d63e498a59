// Secrets in a file, for computers without a keychain and people who said yes to it: AES-256-GCM under a key that scrypt
// derives from a passphrase. What a thief of the file pays for each guess is scrypt's cost; there is no other way in, and no
// way back for who forgets it.
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { AppError } from '../../../shared/errors.ts';
import { z } from '../../../shared/schema.ts';
import type { FileSecretStore } from '../ports.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { readIfThere } from '../settings/json-file.ts';

const MAGIC = Buffer.from('banyan-secrets-1\n');
const [SALT_BYTES, NONCE_BYTES, TAG_BYTES, KEY_BYTES] = [16, 12, 16, 32] as const;
/** 2^17 × 8 × 128 bytes: 128 MiB and some tenths of a second for every guess (RFC 7914; OWASP's recommendation). */
const LOG2_COST = 17;
const BLOCK_SIZE = 8;
/** A file that asks for more than this was made to use up memory. */
const HIGHEST_LOG2_COST = 20;
const SHORTEST_PASSPHRASE = 8;

const content = z.record(z.string(), z.string());
type Content = z.output<typeof content>;

interface Opened {
  log2Cost: number;
  salt: Buffer;
  key: Buffer;
  entries: Content;
}

export interface FileSecretStoreOptions {
  file: string;
  /** Where a passphrase may be found without asking anybody; null: nowhere. */
  passphrase?: () => Promise<string | null>;
  log2Cost?: number;
}

export function createFileSecretStore(options: FileSecretStoreOptions): FileSecretStore {
  const { file, passphrase: findPassphrase, log2Cost: newCost = LOG2_COST } = options;
  let opened: Opened | null = null;
  /** One after the other: two guesses at once would take twice the memory, and two writes lose one. */
  let turns: Promise<unknown> = Promise.resolve();

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turns.then(work);
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  async function open(passphrase: string): Promise<Opened> {
    const stored = await readIfThere(file);
    if (stored) return unseal(stored, passphrase, file);
    if (passphrase.length < SHORTEST_PASSPHRASE) {
      throw new AppError(
        'usage/invalid-input',
        `A passphrase needs at least ${SHORTEST_PASSPHRASE} characters.`,
      );
    }
    const salt = randomBytes(SALT_BYTES);
    return { log2Cost: newCost, salt, key: await derive(passphrase, salt, newCost), entries: {} };
  }

  /** null: there is no file, so nothing in it. */
  async function current(): Promise<Opened | null> {
    if (opened) return opened;
    const found = await findPassphrase?.();
    if (found != null) return (opened = await open(found));
    if ((await readIfThere(file)) === null) return null;
    throw needed();
  }

  async function save(next: Opened): Promise<void> {
    if (Object.keys(next.entries).length === 0) {
      // The next passphrase may be another one.
      await removeFile(file);
      opened?.key.fill(0);
      opened = null;
      return;
    }
    await writeAtomically(file, seal(next));
    opened = next;
  }

  return {
    kind: 'file',
    unlock: (passphrase) =>
      inTurn(async () => {
        // Also when it is open: whoever gives a passphrase is told when it is the wrong one.
        opened = await open(passphrase);
      }),
    get: (name) =>
      inTurn(async () => {
        const secret = (await current())?.entries[name];
        return secret === undefined ? null : Buffer.from(secret, 'base64');
      }),
    set: (name, secret) =>
      inTurn(async () => {
        const now = await current();
        if (!now) throw needed();
        await save({ ...now, entries: { ...now.entries, [name]: secret.toString('base64') } });
      }),
    delete: (name) =>
      inTurn(async () => {
        const now = await current();
        if (!now || now.entries[name] === undefined) return;
        const { [name]: _, ...entries } = now.entries;
        await save({ ...now, entries });
      }),
  };
}

const needed = (): AppError =>
  new AppError(
    'device/passphrase-needed',
    'The secrets of this device are in a file that a passphrase opens.',
  );

const scryptAsync = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** The same passphrase typed on another keyboard may come in another form of Unicode. */
const derive = (passphrase: string, salt: Buffer, log2Cost: number): Promise<Buffer> =>
  scryptAsync(passphrase.normalize('NFC'), salt, KEY_BYTES, {
    N: 2 ** log2Cost,
    r: BLOCK_SIZE,
    p: 1,
    maxmem: 2 ** log2Cost * BLOCK_SIZE * 128 + 1024 * 1024,
  });

/** What stands in front of the sealed content, and is authenticated with it. */
const head = ({ log2Cost, salt }: Pick<Opened, 'log2Cost' | 'salt'>): Buffer =>
  Buffer.concat([MAGIC, Buffer.from([log2Cost]), salt]);

function seal({ key, entries, ...rest }: Opened): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(head(rest));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(entries), 'utf8'), cipher.final()]);
  return Buffer.concat([head(rest), nonce, cipher.getAuthTag(), sealed]);
}

async function unseal(stored: Buffer, passphrase: string, file: string): Promise<Opened> {
  const log2Cost = stored[MAGIC.length] ?? 0;
  const saltAt = MAGIC.length + 1;
  const nonceAt = saltAt + SALT_BYTES;
  const tagAt = nonceAt + NONCE_BYTES;
  const isOurs =
    stored.subarray(0, MAGIC.length).equals(MAGIC) && stored.length > tagAt + TAG_BYTES;
  if (!isOurs || log2Cost < 1 || log2Cost > HIGHEST_LOG2_COST) {
    throw new AppError('client/storage-corrupt', `${file} is no file of secrets.`);
  }
  const salt = stored.subarray(saltAt, nonceAt);
  const key = await derive(passphrase, salt, log2Cost);
  try {
    const nonce = stored.subarray(nonceAt, tagAt);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(stored.subarray(0, nonceAt));
    decipher.setAuthTag(stored.subarray(tagAt, tagAt + TAG_BYTES));
    const text = Buffer.concat([
      decipher.update(stored.subarray(tagAt + TAG_BYTES)),
      decipher.final(),
    ]);
    return { log2Cost, salt, key, entries: content.parse(JSON.parse(text.toString('utf8'))) };
  } catch (cause) {
    // A file that was changed looks the same; nothing is set aside on a guess.
    throw new AppError('device/passphrase-wrong', 'This passphrase does not open the secrets.', {
      cause,
    });
  }
}
