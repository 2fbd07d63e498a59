// Short lives: what is renewed in silence, what ends, and what goes on.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchangeBytes } from '../support/bytes.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

async function signedInFor(lifetimes: NonNullable<Parameters<typeof startEdge>[0]>['lifetimes']) {
  const edge = await startEdge({ lifetimes: lifetimes ?? {} });
  const client = await startClient();
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
