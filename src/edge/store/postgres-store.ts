// The store in PostgreSQL, for several edges of one organisation: each change is told to the others (LISTEN/NOTIFY), and
// whoever has lost its connection is told that anything may have changed. While the server is away every call rejects:
// nobody is let in by what is remembered.
import { Client, type ClientConfig, Pool, type PoolClient } from 'pg';
import { AppError } from '../../shared/errors.ts';
import { type Log, reason } from '../log.ts';
import type { CollectionName, Collections, Store } from './store.ts';

export interface PostgresOptions {
  /** `postgres://user@host/database`; what it leaves out comes from the environment (PGPASSWORD, PGSSLMODE …). */
  url: string;
  /** Something that another edge keeps has changed; null: anything may have. */
  onChange: (collection: CollectionName | null) => void;
  /** From now on changes are not heard, until `onChange` is told null. */
  onDeaf: () => void;
  log: Log;
}

const CHANNEL = 'banyan_edge';
const MOST_CONNECTIONS = 10;
const CONNECT_MS = 3_000;
const ANSWER_MS = 5_000;
const LISTEN_AGAIN_MS = 500;
/** A connection that a firewall has forgotten says nothing, and so would this edge's old rules go on. */
const LISTEN_ASKED_MS = 5_000;
// Not jsonb: it refuses some texts (\u0000) and forgets the order of fields, and nobody asks for what is within.
const TABLE = `CREATE TABLE IF NOT EXISTS banyan_edge_records (
  collection text NOT NULL, id text NOT NULL, position bigserial, record json NOT NULL, PRIMARY KEY (collection, id))`;
const PUT = `INSERT INTO banyan_edge_records (collection, id, record) VALUES ($1, $2, $3)
  ON CONFLICT (collection, id) DO UPDATE SET record = excluded.record`;

/** Rejects when there is no such server or database. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { log } = options;
  const timeouts = {
    connectionString: options.url,
    connectionTimeoutMillis: CONNECT_MS,
    // A server that hangs must not hold whoever waits to be let in.
    query_timeout: ANSWER_MS,
    keepAlive: true,
  };
  const pool = new Pool({ ...timeouts, max: MOST_CONNECTIONS });
  // Idle connections die with their server; the next call makes new ones, or says why not.
  pool.on('error', (error) => log('warn', 'the store is away', { reason: reason(error) }));

  const transaction = async <Result>(
    work: (client: PoolClient) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // Ends the transaction with the connection: after a timeout nobody knows what state it is in.
      client.release(true);
      throw error;
    }
  };
  await transaction(async (client) => {
    // Two that start at once would both find no table.
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [CHANNEL]);
    await client.query(TABLE);
  }).catch(async (error: unknown) => {
    await pool.end();
    throw unusable(options.url, error);
  });
  const stopListening = await listenForChanges(timeouts, options).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const told = (client: PoolClient, collection: CollectionName): Promise<unknown> =>
    client.query('SELECT pg_notify($1, $2)', [CHANNEL, collection]);

  return {
    async get(from, id) {
      const { rows } = await pool.query<{ record: never }>(
        'SELECT record FROM banyan_edge_records WHERE collection = $1 AND id = $2',
        [from, id],
      );
      return rows[0]?.record;
    },
    async list(from) {
      const { rows } = await pool.query<{ id: string; record: never }>(
        'SELECT id, record FROM banyan_edge_records WHERE collection = $1 ORDER BY position',
        [from],
      );
      return rows.map(({ id, record }): [string, never] => [id, record]);
    },
    put: (into, id, record) =>
      transaction(async (client) => {
        await client.query(PUT, [into, id, JSON.stringify(record)]);
        await told(client, into);
      }),
    delete: (from, id) =>
      transaction(async (client) => {
        const { rowCount } = await client.query(
          'DELETE FROM banyan_edge_records WHERE collection = $1 AND id = $2',
          [from, id],
        );
        if (rowCount) await told(client, from);
      }),
    change: (name, id, change) =>
      transaction(async (client) => {
        // Of the name, not of the row: there may be none yet.
        await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
          `${name}/${id}`,
        ]);
        const { rows } = await client.query<{ record: Collections[typeof name] }>(
          'SELECT record FROM banyan_edge_records WHERE collection = $1 AND id = $2',
          [name, id],
        );
        const changed = change(rows[0]?.record);
        if (changed === undefined) return false;
        await client.query(PUT, [name, id, JSON.stringify(changed)]);
        await told(client, name);
        return true;
      }),
    async close() {
      await stopListening();
      await pool.end();
    },
  };
}

/** The address without user and password: it is shown. */
function unusable(url: string, cause: unknown): AppError {
  const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: '', pathname: '' };
  // Of a name with several addresses each has a reason of its own, and all of them together none.
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  const why = first instanceof Error ? first.message : 'no reason is known';
  const message = `The database ${host}${pathname} cannot be used: ${why}.`;
  return new AppError('edge/store-unavailable', message, { cause });
}

/** A connection of its own, made again for as long as it takes. Resolves when it listens for the first time. */
async function listenForChanges(
  timeouts: ClientConfig,
  { onChange, onDeaf, log }: PostgresOptions,
): Promise<() => Promise<void>> {
  let client: Client | null = null;
  let isStopped = false;
  let again: NodeJS.Timeout | undefined;
  let asking: NodeJS.Timeout | undefined;

  const listen = async (): Promise<void> => {
    const listening = new Client(timeouts);
    listening.on('notification', ({ payload }) => onChange((payload ?? null) as CollectionName));
    let isLost = false;
    const lost = (error?: Error): void => {
      if (isLost || isStopped || client !== listening) return;
      isLost = true;
      onDeaf();
      clearInterval(asking);
      listening.end(() => {}); // it may be gone
      log('warn', 'changes of the store are not heard', { reason: reason(error) });
      retry();
    };
    listening.on('error', lost);
    listening.on('end', () => lost());
    client = listening;
    await listening.connect();
    await listening.query(`LISTEN ${CHANNEL}`);
    asking = setInterval(() => void listening.query('SELECT 1').catch(lost), LISTEN_ASKED_MS);
    asking.unref();
  };
  const retry = (): void => {
    clearTimeout(again);
    again = setTimeout(() => {
      listen()
        // What was told in between was told to nobody here.
        .then(() => onChange(null))
        .catch(() => void (isStopped || retry())); // it is away still, which was said
    }, LISTEN_AGAIN_MS);
  };
  const stop = (): void => {
    isStopped = true;
    clearTimeout(again);
    clearInterval(asking);
  };
  await listen().catch((error: unknown) => {
    stop();
    throw error;
  });
  return async () => {
    stop();
    await client?.end().catch(() => {}); // it was gone before
  };
}
