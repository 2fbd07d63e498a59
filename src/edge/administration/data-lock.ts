// One edge per data folder. The control socket in the folder IS the lock: of any number of starters exactly one gets to
// bind it, it is gone with its process however that ends, and what a killed one left behind stops nobody.
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/errors.ts';

const ATTEMPTS = 40;
const BETWEEN_ATTEMPTS_MS = 50;
/** Of a process that is stopped right now (Ctrl-Z) nothing comes. */
const GREETING_MS = 1_000;
const LONGEST_REMOVAL_MS = 10_000;
/** Names of sockets end at 104 bytes on macOS and 108 on Linux, without an error on some of them. */
const LONGEST_NAME = 100;

export function controlSocketOf(data: string): string {
  if (process.platform !== 'win32') return join(resolve(data), 'control.sock');
  const name = createHash('sha256').update(resolve(data).toLowerCase()).digest('hex').slice(0, 32);
  return `\\\\.\\pipe\\banyan-edge-${name}`;
}

/** Makes the folder, and takes it. Rejects with `edge/already-running`, which names the other process. */
export async function lockData(data: string): Promise<Server> {
  const socket = controlSocketOf(data);
  const isPipe = process.platform === 'win32';
  if (!isPipe && Buffer.byteLength(socket) > LONGEST_NAME) {
    throw refused(`${socket} is too long for the name of a socket (${LONGEST_NAME} bytes at most)`);
  }
  await mkdir(data, { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    throw refused(`${data} cannot be made (${String(cause.code)})`, cause);
  });
  if (!isPipe) await refuseForeign(data);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const server = await listen(socket);
    if (server) {
      if (!isPipe) await chmod(socket, 0o600);
      return server;
    }
    if (!isPipe) await refuseNoSocket(socket);
    const found = await look(socket);
    if (found.status === 'alive') throw alreadyRunning(data, found.pid);
    // Windows removes a pipe with its process: only somebody's socket file can be left over.
    if (!isPipe) await removeStale(socket);
    await delay(BETWEEN_ATTEMPTS_MS);
  }
  throw alreadyRunning(data, null);
}

/** Where others may write, somebody could wait behind our name, or read what is kept. */
async function refuseForeign(data: string): Promise<void> {
  const facts = await stat(data);
  if (!facts.isDirectory()) throw refused(`${data} is not a folder`);
  if (facts.uid !== process.getuid?.()) throw refused(`${data} belongs to somebody else`);
  if ((facts.mode & 0o022) !== 0) throw refused(`others may write in ${data}`);
}

/** A file or a folder of that name answers like a dead socket, and is not ours to remove. */
async function refuseNoSocket(socket: string): Promise<void> {
  const facts = await lstat(socket).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null; // just removed
    throw refused(`${socket} cannot be looked at (${String(error.code)})`, error);
  });
  if (facts && !facts.isSocket()) {
    throw refused(`${socket} is no socket; move it elsewhere, the edge needs this name`);
  }
}

/** null: somebody else has the name. */
function listen(socket: string): Promise<Server | null> {
  return new Promise((resolvePromise, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EADDRINUSE') resolvePromise(null);
      else reject(refused(`${socket} cannot be opened (${String(cause.code)})`, cause));
    });
    server.listen(socket, () => resolvePromise(server));
  });
}

type Found = { status: 'alive'; pid: number | null } | { status: 'stale' | 'gone' };

/** The first line of an edge tells its process. */
function look(socket: string): Promise<Found> {
  return new Promise((resolvePromise) => {
    const connection = connect(socket);
    let said = '';
    const done = (found: Found): void => {
      clearTimeout(tooLong);
      connection.destroy();
      resolvePromise(found);
    };
    const alive = (): void => {
      const [, pid] = /"pid":(\d+)/.exec(said) ?? [];
      done({ status: 'alive', pid: pid === undefined ? null : Number(pid) });
    };
    const tooLong = setTimeout(alive, GREETING_MS);
    connection.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) alive();
    });
    connection.once('end', alive);
    connection.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') done({ status: 'stale' });
      else if (code === 'ENOENT') done({ status: 'gone' });
      else alive();
    });
  });
}

/**
 * Two starters that both find a dead socket must not remove each other's new one: looking and removing are one step
 * under a lock file, and a socket is dead only when it refuses twice (binding and listening are two system calls).
 */
async function removeStale(socket: string): Promise<void> {
  const lock = `${socket}.lock`;
  const handle = await open(lock, 'wx', 0o600).catch(() => null); // somebody else is at it
  if (!handle) return removeDeadLock(lock);
  try {
    await handle.writeFile(String(process.pid));
    if ((await look(socket)).status !== 'stale') return;
    await delay(BETWEEN_ATTEMPTS_MS);
    if ((await look(socket)).status === 'stale') await rm(socket, { force: true });
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

async function removeDeadLock(lock: string): Promise<void> {
  const facts = await stat(lock).catch(() => null); // just released
  if (!facts) return;
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  // Looking and removing take a moment: by then whoever holds it is gone, even if another process has its number.
  if (Date.now() - facts.mtimeMs > LONGEST_REMOVAL_MS || (pid && !isAlive(pid))) {
    await rm(lock, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const refused = (why: string, cause?: unknown): AppError =>
  new AppError('edge/data-refused', `${why}.`, { cause });

const alreadyRunning = (data: string, pid: number | null): AppError =>
  new AppError(
    'edge/already-running',
    `Another edge${pid === null ? '' : ` (process ${pid})`} runs on ${data}.`,
    { details: { data, ...(pid !== null && { pid }) } },
  );
