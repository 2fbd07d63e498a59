// Several edges of one organisation on one PostgreSQL: what one is told holds at the other, and while the database is away
// nobody gets in by what is remembered.
import { once } from 'node:events';
import { access, cp } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { createEdge, type Edge } from '../../src/edge/index.ts';
import { inGroups } from '../../src/shared/model/fingerprint.ts';
import { createInvites } from '../../src/edge/enrolment/invites.ts';
import { DEFAULT_POSTURE } from '../../src/edge/policy/posture.ts';
import { openPostgresStore } from '../../src/edge/store/postgres-store.ts';
import { aSigningRequest } from '../support/certificates.ts';
import { type PostgresServer, postgresMissing, startPostgresServer } from '../support/postgres.ts';
import {
  codeOf,
  enrol,
  registerDevice,
  signIn,
  type SignedIn,
} from '../support/scripted-device.ts';
import { openEvents } from '../support/event-stream.ts';
import { call } from '../support/https.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const AWAY_MS = 30_000;
const whyNot = postgresMissing();
let server: PostgresServer;
beforeAll(async () => {
  if (whyNot === null) server = await startPostgresServer();
}, 60_000);
afterAll(() => (whyNot === null ? server.stop() : undefined));
beforeEach((context) => {
  if (whyNot !== null) context.skip(whyNot);
});

/** Two of them: keys are copied by hand, all else comes from the database. */
async function organisation(): Promise<{ first: TestEdge; second: Edge }> {
  const database = await server.database();
  const first = await startEdge({ database });
  onTestFinished(() => first.stop());
  return { first, second: await another(first, database) };
}

async function another(first: TestEdge, database: string): Promise<Edge> {
  const data = path.join(tempDir(), 'data');
  for (const each of ['authority', 'issuer.json']) {
    await cp(path.join(first.data, each), path.join(data, each), { recursive: true });
  }
  const free = { port: 0 };
  const second = await createEdge({
    data,
    name: 'Demo',
    host: 'demo.localhost',
    address: '127.0.0.1',
    ports: { public: free, mutual: free, browser: null, accessTier: free, rest: free },
    // What people see is one address, wherever they are led.
    outer: { publicPort: Number(new URL(first.edge.document.issuer).port) },
    lifetimes: {},
    documents: {},
    users: [],
    posture: DEFAULT_POSTURE,
    database,
    log: () => {},
  });
  onTestFinished(() => second.stop(0));
  return second;
}

function dial(edge: Edge, { trust }: SignedIn, name = 'echo'): TLSSocket {
  const socket = connect({
    host: '127.0.0.1',
    port: edge.accessTierPort,
    servername: `${name}.demo.localhost`,
    ca: edge.root,
    ...trust,
  });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}
async function echoes(socket: TLSSocket): Promise<boolean> {
  const answer = Promise.race([
    once(socket, 'data').then(() => true),
    new Promise<false>((resolve) => socket.once('close', () => resolve(false))),
  ]).catch(() => false);
  socket.write('x');
  return answer;
}
const gone = (socket: TLSSocket): Promise<unknown> =>
  socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));

test('who signs in at one is let in at the other, and what one is told ends connections there within a second', async () => {
  const { first, second } = await organisation();
  const dana = await signIn(first, await registerDevice(first));
  const ask = callsTo(first.data);
  const by = 'test';

  const running = dial(second, dana);
  expect(await echoes(running)).toBe(true);
  const other = await signIn(first, await registerDevice(first));
  const unconcerned = dial(second, other);
  expect(await echoes(unconcerned)).toBe(true);
  let at = Date.now();
  await ask('device.ban', { device: dana.device.id, banned: true, reason: 'Lost.', by });
  await gone(running);
  expect(Date.now() - at).toBeLessThan(1_000);
  expect(await echoes(dial(second, dana))).toBe(false);
  expect(await echoes(unconcerned)).toBe(true);

  at = Date.now();
  await ask('document.enable', { kind: 'service', id: 'echo.demo.bnn', enabled: false, by });
  await gone(unconcerned);
  expect(Date.now() - at).toBeLessThan(1_000);
  // And back, by the other one.
  await second.setServiceEnabled('echo.demo.bnn', true);
  await until(async () => echoes(dial(first.edge, other)));
});

