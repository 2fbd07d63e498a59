// The store in PostgreSQL, for several edges of one organisation: each change is told to the others (LISTEN/NOTIFY), and
// whoever has lost its connection is told that anything may have changed. While the server is away every call rejects:
// nobody is let in by what is remembered.
import { Client, type ClientConfig, Pool, type QueryResult, type QueryResultRow } from 'pg';
import { AppError } from '../../shared/errors.ts';
import { firstOf, type Log, reason } from '../log.ts';
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

type Query = <Row extends QueryResultRow>(
  text: string,
  values?: string[],
) => Promise<QueryResult<Row>>;

/** Rejects when there is no such server or database, as each call does while it is away: with `edge/store-unavailable`. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const timeouts = {
    connectionString: options.url,
    connectionTimeoutMillis: CONNECT_MS,
    // A server that hangs must not hold whoever waits to be let in.
    query_timeout: ANSWER_MS,
    keepAlive: true,
  };
  const pool = new Pool({ ...timeouts, max: MOST_CONNECTIONS });
  // Idle connections die with their server; the next call makes new ones, or says why not.
  pool.on('error', () => {});
  const answered = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
    answer.catch((error: unknown) => {
      throw unusable(options.url, error);
    });

  const transaction = async <Result>(work: (query: Query) => Promise<Result>): Promise<Result> => {
    const client = await answered(pool.connect());
    const query: Query = (text, values) => answered(client.query(text, values));
    try {
      await query('BEGIN');
      const result = await work(query);
      await query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // Ends the transaction with the connection: after a timeout nobody knows what state it is in.
      client.release(true);
      throw error;
    }
  };
  const ended = async (error: unknown): Promise<never> => {
    await pool.end();
    throw error;
  };
  await transaction(async (query) => {
    // Two that start at once would both find no table.
    await query('SELECT pg_advisory_xact_lock(hashtext($1))', [CHANNEL]);
    await query(TABLE);
  }).catch(ended);
  const stopListening = await answered(listenForChanges(timeouts, options)).catch(ended);
  const told = (query: Query, collection: CollectionName): Promise<unknown> =>
    query('SELECT pg_notify($1, $2)', [CHANNEL, collection]);

  return {
    async get(from, id) {
      const { rows } = await answered(
        pool.query<{ record: never }>(
          'SELECT record FROM banyan_edge_records WHERE collection = $1 AND id = $2',
          [from, id],
        ),
      );
      return rows[0]?.record;
    },
    async list(from) {
      const { rows } = await answered(
        pool.query<{ id: string; record: never }>(
          'SELECT id, record FROM banyan_edge_records WHERE collection = $1 ORDER BY position',
          [from],
        ),
      );
      return rows.map(({ id, record }): [string, never] => [id, record]);
    },
    put: (into, id, record) =>
      transaction(async (query) => {
        await query(PUT, [into, id, JSON.stringify(record)]);
        await told(query, into);
      }),
    delete: (from, id) =>
      transaction(async (query) => {
        const { rowCount } = await query(
          'DELETE FROM banyan_edge_records WHERE collection = $1 AND id = $2',
          [from, id],
        );
        if (rowCount) await told(query, from);
      }),
    change: (name, id, change) =>
      transaction(async (query) => {
        // Of the name, not of the row: there may be none yet.
        await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${name}/${id}`]);
        const { rows } = await query<{ record: Collections[typeof name] }>(
          'SELECT record FROM banyan_edge_records WHERE collection = $1 AND id = $2',
          [name, id],
        );
        const changed = change(rows[0]?.record);
        if (changed === undefined) return false;
        await query(PUT, [name, id, JSON.stringify(changed)]);
        await told(query, name);
        return true;
      }),
    async close() {
      await stopListening();
      await pool.end();
    },
  };
}

const NO_PASSWORD = /^SASL: .* client password must be a string$/;

/** The address without user and password: it is shown. */
function unusable(url: string, cause: unknown): AppError {
  const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: '', pathname: '' };
  const first = firstOf(cause);
  const said = first instanceof Error ? first.message : 'no reason is known';
  const why = NO_PASSWORD.test(said)
    ? 'it asks for a password, and none was given (PGPASSWORD)'
    : said;
  const message = `The database ${host}${pathname} cannot be used: ${why}.`;
  return new AppError('edge/store-unavailable', message, { cause });
}

/** A connection of its own, made again for as long as it takes. Resolves when it listens for the first time. */
async function listenForChanges(
  timeouts: ClientConfig,
  { onChange, onDeaf, log }: PostgresOptions,
): Promise<() => Promise<void>> {
  let client: Client | null = null;
  let isHeard = false; // each outage is told once, however often it is tried to hear again
  let isStopped = false;
  let again: NodeJS.Timeout | undefined;
  let asking: NodeJS.Timeout | undefined;

  const listen = async (): Promise<void> => {
    const listening = new Client(timeouts);
    listening.on('notification', ({ payload }) => onChange((payload ?? null) as CollectionName));
    let isLost = false;
    const lost = (error = new Error('the server has ended the connection')): void => {
      if (isLost || isStopped || client !== listening) return;
      isLost = true;
      clearInterval(asking);
      listening.end(() => {}); // it may be gone
      if (isHeard) {
        onDeaf();
        log('warn', 'changes of the store are not heard', { reason: reason(error) });
      }
      isHeard = false;
      retry();
    };
    listening.on('error', lost);
    listening.on('end', () => lost());
    client = listening;
    await listening.connect();
    await listening.query(`LISTEN ${CHANNEL}`);
    isHeard = true;
    asking = setInterval(() => void listening.query('SELECT 1').catch(lost), LISTEN_ASKED_MS);
    asking.unref();
  };
  const retry = (): void => {
    clearTimeout(again);
    again = setTimeout(() => {
      listen()
        .then(() => {
          log('warn', 'changes of the store are heard again'); // to whoever was told of the loss
          onChange(null); // what was told in between was told to nobody here
        })
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
