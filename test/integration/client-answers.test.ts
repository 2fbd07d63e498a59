// Every request of registration and sign-in, and what becomes of it when the answer does not come whole: a code, a sentence,
// nothing changed, and the same thing works as soon as answers come through again.
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AppError } from '../../src/shared/errors.ts';
import type { Slices } from '../../src/shared/ipc/contract.ts';
import { type Fault, FAULTS, spoil } from '../support/spoiled-answers.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

async function aClient(): Promise<TestClient> {
  const client = await startClient();
  onTestFinished(() => client.stop());
  return client;
}

const failure = (promise: Promise<unknown>): Promise<AppError> =>
  promise.then(
    () => Promise.reject(new Error('it worked')),
    (error: AppError) => error,
  );
const WIKI = { service: 'wiki.demo.bnn' };
const CODES = ['organisation/unreachable', 'organisation/invalid-answer'];

describe.each([
  ['the organisation document', /banyan-app\.json/],
  ["the authority's certificates", /\/cacerts/],
  ['what a key has to be', /\/device\/csrattrs/],
  ["the device's certificate", /\/device\/simpleenroll/],
])('registration, %s', (_, path) => {
  it.each(FAULTS)('%s', async (fault) => {
    const client = await aClient();
    const spoiled = spoil(path, fault);
    const error = await failure(client.register(await edge.edge.createInvite()));
    expect(CODES).toContain(error.code);
    expect(spoiled.count()).toBeGreaterThan(0);
    expect(client.slices().device).toMatchObject({
      status: 'unregistered',
      because: { code: error.code },
    });
    expect(readdirSync(client.home)).not.toContain('orgs');
    expect(client.keychain.entries.size).toBe(0);
    spoiled.stop();
    await client.register(await edge.edge.createInvite());
  });
});

it.each(FAULTS)('sign-in goes on without an SSH certificate: %s', async (fault) => {
  const client = await aClient();
  await client.register(await edge.edge.createInvite());
  const spoiled = spoil(/\/ssh\/certificate/, fault);
  await client.signIn();
  expect(spoiled.count()).toBeGreaterThan(0);
  expect(client.slices().session.status).toBe('signed-in');
  expect(readdirSync(client.home)).toContain('login-cert.pem');
  expect(readdirSync(client.home)).not.toContain('login-key.pem-cert.pub');
});

describe.each([
  ['the discovery document', /openid-configuration/],
  ["the issuer's keys", /\/jwks/],
  ['the pushed request', /^\/request$/],
  ['the token', /^\/token$/],
  ['the TrustCert', /\/trustcert\/simpleenroll/],
])('sign-in, %s', (_, path) => {
  it.each(FAULTS)('%s', async (fault) => {
    const client = await aClient();
    await client.register(await edge.edge.createInvite());
    const before = client.slices().device;
    const spoiled = spoil(path, fault);
    const error = await failure(client.signIn());
    expect(CODES).toContain(error.code);
    expect(spoiled.count()).toBeGreaterThan(0);
    expect(client.slices().session).toMatchObject({
      status: 'signed-out',
      because: { code: error.code },
    });
    expect(client.slices().device).toEqual(before);
    spoiled.stop();
    await client.signIn();
  });
});

describe('sign-in with a code, the request for it', () => {
  it.each(FAULTS)('%s', async (fault) => {
    const client = await aClient();
    await client.register(await edge.edge.createInvite());
    const spoiled = spoil(/^\/device\/auth$/, fault);
    const error = await failure(client.call('session.signInWithCode', {}));
    expect(CODES).toContain(error.code);
    expect(spoiled.count()).toBeGreaterThan(0);
    expect(client.slices().session).toMatchObject({
      status: 'signed-out',
      because: { code: error.code },
    });
    spoiled.stop();
    await client.signIn();
  });
});

