// Lines of JSON over a stream, bounded both ways, and the proof that both ends may read the same private folder.
// See docs/protocol.md 10.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import path from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { makeFolders } from '../storage.ts';

const HEX_32 = /^[0-9a-f]{64}$/;
/** A reader that lets this much pile up is gone. */
const LARGEST_BACKLOG = 16 * 1024 * 1024;

export interface Lines {
  send(value: unknown): void;
  /** Ends the connection after what was sent. */
  end(): void;
}

/** Calls back with every line's value; destroys the socket on a line that is too long or no JSON object. */
export function overLines(
  socket: Socket,
  longestLine: number,
  onValue: (value: Record<string, unknown>) => void,
): Lines {
  let pieces: Buffer[] = [];
  let size = 0;

  function take(line: Buffer): boolean {
    const value = parseObject(line.toString('utf8'));
    if (!value) return false;
    onValue(value);
    return true;
  }

  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...pieces, rest.subarray(0, end)]);
      pieces = [];
      size = 0;
      rest = rest.subarray(end + 1);
      if (line.length > longestLine || socket.destroyed || !take(line)) return socket.destroy();
    }
    size += rest.length;
    if (size > longestLine) return socket.destroy();
    if (rest.length > 0) pieces.push(rest);
    return undefined;
  });

  return {
    send(value) {
      if (socket.destroyed || !socket.writable) return;
      socket.write(`${JSON.stringify(value)}\n`);
      if (socket.writableLength > LARGEST_BACKLOG) socket.destroy();
    },
    end: () => void socket.end(),
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // not ours: the caller ends the connection
  }
}

export const newNonce = (): string => randomBytes(32).toString('hex');
export const isNonce = (value: unknown): value is string =>
  typeof value === 'string' && HEX_32.test(value);

/** Direction and both nonces, so that no proof can be played back, nor back at its sender. */
export const proofOf = (
  key: Buffer,
  side: 'client' | 'server',
  first: string,
  second: string,
): string => createHmac('sha256', key).update(side).update(first).update(second).digest('hex');

export const isProof = (given: unknown, expected: string): boolean =>
  isNonce(given) && timingSafeEqual(Buffer.from(given), Buffer.from(expected));

/** The key of this home; made by whoever comes first, whole or not at all. */
export async function controlKey(file: string, create: boolean): Promise<Buffer> {
  const known = await readKey(file);
  if (known) return known;
  if (!create) throw refused('this folder has no key of a running Banyan');
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  await makeFolders(path.dirname(file));
  await writeFile(temporary, `${newNonce()}\n`, { mode: 0o600, flag: 'wx' });
  // Unlike rename, link fails when somebody else was faster.
  await link(temporary, file).catch(() => {});
  await rm(temporary, { force: true });
  return (await readKey(file)) ?? Promise.reject(refused(`${file} cannot be used`));
}

async function readKey(file: string): Promise<Buffer | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw refused(`${file} cannot be read`);
  });
  const key = text?.trim();
  if (key === undefined) return null;
  if (!isNonce(key)) throw refused(`${file} is damaged; remove it and start again`);
  return Buffer.from(key, 'hex');
}

export const refused = (why: string): AppError =>
  new AppError('client/control-refused', `Banyan cannot be controlled from here: ${why}.`);
