// A diagnosis against the real edge: every step is tried, and the broken one is named.
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import { diagnose } from '../../src/main/client/diagnostics/diagnose.ts';
import { AppError } from '../../src/shared/errors.ts';
import type { Diagnosis } from '../../src/shared/model/diagnosis.ts';
import { publishService, startBackend } from '../support/collection.ts';
import { startCorporateProxy } from '../support/corporate-proxy.ts';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import { startClient, type TestClientOptions } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

async function signedIn(options: TestClientOptions = {}) {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const client = await startClient(options);
  onTestFinished(() => client.stop());
  await client.register(await edge.edge.createInvite());
  await client.signIn();
  return { edge, client };
}

const found = ({ results }: Diagnosis) =>
  Object.fromEntries(results.map(({ step, status }) => [step, status]));
const step = ({ results }: Diagnosis, name: string) => results.find((each) => each.step === name);
const WELL = {
  keychain: 'ok',
  clock: 'ok',
  proxy: 'ok',
  name: 'ok',
  tcp: 'ok',
  tls: 'ok',
  certificate: 'ok',
};

describe('a diagnosis', () => {
  it('of an organisation and of a service where nothing is broken says so of each step', async () => {
    const { edge, client } = await signedIn();
    const backend = await startBackend((socket) => void socket.write('SSH-2.0-here\r\n'));
    onTestFinished(() => backend.stop());
    await publishService(edge, 'own', backend.port);
    await client.call('catalog.refresh', {});
    expect(found(await client.call('diagnostics.run', { service: null }))).toEqual(WELL);
    const own = await client.call('diagnostics.run', { service: 'own.demo.bnn' });
    expect(found(own)).toEqual({ ...WELL, policy: 'ok', backend: 'ok' });
    for (const { reason } of own.results) expect(reason).toMatch(/^\S.{8,}\.$/);
  });

  it('names the network where nothing answers, and tries nothing behind it', async () => {
    const { edge, client } = await signedIn();
    const before = await client.call('diagnostics.run', { service: 'echo.demo.bnn' });
    expect(found(before)).toMatchObject({ tcp: 'ok', policy: 'ok' });
    await edge.stop();
    const diagnosis = await client.call('diagnostics.run', { service: 'echo.demo.bnn' });
    expect(found(diagnosis)).toMatchObject({ name: 'ok', tcp: 'failed', tls: 'unknown' });
    expect(step(diagnosis, 'tcp')).toMatchObject({
      error: { code: 'organisation/unreachable' },
      reason: expect.stringContaining('nothing answers at that port') as string,
    });
    expect(step(diagnosis, 'policy')?.reason).toBe('Not tried: Network (TCP) failed.');
    expect(step(diagnosis, 'clock')?.status).toBe('unknown');
  });

  it('names the encryption where somebody else answers', async () => {
    const { edge, client } = await signedIn();
    const port = edge.edge.accessTierPort;
    const before = await client.call('diagnostics.run', { service: 'echo.demo.bnn' });
    expect(found(before)).toMatchObject({ tls: 'ok', policy: 'ok' });
    await edge.stop();
    const stranger = createServer((socket) => void socket.on('error', () => {}).end('hello'));
    await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => void stranger.close());
    const diagnosis = await client.call('diagnostics.run', { service: 'echo.demo.bnn' });
    expect(found(diagnosis)).toMatchObject({ tcp: 'ok', tls: 'failed', policy: 'unknown' });
  });

  it('names the policy with the reason of the organisation', async () => {
    const { client } = await signedIn();
    const diagnosis = await client.call('diagnostics.run', { service: 'vault.demo.bnn' });
    expect(found(diagnosis)).toEqual({ ...WELL, policy: 'failed', backend: 'unknown' });
    expect(step(diagnosis, 'policy')?.error?.code).toBe('tunnel/denied');
  });

  it('names what is behind the Access Tier where that is gone', async () => {
    const { edge, client } = await signedIn();
    const backend = await startBackend(() => {});
    await publishService(edge, 'own', backend.port);
    await backend.stop();
    await client.call('catalog.refresh', {});
    const diagnosis = await client.call('diagnostics.run', { service: 'own.demo.bnn' });
    expect(found(diagnosis)).toEqual({ ...WELL, policy: 'ok', backend: 'failed' });
    expect(step(diagnosis, 'backend')?.error?.code).toBe('tunnel/target-unreachable');
  });

  it('names a keychain that is locked', async () => {
    const keychain = fakeKeychain();
    const { client } = await signedIn({ keychain });
    const locked = new AppError('device/secret-store-locked', 'The keychain is locked.');
    keychain.get = () => Promise.reject(locked);
    const diagnosis = await client.call('diagnostics.run', { service: null });
    expect(found(diagnosis)).toEqual({ ...WELL, keychain: 'failed' });
  });

  it('names a clock that is wrong', async () => {
    let ahead = 0;
    const clock = {
      now: () => Date.now() + ahead,
      after(delayMs: number, run: () => void) {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
    };
    const { client } = await signedIn({ ports: { clock } });
    ahead = 20 * 60_000;
    const diagnosis = await client.call('diagnostics.run', { service: null });
    expect(step(diagnosis, 'clock')).toMatchObject({
      status: 'failed',
      error: { code: 'identity/clock-skew' },
    });
  });

  it('without a session leaves open what only a session can tell, and without a registration nearly all', async () => {
    const { client } = await signedIn();
    await client.call('session.signOut', {});
    expect(found(await client.call('diagnostics.run', { service: null }))).toEqual(WELL);
    await client.call('device.unregister', {});
    const alone = found(await client.call('diagnostics.run', { service: null }));
    expect(alone).toMatchObject({ keychain: 'ok', tcp: 'unknown', certificate: 'unknown' });
  });
});

