// From an invite to bytes through connected services, against a real edge on real sockets.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { exchangeBytes, getThroughProxy } from '../support/bytes.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const newInvite = () => edge.edge.createInvite();

async function signedIn() {
  const client = await startClient();
  onTestFinished(() => client.stop());
  await client.register(await newInvite());
  await client.signIn();
  return client;
}

async function portOf(client: Awaited<ReturnType<typeof signedIn>>, service: string) {
  const tunnel = await client.call('tunnel.open', { service });
  if (tunnel.status !== 'open') throw new Error(tunnel.status);
  return tunnel.address.port;
}

describe('the main job', () => {
  it('goes from an invite to bytes through a service and a collection', async () => {
    const client = await startClient();
    onTestFinished(() => client.stop());
    const invite = await newInvite();
    const facts = await client.call('device.inspectInvite', { invite });
    expect(facts).toEqual({
      organisationName: 'Demo',
      host: edge.organisation,
      rootFingerprint: edge.edge.rootFingerprint,
    });
    expect(client.slices().device.status).toBe('unregistered');

    await client.register(invite);
    expect(client.slices().device).toMatchObject({ status: 'registered', secrets: 'keychain' });
    await client.signIn();
    expect(client.slices().session).toMatchObject({
      status: 'signed-in',
      person: { email: 'dana@demo.example', groups: ['Engineering'] },
    });
    expect(client.slices().catalog.services.map(({ name }) => name)).toContain('echo');

    const echo = await portOf(client, 'echo.demo.bnn');
    expect(await exchangeBytes(echo, 'hello')).toBe('hello');
    const lab = await portOf(client, 'lab.demo.bnn');
    const [allowed = ''] = edge.lab.allowed;
    expect((await getThroughProxy(lab, allowed)).body).toContain('Hello');
    const [denied = ''] = edge.lab.denied;
    expect((await getThroughProxy(lab, denied)).status).toBe(403);
    const refused = await client.until(
      ({ tunnels }) =>
        (tunnels.states['lab.demo.bnn'] as { lastRefusal?: unknown }).lastRefusal !== undefined,
    );
    expect(refused.tunnels.states['lab.demo.bnn']).toMatchObject({
      status: 'open',
      lastRefusal: { error: { code: 'tunnel/target-refused' } },
    });
  });

  it('leaves files that curl uses as they are', async () => {
    const client = await signedIn();
    const file = (name: string) => path.join(client.home, name);
    for (const name of ['login-cacert.pem', 'login-key.pem', 'login-cert.pem']) {
      expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    }
    const { domain, port } = edge.services.find(({ id }) => id === 'api.demo.bnn')!;
    const { stdout: body } = await promisify(execFile)(
      'curl',
      [
        '--silent',
        '--show-error',
        '--noproxy',
        '*',
        '--cacert',
        file('login-cacert.pem'),
        '--key',
        file('login-key.pem'),
        '--cert',
        file('login-cert.pem'),
        `https://${domain}:${port}/from-curl`,
      ],
      { encoding: 'utf8' },
    );
    expect(JSON.parse(body)).toMatchObject({ path: '/from-curl' });
  });

  it('says what its certificates say, as openssl reads them', async () => {
    const client = await signedIn();
    const certificates = await client.call('device.certificates', {});
    expect(certificates.map(({ use }) => use)).toEqual(['login', 'device', 'authority']);
    const [login] = certificates;
    const file = path.join(client.home, 'login-cert.pem');
    const asked = ['-subject', '-issuer', '-serial', '-enddate', '-ext', 'subjectAltName'];
    const { stdout } = await promisify(execFile)('openssl', [
      'x509',
      '-in',
      file,
      '-noout',
      ...asked,
    ]);
    const line = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(stdout)?.[1] ?? '';
    const bare = (name: string) => name.replaceAll(/[ ,]/g, '');
    expect(bare(login!.subject)).toBe(bare(line('subject')));
    expect(bare(login!.issuer)).toBe(bare(line('issuer')));
    expect(login!.serial).toBe(line('serial').toLowerCase());
    expect(login!.validTo).toBe(Date.parse(line('notAfter')));
    for (const name of login!.names) expect(stdout).toContain(name);
    expect(login!.names.length).toBeGreaterThan(0);
    await client.call('session.signOut', {});
    const left = await client.call('device.certificates', {});
    expect(left.map(({ use }) => use)).toEqual(['device', 'authority']);
  });

  it('is over with sign-out: ports closed, files gone, the device kept', async () => {
    const client = await signedIn();
    const echo = await portOf(client, 'echo.demo.bnn');
    await client.call('session.signOut', {});
    for (const name of ['login-cacert.pem', 'login-key.pem', 'login-cert.pem']) {
      expect(existsSync(path.join(client.home, name))).toBe(false);
    }
    await expect(exchangeBytes(echo, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(client.slices()).toMatchObject({
      device: { status: 'registered' },
      session: { status: 'signed-out' },
      catalog: { status: 'empty' },
    });
    await expect(client.call('tunnel.open', { service: 'echo.demo.bnn' })).rejects.toMatchObject({
      code: 'identity/sign-in-required',
    });
  });

  it('goes on after a restart where secrets are in the keychain', async () => {
    const first = await signedIn();
    await portOf(first, 'echo.demo.bnn');
    const ports = first.slices().tunnels.ports['echo.demo.bnn'];
    const second = await first.restart();
    onTestFinished(() => second.stop());
    const { session, tunnels } = await second.until(({ catalog }) => catalog.status === 'current');
    expect(session.status).toBe('signed-in');
    expect(tunnels.ports['echo.demo.bnn']).toEqual(ports);
    expect(await exchangeBytes(await portOf(second, 'echo.demo.bnn'), 'again')).toBe('again');
  });

  it('writes no secret into log or plain files', async () => {
    const client = await signedIn();
    const key = readFileSync(path.join(client.home, 'login-key.pem'), 'utf8').split('\n')[1]!;
    const seen = JSON.stringify(client.log.lines);
    expect(seen).not.toContain(key);
    expect(seen).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
    expect(JSON.stringify(client.client.snapshot())).not.toMatch(/eyJ|PRIVATE KEY/);
  });
});

describe('ports', () => {
  it('that are taken fail with port and holder, and disturb nobody', async () => {
    const client = await signedIn();
    await portOf(client, 'echo.demo.bnn');
    const squatter = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void squatter.close());
    await once(squatter, 'listening');
    const { port } = squatter.address() as { port: number };
    const service = 'api.demo.bnn';
    squatter.close();
    await once(squatter, 'close');
    await client.call('tunnel.override', { service, port });
    await once(squatter.listen(port, '127.0.0.1'), 'listening');
    await expect(client.call('tunnel.open', { service })).rejects.toMatchObject({
      code: 'tunnel/port-in-use',
      details: { port, holder: expect.stringContaining(`(${process.pid})`) as unknown },
    });
    expect(client.slices().tunnels.states).toMatchObject({
      'api.demo.bnn': { status: 'failed', error: { code: 'tunnel/port-in-use' } },
      'echo.demo.bnn': { status: 'open' },
    });
  });

  it('of an open service move with the override, and stay when the new one is taken', async () => {
    const client = await signedIn();
    const before = await portOf(client, 'echo.demo.bnn');
    const squatter = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void squatter.close());
    await once(squatter, 'listening');
    const { port: taken } = squatter.address() as { port: number };
    const service = 'echo.demo.bnn';
    await expect(client.call('tunnel.override', { service, port: taken })).rejects.toMatchObject({
      code: 'tunnel/port-in-use',
    });
    expect(await exchangeBytes(before, 'still')).toBe('still');
    squatter.close();
    await once(squatter, 'close');
    await client.call('tunnel.override', { service, port: taken });
    expect(await exchangeBytes(taken, 'moved')).toBe('moved');
    await expect(exchangeBytes(before, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('may be the same at two addresses of this computer, and move from one to the other', async () => {
    const client = await signedIn();
    const port = await portOf(client, 'echo.demo.bnn');
    const service = 'api.demo.bnn';
    await client.call('tunnel.override', { service, port, host: '127.0.0.2' });
    const api = await client.call('tunnel.open', { service });
    expect(api).toMatchObject({ status: 'open', address: { host: '127.0.0.2', port } });
    expect((await fetch(`http://127.0.0.2:${port}/`)).ok).toBe(true);
    expect(await exchangeBytes(port, 'still')).toBe('still');
    const moved = { service, port, host: '127.0.0.3' };
    expect(await client.call('tunnel.override', moved)).toMatchObject({ host: '127.0.0.3', port });
    expect((await fetch(`http://127.0.0.3:${port}/`)).ok).toBe(true);
    // Where Echo listens already.
    await expect(
      client.call('tunnel.override', { service, port, host: '127.0.0.1' }),
    ).rejects.toMatchObject({
      code: 'tunnel/port-in-use',
      message: `Port ${port} is in use by Banyan, for Echo.`,
    });
    await client.call('tunnel.override', { service, port: null });
    expect(client.slices().tunnels.ports[service]).toMatchObject({ host: '127.0.0.1' });
  });

  it('set by the administrator cannot be overridden', async () => {
    const client = await signedIn();
    await expect(
      client.call('tunnel.override', { service: 'reports.demo.bnn', port: 19_999 }),
    ).rejects.toMatchObject({ code: 'tunnel/override-not-allowed' });
  });
});

describe('what the organisation changes', () => {
  /** Of a change nobody but its event stream tells. */
  async function listens(client: TestClient): Promise<void> {
    const before = JSON.stringify(client.slices().catalog.services);
    await edge.edge.setServiceEnabled('echo.demo.bnn', false);
    await client.until(({ catalog }) => JSON.stringify(catalog.services) !== before);
    await edge.edge.setServiceEnabled('echo.demo.bnn', true);
    await client.until(({ catalog }) => JSON.stringify(catalog.services) === before);
  }

  it('closes a service that is disabled while it is open', async () => {
    const client = await signedIn();
    const echo = await portOf(client, 'echo.demo.bnn');
    onTestFinished(async () => void (await edge.edge.setServiceEnabled('echo.demo.bnn', true)));
    await edge.edge.setServiceEnabled('echo.demo.bnn', false);
    await client.until(({ tunnels }) => tunnels.states['echo.demo.bnn']?.status === 'failed');
    expect(client.slices().tunnels.states['echo.demo.bnn']).toMatchObject({
      error: { code: 'tunnel/denied' },
    });
    await expect(exchangeBytes(echo, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says why a service is denied', async () => {
    const client = await signedIn();
    await expect(client.call('tunnel.open', { service: 'vault.demo.bnn' })).rejects.toMatchObject({
      code: 'tunnel/denied',
      message: expect.stringContaining('trust level') as unknown,
    });
    await expect(client.call('tunnel.open', { service: 'nothing' })).rejects.toMatchObject({
      code: 'catalog/service-not-found',
    });
  });

  it('ends the session when it is ended there', async () => {
    const client = await signedIn();
    const { device } = client.slices();
    const id = device.status === 'registered' ? device.device.id : '';
    await listens(client);
    await edge.edge.endSessions(id, 'An administrator ended it.');
    const { session } = await client.until(({ session: now }) => now.status === 'expired');
    expect(session).toMatchObject({
      because: { code: 'identity/session-expired', message: 'An administrator ended it.' },
    });
    expect(existsSync(path.join(client.home, 'login-key.pem'))).toBe(false);
  });

  it('says why a banned device may not sign in, and signs it in again afterwards', async () => {
    const client = await signedIn();
    const { device } = client.slices();
    const id = device.status === 'registered' ? device.device.id : '';
    await listens(client);
    const ban = (banned: boolean) =>
      callsTo(edge.data)('device.ban', { device: id, banned, reason: 'To room 12.', by: 'test' });
    await ban(true);
    const { session } = await client.until(({ session: now }) => now.status === 'expired');
    expect(session).toMatchObject({ because: { message: 'To room 12.' } });
    const refused = {
      code: 'device/banned',
      message: 'Demo does not accept this device for now: To room 12.',
    };
    const signIn = client.call('session.signIn', { openBrowser: true });
    await expect(signIn).rejects.toMatchObject(refused);
    await expect(client.call('session.signInWithCode', {})).rejects.toMatchObject(refused);
    expect(client.slices().device.status).toBe('registered');
    await ban(false);
    await client.signIn();
  });

  it('takes everything away when the device is revoked', async () => {
    const client = await signedIn();
    const { device } = client.slices();
    const id = device.status === 'registered' ? device.device.id : '';
    await listens(client);
    await edge.edge.revokeDevice(id, 'It was stolen.');
    const slices = await client.until(({ device: now }) => now.status === 'revoked');
    expect(slices.device).toMatchObject({
      because: { code: 'device/certificate-refused', message: 'It was stolen.' },
    });
    await client.until(({ session }) => session.status === 'signed-out');
    await expect(client.call('session.signIn', { openBrowser: true })).rejects.toMatchObject({
      code: 'device/certificate-refused',
    });
    await client.call('device.unregister', {});
    expect(existsSync(path.join(client.home, 'orgs'))).toBe(true);
    expect(client.slices().device.status).toBe('unregistered');
  });

  it('is told with the same reason to a device that was switched off', async () => {
    const client = await signedIn();
    const { device } = client.slices();
    const id = device.status === 'registered' ? device.device.id : '';
    await client.stop();
    await edge.edge.revokeDevice(id, 'It was stolen.');
    const again = await client.restart();
    onTestFinished(() => again.stop());
    const slices = await again.until(({ device: now }) => now.status === 'revoked');
    expect(slices.device).toMatchObject({ because: { message: 'It was stolen.' } });
  });
});
