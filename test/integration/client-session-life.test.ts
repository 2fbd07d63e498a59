// Short lives: what is renewed in silence, what ends, and what goes on.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { createWorkerEngine } from '../../src/proxy/index.ts';
import type { Slices } from '../../src/shared/ipc/contract.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { scriptedEngine } from '../fakes/scripted-engine.ts';
import { exchangeBytes } from '../support/bytes.ts';
import { buildEngineWorker } from '../support/engine-worker.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

async function signedInFor(
  lifetimes: NonNullable<Parameters<typeof startEdge>[0]>['lifetimes'],
  options: Parameters<typeof startClient>[0] = {},
) {
  const edge = await startEdge({ lifetimes: lifetimes ?? {} });
  const client = await startClient(options);
  onTestFinished(async () => {
    await client.stop();
    await edge.stop();
  });
  await client.register(await edge.edge.createInvite());
  await client.signIn();
  return { edge, client };
}

describe('a session', () => {
  it('is renewed before its end, with a new certificate, while a service stays connected', async () => {
    const { client } = await signedInFor({ trustToken: 4 });
    const file = path.join(client.home, 'login-cert.pem');
    const serial = () => new X509Certificate(readFileSync(file)).serialNumber;
    const before = serial();
    const tunnel = await client.call('tunnel.open', { service: 'echo.demo.bnn' });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    await client.until(({ session }) => session.status === 'renewing');
    await client.until(({ session }) => session.status === 'signed-in');
    expect(serial()).not.toBe(before);
    expect(await exchangeBytes(port, 'after')).toBe('after');
  });

  it('is renewed without dropping a connection that is open', async () => {
    const { client } = await signedInFor({ trustToken: 4 });
    const tunnel = await client.call('tunnel.open', { service: 'echo.demo.bnn' });
    const socket = connect(tunnel.status === 'open' ? tunnel.address.port : 0, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const echo = async (text: string): Promise<string> => {
      socket.write(text);
      return String((await once(socket, 'data'))[0]);
    };
    expect(await echo('before')).toBe('before');
    await client.until(({ session }) => session.status === 'renewing');
    await client.until(({ session }) => session.status === 'signed-in');
    expect(await echo('after')).toBe('after');
  });

  it('that cannot be renewed ends with its certificate and says so', async () => {
    const { edge, client } = await signedInFor({ trustToken: 3 });
    await edge.stop();
    const { session } = await client.until(({ session: now }) => now.status === 'expired');
    expect(session).toMatchObject({ because: { code: 'identity/session-expired' } });
  });

  it.each([
    ['by itself', undefined, true],
    ['not where the person wants no warning, from then on', 0, false],
  ])('that cannot be renewed is told before its end: %s', async (_, minutes, isTold) => {
    const { edge, client } = await signedInFor({ trustToken: 6 });
    const told: unknown[] = [];
    client.client.subscribe((name, { value }) => {
      if (name === 'session.changed') told.push(value);
    });
    if (minutes !== undefined) {
      await client.call('settings.change', { warnBeforeExpiryMinutes: minutes });
    }
    await edge.stop();
    await client.until(({ session }) => session.status === 'expired');
    expect(JSON.stringify(told).includes('"ending"')).toBe(isTold);
  });

  it('that ended while the client was off comes back in silence at the next start', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const { client } = await signedInFor({ trustToken: 3 }, { browser });
    await client.stop();
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    const next = await client.restart();
    onTestFinished(() => next.stop());
    await next.until(({ session }) => session.status === 'signed-in');
    expect(browser.opened).toHaveLength(1);
  });

  it('that the organisation ends leaves ports that say so, and go on after the next sign-in', async () => {
    const { edge, client } = await signedInFor({});
    const tunnel = await client.call('tunnel.open', { service: 'echo.demo.bnn' });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    const [device] = await edge.edge.devices();
    await edge.edge.endSessions(device!.id, 'An administrator ended it.');
    const ended = await client.until(({ session }) => session.status === 'expired');
    const because = { code: 'identity/session-expired', message: 'An administrator ended it.' };
    expect(ended.session).toMatchObject({ because });
    const { states } = ended.tunnels;
    expect(states['echo.demo.bnn']).toMatchObject({ status: 'open', trouble: because });
    await client.signIn();
    expect(client.slices().tunnels.states['echo.demo.bnn']).not.toHaveProperty('trouble');
    expect(await exchangeBytes(port, 'goes on')).toBe('goes on');
  });

  it('that the organisation ended while the client was off says why at the next start', async () => {
    const { edge, client } = await signedInFor({});
    await client.stop();
    const [device] = await edge.edge.devices();
    await edge.edge.endSessions(device!.id, 'Gerät verloren gemeldet.');
    const next = await client.restart();
    onTestFinished(() => next.stop());
    const { session } = await next.until(({ session: { status } }) =>
      ['expired', 'signed-out'].includes(status),
    );
    expect(session).toMatchObject({
      because: {
        code: 'identity/session-expired',
        message: expect.stringContaining('has ended this session: Gerät verloren gemeldet.'),
      },
    });
  });

  it('ends with its certificate though the vault cannot be written, and is forgotten', async () => {
    const { edge, client } = await signedInFor({ trustToken: 3 });
    const organisations = path.join(client.home, 'orgs');
    const [id = ''] = readdirSync(organisations);
    // As on a full or read-only disk: every write below fails.
    renameSync(path.join(organisations, id), path.join(organisations, 'moved'));
    writeFileSync(path.join(organisations, id), '');
    await edge.stop();
    await client.until(({ session }) => session.status === 'expired');
    expect(readdirSync(client.home).filter((name) => name.endsWith('.pem'))).toEqual([]);
    await expect(client.call('catalog.refresh', {})).rejects.toMatchObject({
      code: 'identity/session-expired',
    });
  });
});

