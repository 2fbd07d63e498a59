// Short lives: what is renewed in silence, what ends, and what goes on.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import type { Slices } from '../../src/shared/ipc/contract.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { scriptedEngine } from '../fakes/scripted-engine.ts';
import { exchangeBytes } from '../support/bytes.ts';
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

  it('that cannot be renewed ends with its certificate and says so', async () => {
    const { edge, client } = await signedInFor({ trustToken: 3 });
    await edge.stop();
    const { session } = await client.until(({ session: now }) => now.status === 'expired');
    expect(session).toMatchObject({ because: { code: 'identity/session-expired' } });
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