test('a key of administrators is good at every edge, until it is revoked at any; without the database none is', async () => {
  const { first, second } = await organisation();
  const ask = callsTo(first.data);
  const by = 'test';
  const { key } = await ask('api-key.create', { name: 'shared', role: 'write', days: 1, by });
  const roles = async () => {
    const { status } = await call(
      `https://demo.localhost:${second.restPort}/api/v1/security_roles`,
      {
        root: second.root,
        headers: { authorization: `Bearer ${key}` },
      },
    );
    return status;
  };
  expect(await roles()).toBe(200);
  await server.kill();
  expect(await roles()).toBe(503);
  await server.start();
  await until(async () => (await roles()) === 200);
  await ask('api-key.revoke', { name: 'shared', by });
  expect(await roles()).toBe(401);
});

test('a record of a later version keeps no edge from the changes after it; a policy that cannot be read lets nobody in', async () => {
  const database = await server.database();
  const first = await startEdge({ database });
  onTestFinished(() => first.stop());
  const second = await another(first, database);
  const dana = await signIn(first, await registerDevice(first));
  expect(await echoes(dial(second, dana, 'api'))).toBe(true);
  const running = dial(second, dana);
  expect(await echoes(running)).toBe(true);

  const store = await openPostgresStore({
    url: database,
    onChange: () => {},
    onDeaf: () => {},
    log: () => {},
  });
  onTestFinished(() => store.close());
  const record = {
    kind: 'policy',
    enabled: true,
    definition: { kind: 'BanyanPolicy', metadata: { name: 'later' }, spec: 'new' },
  } as const;
  await store.put('documents', 'policy/later', record);
  await callsTo(first.data)('document.enable', {
    kind: 'service',
    id: 'echo.demo.bnn',
    enabled: false,
    by: 'test',
  });
  await gone(running);

  const api = dial(second, dana, 'api');
  await once(api, 'secureConnect');
  await store.put('documents', 'policy/engineers', record);
  await gone(api);
  expect(await echoes(dial(second, dana, 'api'))).toBe(false);
});

test('what changes while word of it is lost is found once it is heard again', async () => {
  const { first, second } = await organisation();
  const dana = await signIn(first, await registerDevice(first));
  const running = dial(second, dana);
  expect(await echoes(running)).toBe(true);
  // Neither hears of this by itself: the listening connections are made anew half a second later.
  await server.deafen();
  await first.edge.revokeDevice(dana.device.id, 'Stolen.');
  await gone(running);
});

test('a connection for changes that has gone silent is noticed, and what it did not tell is found', async () => {
  const { first, second } = await organisation();
  const dana = await signIn(first, await registerDevice(first));
  const running = dial(second, dana);
  expect(await echoes(running)).toBe(true);
  await server.silence();
  await first.edge.revokeDevice(dana.device.id, 'Stolen.');
  await gone(running);
});

test('the reason of a ban reaches an app whose event stream is at another edge than the one that was told', async () => {
  const { first, second } = await organisation();
  const dana = await signIn(first, await registerDevice(first));
  const events = await openEvents({ edge: second }, dana);
  await callsTo(first.data)('device.ban', {
    device: dana.device.id,
    banned: true,
    reason: 'Lost on a train.',
    by: 'test',
  });
  expect(await events.next('session.ended')).toEqual({ reason: 'Lost on a train.' });
  await events.ended;
});

test('what changed in the last moment before the database went away holds from the first moment that it is back', async () => {
  const { first, second } = await organisation();
  const dana = await signIn(first, await registerDevice(first));
  expect(await echoes(dial(second, dana))).toBe(true);
  // The other edge is not told: whoever listens is held, and killed with the server.
  await server.silence();
  await first.edge.setServiceEnabled('echo.demo.bnn', false);
  await server.kill();
  let admitted = 0;
  const state = { isOver: false };
  const knock = async (): Promise<void> => {
    while (!state.isOver) if (await echoes(dial(second, dana))) admitted += 1;
  };
  const knocking = Array.from({ length: 4 }, knock);
  await server.start();
  // Longer than it takes to listen again.
  await delay(2_000);
  state.isOver = true;
  await Promise.all(knocking);
  expect(admitted).toBe(0);
  await first.edge.setServiceEnabled('echo.demo.bnn', true);
  await until(async () => echoes(dial(second, dana)));
});

