// Every store of the edge keeps the same promises.
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openFileStore } from '../../src/edge/store/file-store.ts';
import { createMemoryStore } from '../../src/edge/store/memory-store.ts';
import { openPostgresStore } from '../../src/edge/store/postgres-store.ts';
import type { InviteRecord, Store } from '../../src/edge/store/store.ts';
import { sweep } from '../../src/edge/store/sweep.ts';
import { type PostgresServer, postgresMissing, startPostgresServer } from '../support/postgres.ts';

const invite: InviteRecord = {
  codeHash: 'x',
  createdAt: 0,
  expiresAt: 100,
  uses: { most: 2, made: 0 },
};
const claimed = { ...invite, claims: { one: 1e9 } };
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'banyan-store-'));
  path = join(folder, 'state.json');
});
afterEach(() => rm(folder, { recursive: true }));

let server: PostgresServer | null = null;
const whyNoPostgres = postgresMissing();
beforeAll(async () => {
  if (whyNoPostgres === null) server = await startPostgresServer();
}, 60_000);
afterAll(() => server?.stop());

const stores: [string, () => Promise<Store>][] = [
  ['memory', () => Promise.resolve(createMemoryStore())],
  ['file', () => openFileStore(path)],
  [
    'PostgreSQL',
    async () =>
      openPostgresStore({
        url: await server!.database(),
        onChange: () => {},
        onDeaf: () => {},
        log: () => {},
      }),
  ],
];

