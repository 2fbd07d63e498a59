// A PostgreSQL server of one test's own: everybody on this computer is trusted, and nothing outlives the test.
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import type { TestContext } from 'vitest';
import { findProgram, freePort, startDaemon } from './foreign-servers.ts';
import { tempDir } from './temp-dir.ts';

/** @returns its port; its only user is `postgres`. */
export async function startPostgres(context: TestContext): Promise<number> {
  const folder = tempDir();
  // PostgreSQL refuses to be root.
  const isRoot = userInfo().uid === 0;
  if (isRoot && spawnSync('chown', ['postgres', folder]).status !== 0) {
    context.skip('there is no user "postgres" that could run it instead of root');
  }
  const asUser = (name: string, args: string[]): [string, string[]] => {
    const program = findProgram(name) ?? name;
    return isRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, args];
  };
  const made = spawnSync(
    ...asUser('initdb', ['-D', 'data', '-U', 'postgres', '-A', 'trust', '--no-sync']),
    { cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  await startDaemon(...asUser('postgres', ['-D', 'data', ...options]), { port, folder });
  return port;
}