describe('connections that wait for a certificate', () => {
  const id = 'echo.demo.bnn';
  const isExpired = ({ session }: Slices): boolean => session.status === 'expired';

  it('get one page in the browser, then the new certificate', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const engine = scriptedEngine();
    const { client } = await signedInFor(
      { trustToken: 3, session: 1 },
      { browser, ports: { createEngine: engine.create } },
    );
    await client.call('tunnel.open', { service: id });
    await client.until(isExpired);
    expect(client.slices().tunnels.states[id]).toMatchObject({ status: 'open' });
    for (let each = 0; each < 20; each += 1)
      engine.tell({ type: 'certificate-needed', tunnel: id });
    await client.until(({ session }) => session.status === 'signed-in');
    expect(browser.opened).toHaveLength(2);
    const [before, after] = engine.credentials.map(
      (each) => new X509Certificate(each!.certificate),
    );
    expect(after!.serialNumber).not.toBe(before!.serialNumber);
    expect(engine.closed).toEqual([]);
  });

  it('a hundred of them, in the worker of the real engine: one page, and all go on', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const worker = await buildEngineWorker();
    onTestFinished(worker.remove);
    const { client } = await signedInFor(
      { trustToken: 3, session: 1 },
      { browser, ports: { createEngine: (sink) => createWorkerEngine(sink, worker.file) } },
    );
    const tunnel = await client.call('tunnel.open', { service: id });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    await client.until(isExpired);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, nth) => exchangeBytes(port, `held ${nth}`)),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_, nth) => `held ${nth}`));
    expect(browser.opened).toHaveLength(2);
    expect(client.slices().session.status).toBe('signed-in');
  });

  it('are refused with the reason, and without a page, while the organisation cannot be reached', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const engine = scriptedEngine();
    const { edge, client } = await signedInFor(
      { trustToken: 3 },
      { browser, ports: { createEngine: engine.create } },
    );
    await client.call('tunnel.open', { service: id });
    await edge.stop();
    await client.until(isExpired);
    engine.tell({ type: 'certificate-needed', tunnel: id });
    await until(() => Promise.resolve(engine.refusedHeld.length === 1));
    expect(engine.refusedHeld).toMatchObject([{ code: 'organisation/unreachable' }]);
    expect(browser.opened).toHaveLength(1);
  });
});