describe.each(stores)('the %s store', (name, open) => {
  beforeEach((context) => {
    if (name === 'PostgreSQL' && whyNoPostgres !== null) context.skip(whyNoPostgres);
  });

  test('gives back what was put, and nothing for what was not', async () => {
    const store = await open();
    await store.put('invites', 'a', invite);
    expect(await store.get('invites', 'a')).toEqual(invite);
    expect(await store.get('invites', 'b')).toBeUndefined();
    expect(await store.get('users', 'a')).toBeUndefined();
    expect(await store.list('invites')).toEqual([['a', invite]]);
    await store.close();
  });

  test('keeps whatever JSON can say as it was said', async () => {
    const store = await open();
    const payload = { z: 'a\u0000b\ud800', a: [1e-7, -0.5, null, { '': '"\\\n\u2028' }], é: {} };
    await store.put('issuer', 'a', { payload });
    const kept = await store.get('issuer', 'a');
    expect(JSON.stringify(kept?.payload)).toBe(JSON.stringify(payload));
    await store.close();
  });

  test('changing a record that was read changes nothing', async () => {
    const store = await open();
    await store.put('invites', 'a', invite);
    const read = await store.get('invites', 'a');
    read!.uses.made = 1;
    expect(await store.get('invites', 'a')).toEqual(invite);
    await store.close();
  });

  test('of many changes at once, one that depends on the record succeeds', async () => {
    const store = await open();
    await store.put('invites', 'a', invite);
    const claims = await Promise.all(
      Array.from({ length: 20 }, () =>
        store.change('invites', 'a', (record) => (record && !record.claims ? claimed : undefined)),
      ),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    await store.close();
  });

  test('of many changes at once, each counts', async () => {
    const store = await open();
    await store.put('invites', 'a', invite);
    // Connections that are there already: else each change comes when the one before is over.
    await Promise.all(Array.from({ length: 20 }, () => store.get('invites', 'a')));
    const more = ({ uses }: InviteRecord) => ({ ...uses, made: uses.made + 1 });
    await Promise.all(
      Array.from({ length: 50 }, () =>
        store.change('invites', 'a', (record) => record && { ...record, uses: more(record) }),
      ),
    );
    expect((await store.get('invites', 'a'))?.uses.made).toBe(50);
    // Of a record that is not there yet, too.
    const made = await Promise.all(
      Array.from({ length: 50 }, () =>
        store.change('invites', 'b', (record) => (record ? undefined : invite)),
      ),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    await store.close();
  });

  test('deletes what is there and does not mind what is not', async () => {
    const store = await open();
    await store.put('invites', 'a', invite);
    await store.delete('invites', 'a');
    await store.delete('invites', 'a');
    expect(await store.list('invites')).toEqual([]);
    await store.close();
  });

  test('sweeping removes what has run out and keeps the rest', async () => {
    const store = await open();
    await store.put('issuer', 'old', { payload: {}, expiresAt: 10 });
    await store.put('issuer', 'new', { payload: {}, expiresAt: 1000 });
    await store.put('issuer', 'endless', { payload: {} });
    await store.put('invites', 'old', { ...invite, expiresAt: 10 });
    await store.put('invites', 'claimed', { ...claimed, expiresAt: 10 });
    await store.put('invites', 'deployment', { ...invite, expiresAt: 10, deployment: 'All' });
    await sweep(store, 500);
    const ids = async (name: 'issuer' | 'invites') => (await store.list(name)).map(([id]) => id);
    expect(await ids('issuer')).toEqual(['new', 'endless']);
    // That a deployment invite has ended is told apart from a guess for a while.
    expect(await ids('invites')).toEqual(['claimed', 'deployment']);
    await sweep(store, 500 + 100 * 24 * 3600);
    expect(await ids('invites')).toEqual(['claimed']);
    await store.close();
  });
});

describe('the file store', () => {
  test('has on disk what it has promised, readable by its owner only', async () => {
    const store = await openFileStore(path);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.put('invites', String(index), invite)),
    );
    // Not closed: a killed process leaves it like this.
    const again = await openFileStore(path);
    expect(await again.list('invites')).toHaveLength(50);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('a file that is no state file is refused, not overwritten', async () => {
    await writeFile(path, '{"version":1,"coll');
    await expect(openFileStore(path)).rejects.toThrow('not a state file');
    expect(await readFile(path, 'utf8')).toBe('{"version":1,"coll');
  });

  test('what may not or cannot be read is refused, never taken for empty', async () => {
    await expect(openFileStore(folder)).rejects.toThrow('EISDIR');
  });

  test('a change whose write fails changes nothing, and the next one works', async () => {
    const within = join(folder, 'disk');
    const file = join(within, 'state.json');
    await mkdir(within);
    const store = await openFileStore(file);
    await store.put('invites', 'a', invite);
    await store.put('invites', 'b', invite);
    await rm(within, { recursive: true });
    await expect(store.put('invites', 'a', claimed)).rejects.toThrow('ENOENT');
    await expect(store.put('invites', 'new', invite)).rejects.toThrow('ENOENT');
    await expect(store.change('invites', 'a', () => claimed)).rejects.toThrow('ENOENT');
    await expect(store.delete('invites', 'b')).rejects.toThrow('ENOENT');
    const before = [
      ['a', invite],
      ['b', invite],
    ];
    expect(await store.list('invites')).toEqual(before);
    await mkdir(within);
    await store.put('users', 'u', { id: 'u', email: 'u', name: 'u', groups: [], password: '' });
    const again = await openFileStore(file);
    expect(await again.list('invites')).toEqual(before);
    await store.close();
  });

  test('of changes that build on one whose write fails, none is kept', async () => {
    const within = join(folder, 'disk');
    const store = await openFileStore(join(within, 'state.json'));
    const claim = () =>
      store.change('invites', 'a', (record = invite) => ({
        ...record,
        uses: { ...record.uses, made: record.uses.made + 1 },
      }));
    const first = claim();
    await Promise.resolve(); // it is being written
    const all = [first, claim(), store.delete('invites', 'a'), claim()];
    const results = await Promise.allSettled(all);
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(await store.list('invites')).toEqual([]);
    await mkdir(within);
    await claim();
    expect(await store.get('invites', 'a')).toMatchObject({ uses: { made: 1 } });
    await store.close();
  });
});

describe('two on one PostgreSQL', () => {
  beforeEach((context) => {
    if (whyNoPostgres !== null) context.skip(whyNoPostgres);
  });

  test('each is told what the other has changed, and of nothing that stayed', async () => {
    const url = await server!.database();
    const told: (string | null)[] = [];
    const shared = { url, onDeaf: () => {}, log: () => {} };
    const here = await openPostgresStore({ ...shared, onChange: () => {} });
    const there = await openPostgresStore({ ...shared, onChange: (name) => told.push(name) });
    await here.delete('invites', 'a');
    expect(await here.change('invites', 'a', () => undefined)).toBe(false);
    await here.put('users', 'a', { id: 'a', email: 'a', name: 'a', groups: [], password: '' });
    await here.change('invites', 'a', () => invite);
    await here.delete('invites', 'a');
    await expect.poll(() => told).toEqual(['users', 'invites', 'invites']);
    await Promise.all([here.close(), there.close()]);
  });
});