describe.each<[string, RegExp, readonly Fault[], (client: TestClient) => Promise<unknown>]>([
  // An empty one is the answer to who has it already.
  [
    'the list of services',
    /\/services$/,
    FAULTS.filter((fault) => fault !== 'empty'),
    (client) => client.call('catalog.refresh', {}),
  ],
  [
    'the ticket of a web service',
    /\/ticket$/,
    FAULTS,
    (client) => client.call('service.page', WIKI),
  ],
])('signed in, %s', (_, path, faults, ask) => {
  it.each(faults)('%s', async (fault) => {
    const client = await aClient();
    await client.register(await edge.edge.createInvite());
    await client.signIn();
    await client.until(({ catalog }) => catalog.services.length > 0);
    const { session, catalog, device } = client.slices();
    const spoiled = spoil(path, fault);
    expect(CODES).toContain((await failure(ask(client))).code);
    expect(spoiled.count()).toBeGreaterThan(0);
    expect(client.slices().session).toEqual(session);
    expect(client.slices().catalog.services).toEqual(catalog.services);
    expect(client.slices().device.status).toBe(device.status);
    spoiled.stop();
    await ask(client);
  });
});

it.each(FAULTS)(
  'a sign-out whose goodbye is answered wrongly is one all the same: %s',
  async (fault) => {
    const client = await aClient();
    await client.register(await edge.edge.createInvite());
    await client.signIn();
    const spoiled = spoil(/\/revocation$/, fault);
    await client.call('session.signOut', {});
    expect(spoiled.count()).toBeGreaterThan(0);
    expect(client.slices().session.status).toBe('signed-out');
    expect(readdirSync(client.home).filter((name) => name.endsWith('.pem'))).toEqual([]);
  },
);

it('a request to sign in, and one for the TrustCert, that nobody answers are given up in time', async () => {
  const clients = await Promise.all([aClient(), aClient()]);
  for (const client of clients) await client.register(await edge.edge.createInvite());
  const [first, second] = clients;
  const pushed = spoil(/^\/request$/, 'silent');
  const startedAt = performance.now();
  const one = failure(first.signIn());
  await until(() => Promise.resolve(pushed.count() === 1));
  pushed.stop();
  spoil(/\/trustcert\/simpleenroll/, 'silent');
  for (const error of await Promise.all([one, failure(second.signIn())])) {
    expect(error.code).toBe('organisation/unreachable');
    expect(error.message).toContain('no answer in time');
  }
  expect(performance.now() - startedAt).toBeLessThan(28_000);
  for (const client of clients) {
    expect(client.slices().session).toMatchObject({ status: 'signed-out' });
  }
});

it.each<[string, RegExp, (slices: Slices) => number, { deviceCert?: number; trustToken?: number }]>(
  [
    ['the DeviceCert', /\/simplereenroll$/, deviceEnd, { deviceCert: 12 }],
    ['the session', /^\/token$/, sessionEnd, { trustToken: 20 }],
  ],
)(
  'a renewal of %s that goes wrong leaves what is in use, and comes about later',
  async (...row) => {
    const [, path, endOf, lifetimes] = row;
    const short = await startEdge({ lifetimes });
    onTestFinished(() => short.stop());
    const client = await aClient();
    await client.register(await short.edge.createInvite());
    await client.signIn();
    const before = endOf(client.slices());
    let spoiled = spoil(path, FAULTS[0]);
    await vi.waitUntil(() => spoiled.count() > 0, { timeout: 20_000 });
    for (const fault of FAULTS.slice(1)) {
      spoiled.stop();
      spoiled = spoil(path, fault);
      // Looks after what is due, as after sleep.
      await client.call('settings.change', { warnBeforeExpiryMinutes: 5 });
      await vi.waitUntil(() => spoiled.count() > 0, { timeout: 5_000 });
    }
    expect(endOf(client.slices())).toBe(before);
    spoiled.stop();
    await client.until((slices) => endOf(slices) > before);
  },
);

function deviceEnd({ device }: Slices): number {
  return device.status === 'registered' ? device.device.certificateExpiresAt : NaN;
}

function sessionEnd({ session }: Slices): number {
  return 'expiresAt' in session ? session.expiresAt : NaN;
}
