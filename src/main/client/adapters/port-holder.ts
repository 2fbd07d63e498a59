// Which program holds a local port, where that is cheaply known: Linux, own programs. Elsewhere nothing is said.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { endianness } from 'node:os';
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import type { LocalAddress } from '../../../shared/model/tunnel.ts';

const LISTENING = '0A';

type Look = 'free' | 'taken' | 'no-address' | 'not-allowed';
const LOOKS: Readonly<Record<string, Look>> = {
  EADDRINUSE: 'taken',
  EADDRNOTAVAIL: 'no-address',
  EACCES: 'not-allowed', // those below 1024, usually
};

/** Only a look before something is changed: whoever listens next may still be faster. */
export function lookAtPort({ host, port }: LocalAddress): Promise<Look> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(LOOKS[code ?? ''] ?? 'free'));
    probe.listen({ host, port, exclusive: true }, () => {
      probe.close(() => resolve('free'));
    });
  });
}

/** One to offer instead; null: the system gives none. */
export function findFreePort(host = USUAL_HOST): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen({ host, port: 0, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null));
    });
  });
}

/** e.g. `nginx (4711)`, or null. */
export async function portHolder(
  { host, port }: LocalAddress,
  platform: NodeJS.Platform = process.platform,
): Promise<string | null> {
  if (platform !== 'linux') return null;
  try {
    const inodes = new Set<string>();
    for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
      const text = await readFile(table, 'utf8').catch(() => ''); // no IPv6: no second table
      for (const inode of listenersIn(text, port, host)) inodes.add(inode);
    }
    return inodes.size > 0 ? await processWith(inodes) : null;
  } catch {
    return null; // only a courtesy: the port is in use either way
  }
}

/** Inodes of the sockets that listen on the port at this address or at all of them, from the kernel's table. */
export function listenersIn(table: string, port: number, host = USUAL_HOST): string[] {
  const wanted = new Set(wordsOf(host).map((word) => `${word}:${hex(port, 4)}`));
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local && wanted.has(local) && state === LISTENING)
    .flatMap((columns) => columns[9] ?? []);
}

const hex = (number: number, digits: number): string =>
  number.toString(16).toUpperCase().padStart(digits, '0');
const ANY_V6 = '0'.repeat(32);

/** An address as the kernel writes it, alone and mapped into IPv6, and those that mean every one. */
function wordsOf(host: string): string[] {
  const ends = (bytes: number[]): string =>
    (endianness() === 'LE' ? bytes.toReversed() : bytes).map((byte) => hex(byte, 2)).join('');
  if (host === '::1') return [`${'0'.repeat(24)}${ends([0, 0, 0, 1])}`, ANY_V6];
  const word = ends(host.split('.').map(Number));
  return [word, '00000000', `${'0'.repeat(16)}${ends([0, 0, 0xff, 0xff])}${word}`, ANY_V6];
}

async function processWith(inodes: Set<string>): Promise<string | null> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const id of processes) {
    // Other people's programs cannot be looked into, and programs end while we look.
    const handles = await readdir(`/proc/${id}/fd`).catch(() => []);
    for (const handle of handles) {
      const target = await readlink(`/proc/${id}/fd/${handle}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (!inode || !inodes.has(inode)) continue;
      const name = await readFile(`/proc/${id}/comm`, 'utf8');
      return `${name.trim()} (${id})`;
    }
  }
  return null;
}
