// Which program holds a local port, where that is cheaply known: Linux, own programs. Elsewhere nothing is said.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';

const LISTENING = '0A';

/**
 * Only a look before something is changed: whoever listens next may still be faster. A port that may not be opened at all
 * counts as free: it is in nobody's use.
 */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}

/** One to offer instead; null: the system gives none. */
export function findFreePort(): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? null) : null));
    });
  });
}

/** e.g. `nginx (4711)`, or null. */
export async function portHolder(
  port: number,
  platform: NodeJS.Platform = process.platform,
): Promise<string | null> {
  if (platform !== 'linux') return null;
  try {
    const inodes = new Set<string>();
    for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
      const text = await readFile(table, 'utf8').catch(() => ''); // no IPv6: no second table
      for (const inode of listenersIn(text, port)) inodes.add(inode);
    }
    return inodes.size > 0 ? await processWith(inodes) : null;
  } catch {
    return null; // only a courtesy: the port is in use either way
  }
}

/** Inodes of the sockets that listen on the port, from the kernel's table. */
export function listenersIn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === LISTENING)
    .flatMap((columns) => columns[9] ?? []);
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