test('while word of changes is lost, though the database is there, whoever comes waits for the newest rules', async () => {
  const { first, second } = await organisation();
  const dana = await signIn(first, await registerDevice(first));
  const running = dial(second, dana);
  expect(await echoes(running)).toBe(true);
  await server.deafen();
  expect(await echoes(dial(second, dana))).toBe(true);
  expect(await echoes(running)).toBe(true);
});

test('an edge that starts leaves alone what another is registering', async () => {
  const database = await server.database();
  const first = await startEdge({ database });
  onTestFinished(() => first.stop());
  const code = codeOf(await first.edge.createInvite());
  const store = await openPostgresStore({
    url: database,
    onChange: () => {},
    onDeaf: () => {},
    log: () => {},
  });
  onTestFinished(() => store.close());
  // As an edge does between the decision and the certificate.
  const invites = createInvites(store);
  const { id } = (await invites.find(code))!;
  expect(await invites.claim(id)).toBeTruthy();
  await another(first, database);
  const { request } = await aSigningRequest();
  expect((await enrol(first, { code, request })).status).toBe(401);
});

test(
  'while the database is away nobody is let in; afterwards all goes on by itself',
  async () => {
    const { first, second } = await organisation();
    const dana = await signIn(first, await registerDevice(first));
    const eve = await signIn(first, await registerDevice(first));
    await first.edge.revokeDevice(eve.device.id, 'Stolen.');
    expect(await echoes(dial(second, dana))).toBe(true);
    await until(async () => !(await echoes(dial(second, eve))));

    const ask = callsTo(first.data);
    let denied = 0;
    let admittedBefore = 0;
    let admittedWhileAway = 0;
    let admittedOfEve = 0;
    const state = { isAway: false, wasAway: false, isOver: false };
    const load = async (edge: Edge): Promise<void> => {
      while (!state.isOver) {
        const before = state.isAway;
        const [good, bad] = [dial(edge, dana), dial(edge, eve)];
        const [isIn, isEveIn] = await Promise.all([echoes(good), echoes(bad)]);
        if (before && state.isAway && isIn) admittedWhileAway += 1;
        if (!state.wasAway && isIn) admittedBefore += 1;
        if (isEveIn) admittedOfEve += 1;
        if (!isIn) denied += 1;
        good.destroy();
        bad.destroy();
        await delay(10);
      }
    };
    const loads = [first.edge, second].flatMap((edge) =>
      Array.from({ length: 4 }, () => load(edge)),
    );
    await until(() => Promise.resolve(admittedBefore > 50));
    await server.kill();
    state.isAway = true;
    state.wasAway = true;
    // What an administrator is not told to be done, is not done.
    const off = { kind: 'service', id: 'echo.demo.bnn', enabled: false, by: 'test' } as const;
    await expect(ask('document.enable', off)).rejects.toThrow();
    await expect(first.edge.revokeDevice(dana.device.id, 'Too late.')).rejects.toThrow();
    await delay(AWAY_MS);
    state.isAway = false;
    await server.start();
    await until(async () => echoes(dial(first.edge, dana)));
    await until(async () => echoes(dial(second, dana)));
    state.isOver = true;
    await Promise.all(loads);
    expect({ admittedWhileAway, admittedOfEve }).toEqual({
      admittedWhileAway: 0,
      admittedOfEve: 0,
    });
    expect(denied).toBeGreaterThan(500);
    // Changes are heard again.
    const running = dial(second, dana);
    expect(await echoes(running)).toBe(true);
    await first.edge.revokeDevice(dana.device.id, 'Stolen, too.');
    await gone(running);
  },
  AWAY_MS + 60_000,
);

test('an edge to which nobody copied the keys is refused, and leaves nothing where they belong', async () => {
  const database = await server.database();
  const first = await startEdge({ database });
  onTestFinished(() => first.stop());
  const data = path.join(tempDir(), 'data');
  await expect(startEdge({ database, data })).rejects.toMatchObject({
    code: 'edge/authority-differs',
    message: expect.stringContaining(inGroups(first.edge.rootFingerprint)) as string,
  });
  await expect(access(path.join(data, 'authority', 'root-cert.pem'))).rejects.toThrow('ENOENT');
  // The keys of another organisation are none either.
  const other = await startEdge();
  onTestFinished(() => other.stop());
  await cp(path.join(other.data, 'authority'), path.join(data, 'authority'), { recursive: true });
  await cp(path.join(other.data, 'issuer.json'), path.join(data, 'issuer.json'));
  await expect(startEdge({ database, data })).rejects.toMatchObject({
    code: 'edge/authority-differs',
  });
});