it('a proxy in between is tried by itself', async () => {
  const proxy = await startCorporateProxy({ refuse: 403 });
  onTestFinished(() => proxy.stop());
  const { client } = await signedIn();
  // The edge of this test is on loopback, where no proxy is ever asked: chosen by hand.
  const chosen = { host: '127.0.0.1', port: proxy.port, authorization: null };
  const clock = systemClock;
  const { device } = client.slices();
  const host = device.status === 'registered' ? device.organisation.host : '';
  const diagnosis = await diagnose(
    {
      ports: { secrets: { keychain: client.keychain } as never, clock, log: client.log },
      network: { clock, chooseProxy: () => chosen },
      runtime: {
        state: { slices: client.slices() },
        device: { membership: () => ({ organisation: { host } }) },
      } as never,
    },
    null,
  );
  expect(step(diagnosis, 'proxy')).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('status 403') as string,
  });
  expect(found(diagnosis)).toMatchObject({ name: 'unknown', tcp: 'unknown', tls: 'unknown' });
});

it('the report holds what helps, and no secret and no name of a person', async () => {
  const { edge, client } = await signedIn();
  await client.call('settings.change', {
    proxy: { kind: 'own', address: 'p.example:3128', user: 'zoe', password: 'hunter2' },
  });
  await client.call('tunnel.open', { service: 'echo.demo.bnn' });
  await client.call('diagnostics.run', { service: 'vault.demo.bnn' });
  const { session, device } = client.slices();
  const { file } = await client.call('diagnostics.save', {});
  const text = readFileSync(file, 'utf8');
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(text)).toMatchObject({
    versions: { banyan: '0.1.0', node: process.versions.node },
    settings: { theme: 'system', proxy: { kind: 'own', address: 'p.example:3128' } },
    device: { status: 'registered' },
    session: { status: 'signed-in' },
    diagnoses: [{ service: 'vault.demo.bnn' }, { service: null }],
  });
  expect(text).toContain('diagnosis');
  const person = 'person' in session ? session.person : { name: '', email: '', subject: '' };
  expect(person.email).toContain('@');
  const name = 'device' in device ? device.device.name : '';
  for (const secret of ['hunter2', 'zoe', person.email, person.name, name, client.home]) {
    expect(secret.length, secret).toBeGreaterThan(2);
    expect(text.includes(secret), secret).toBe(false);
  }
  expect(text).not.toMatch(/eyJ[\w-]+\.|PRIVATE KEY|BEGIN CERTIFICATE|[\w.]+@[\w-]+\.[a-z]/);
  expect(text).toContain(edge.edge.accessTierPort.toString());
});
