// Binding the control socket IS the single-instance lock: of any number of starters exactly one gets it, and what a
// killed process left behind stops nobody.
import { open, lstat, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../shared/errors.ts';
import { makeFolders } from '../storage.ts';

const ATTEMPTS = 40;
const BETWEEN_ATTEMPTS_MS = 50;

export async function bindExclusively(socketPath: string): Promise<Server> {
  const isPipe = socketPath.startsWith('\\\\');
  if (!isPipe) await ownFolder(path.dirname(socketPath));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const server = await listen(socketPath);
    if (server) return server;
    if ((await look(socketPath)) === 'alive') throw alreadyRunning();
    // Windows removes a pipe with its process: only somebody's socket file can be stale.
    if (!isPipe) await removeStale(socketPath);
    await delay(BETWEEN_ATTEMPTS_MS);
  }
  throw alreadyRunning();
}

/** null: somebody else has the name. */
function listen(socketPath: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return resolve(null);
      return reject(
        new AppError('client/storage-failed', `${socketPath} cannot be opened.`, { cause: error }),
      );
    });
    server.listen(socketPath, () => resolve(server));
  });
}

function look(socketPath: string): Promise<'alive' | 'stale' | 'gone'> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const done = (answer: 'alive' | 'stale' | 'gone'): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done('alive'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') done('stale');
      else done(error.code === 'ENOENT' ? 'gone' : 'alive');
    });
  });
}

/**
 * Two starters that both find a dead socket must not remove each other's new one: looking and removing are one step
 * under a lock file, and a socket is dead only when it refuses twice (binding and listening are two system calls).
 */
async function removeStale(socketPath: string): Promise<void> {
  const lock = `${socketPath}.lock`;
  const handle = await open(lock, 'wx', 0o600).catch(() => null); // somebody else is at it
  if (!handle) return removeDeadLock(lock);
  try {
    await handle.writeFile(String(process.pid));
    if ((await look(socketPath)) !== 'stale') return;
    await delay(BETWEEN_ATTEMPTS_MS);
    if ((await look(socketPath)) === 'stale') await rm(socketPath, { force: true });
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

async function removeDeadLock(lock: string): Promise<void> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => '')); // just released
  if (!pid) return;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') await rm(lock, { force: true });
  }
}

/** In a folder of somebody else's, that person could wait behind our name. */
async function ownFolder(folder: string): Promise<void> {
  await makeFolders(folder);
  const { uid, mode, isDirectory } = await lstat(folder).then((facts) => ({
    uid: facts.uid,
    mode: facts.mode,
    isDirectory: facts.isDirectory(),
  }));
  if (!isDirectory || uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new AppError(
      'client/control-refused',
      `${folder} does not belong to you alone, so Banyan cannot be controlled through it.`,
    );
  }
}

const alreadyRunning = (): AppError =>
  new AppError('client/already-running', 'Another Banyan runs with the same folder.');
