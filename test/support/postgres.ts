// A PostgreSQL server, of one test or of all in a file, that can go away and come back. Everybody on this computer is trusted.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { onTestFinished, type TestContext } from 'vitest';
import { findProgram, freePort, missing } from './foreign-servers.ts';

export interface PostgresServer {
  /** At 127.0.0.1; its only user is `postgres`. */
  port: number;
  /** A new database, empty. */
  database(): Promise<string>;
  /** Cuts the connections that listen for changes, in every database. */
  deafen(): Promise<void>;
  /** The connections that listen for changes answer nothing any more, as behind a firewall that has forgotten them. */
  silence(): Promise<void>;
  /** At once, as when its machine loses power. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const isRoot = userInfo().uid === 0;
/** Why there can be none here; null: there can. PostgreSQL refuses to be root. */
export const postgresMissing = (): string | null =>
  missing('initdb', 'postgres') ??
  (isRoot && spawnSync('id', ['postgres']).status !== 0
    ? 'there is no user "postgres" that could run it instead of root'
    : null);

export async function startPostgresServer(): Promise<PostgresServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'banyan-postgres-'));
  chmodSync(folder, 0o711);
  const data = path.join(folder, 'data');
  const asUser = (name: string, args: string[]): [string, string[]] => {
    const program = findProgram(name) ?? name;
    return isRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, args];
  };
  if (isRoot) spawnSync('chown', ['postgres', folder]);
  const made = spawnSync(
    ...asUser('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync']),
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
  const urlOf = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  let ended: Promise<unknown> = Promise.resolve();
  let count = 0;
  const silenced: number[] = [];
  const query = async (text: string): Promise<{ pid: number }[]> => {
    const client = new Client({ connectionString: urlOf('postgres') });
    await client.connect();
    try {
      return (await client.query<{ pid: number }>(text)).rows;
    } finally {
      await client.end();
    }
  };
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    process.kill(
      Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]),
      name,
    );
    await ended;
  };
  const server: PostgresServer = {
    port,
    async database() {
      const name = `test${(count += 1)}`;
      await query(`CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    async start() {
      const child = spawn(...asUser('postgres', ['-D', data, ...options]), { cwd: folder });
      ended = new Promise((resolve) => child.once('exit', resolve));
      for (let tries = 0; ; tries += 1) {
        const failed = await query('SELECT 1').then(
          () => null,
          (error: unknown) => error,
        );
        if (failed === null) return;
        if (tries === 200) throw new Error('PostgreSQL does not start', { cause: failed });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async deafen() {
      await query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'",
      );
    },
    async silence() {
      const pids = await query(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1' AND pid <> pg_backend_pid()",
      );
      for (const { pid } of pids) process.kill(pid, 'SIGSTOP');
      silenced.push(...pids.map(({ pid }) => pid));
    },
    kill: () => signal('SIGQUIT'),
    async stop() {
      for (const pid of silenced) {
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // It has ended.
        }
      }
      await signal('SIGQUIT').catch(() => {}); // it was killed before
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** For one test, which needs its port only. */
export async function startPostgres(context: TestContext): Promise<number> {
  const why = postgresMissing();
  if (why !== null) context.skip(why);
  const server = await startPostgresServer();
  onTestFinished(() => server.stop());
  return server.port;
}