test('an edge with the authority but without the key of the issuer is refused, and so is one with another', async () => {
  const database = await server.database();
  const first = await startEdge({ database });
  onTestFinished(() => first.stop());
  const data = path.join(tempDir(), 'data');
  const issuer = path.join(data, 'issuer.json');
  await cp(path.join(first.data, 'authority'), path.join(data, 'authority'), { recursive: true });
  await expect(startEdge({ database, data })).rejects.toMatchObject({
    code: 'edge/authority-differs',
    message: expect.stringContaining('There is no issuer.json') as string,
  });
  await expect(access(issuer)).rejects.toThrow('ENOENT');
  const other = await startEdge();
  onTestFinished(() => other.stop());
  await cp(path.join(other.data, 'issuer.json'), issuer);
  await expect(startEdge({ database, data })).rejects.toMatchObject({
    code: 'edge/authority-differs',
    message: expect.stringContaining('issuer.json is another one') as string,
  });
  await cp(path.join(first.data, 'issuer.json'), issuer);
  await (await startEdge({ database, data })).stop();
});

test('a database that cannot be used is named with its reason, without the password', async () => {
  const url = new URL(await server.database());
  url.pathname = '/nobody-made-it';
  url.password = 'hunter2';
  const failure = await startEdge({ database: url.href }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'edge/store-unavailable',
    message: expect.stringContaining('database "nobody-made-it" does not exist.') as string,
  });
  expect((failure as Error).message).not.toContain('hunter2');
});

test('a database that asks for a password says that none was given', async () => {
  const url = new URL(await server.database());
  const client = new Client({ connectionString: url.href });
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query<{ hba_file: string }>('SHOW hba_file');
  const rules = "('host all asked all scram-sha-256'), ('host all all all trust')";
  await client.query(`COPY (VALUES ${rules}) TO '${rows[0]?.hba_file}'`);
  await client.query("CREATE ROLE asked LOGIN PASSWORD 'hunter2'");
  await client.query('SELECT pg_reload_conf()');
  url.username = 'asked';
  const said = () =>
    startEdge({ database: url.href }).then(
      (edge) => edge.stop().then(() => ''),
      (error: Error) => error.message,
    );
  await until(async () => !(await said()).includes('permission denied')); // it has read its rules
  const why = 'it asks for a password, and none was given (PGPASSWORD)';
  expect(await said()).toBe(`The database ${url.host}${url.pathname} cannot be used: ${why}.`);
});

test('while the database is away, commands and health say which, without its password, and the log says so once', async () => {
  const url = new URL(await server.database());
  url.password = 'hunter2';
  const edge = await startEdge({ database: url.href, ports: { operations: { port: 0 } } });
  onTestFinished(() => edge.stop());
  const health = async () => {
    const answer = await fetch(`http://127.0.0.1:${edge.edge.operationsPort}/health`);
    return `${answer.status} ${await answer.text()}`;
  };
  const logged = () => edge.logged.filter((line) => line.includes(' store'));
  expect(await health()).toBe('200 ok\n');
  await server.kill();
  const at = `127.0.0.1:${server.port}`;
  const why = `The database ${at}${url.pathname} cannot be used: connect ECONNREFUSED ${at}.`;
  await until(async () => (await health()) === `503 ${why}\n`);
  await expect(callsTo(edge.data)('status', {})).rejects.toMatchObject({
    code: 'edge/store-unavailable',
    message: why,
  });
  await delay(2_000); // of which each half second is an attempt to hear again
  await server.start();
  await until(async () => (await health()) === '200 ok\n');
  await until(async () => logged().some((line) => line.includes('heard again')));
  const messages = logged().map((line) => line.split(' {')[0]);
  expect(messages[0]).toBe('warn changes of the store are not heard');
  expect(logged()[0]).toContain('Connection terminated');
  // None comes twice, a change among them that could not be read yet when it went away.
  expect(messages).toEqual([...new Set(messages)]);
});
