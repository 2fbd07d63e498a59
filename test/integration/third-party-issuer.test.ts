// People sign in at an issuer that is not ours; devices, certificates and services stay with the edge.
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { exchangeBytes } from '../support/bytes.ts';
import { publishTyped } from '../support/collection.ts';
import { createTestPki } from '../support/pki.ts';
import { exchange, registerDevice } from '../support/scripted-device.ts';
import {
  CLIENT_ID,
  type Fault,
  type SecondIssuer,
  startSecondIssuer,
} from '../support/second-issuer.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';

const service = 'echo.demo.bnn';

async function organisation(audience?: string) {
  const issuer = await startSecondIssuer();
  const edge = await startEdge({
    data: issuer.data,
    foreignIssuer: {
      issuer: issuer.url,
      clientId: CLIENT_ID,
      root: issuer.root,
      ...(audience !== undefined && { audience }),
    },
  });
  onTestFinished(() => edge.stop());
  return { issuer, edge };
}

async function registered(issuer: SecondIssuer, edge: TestEdge): Promise<TestClient> {
  const client = await startClient({ browser: scriptedBrowser((url) => issuer.approve(url)) });
  onTestFinished(() => client.stop());
  await client.register(await edge.edge.createInvite());
  return client;
}

const inSeconds = (): number => Math.floor(Date.now() / 1000);

describe('a sign-in at an issuer of somebody else', () => {
  it('goes from its page to bytes through a service, with a certificate of our own for this device', async () => {
    const { issuer, edge } = await organisation();
    const client = await registered(issuer, edge);
    await client.signIn();
    expect(client.slices().session).toMatchObject({
      status: 'signed-in',
      person: { subject: 'ext|dana', email: 'dana@demo.example', name: 'Dana Elsewhere' },
    });
    const tunnel = await client.call('tunnel.open', { service });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    expect(await exchangeBytes(port, 'through')).toBe('through');
    const pem = readFileSync(path.join(client.home, 'login-cert.pem'), 'utf8');
    const { subjectAltName = '' } = new X509Certificate(pem);
    const [device] = await edge.edge.devices();
    expect(subjectAltName).toContain(`urn:banyan:trust:device:${device!.id}`);
    expect(subjectAltName).toContain('urn:banyan:trust:group:Engineering');
  });

  it('tells the groups alone: a local person with the same e-mail lends none', async () => {
    const { issuer, edge } = await organisation();
    issuer.claims['groups'] = ['Visitors'];
    const client = await registered(issuer, edge);
    await client.signIn();
    const { catalog } = client.slices();
    expect(catalog).toMatchObject({ status: 'current', services: [] });
    // The demo's own Dana would be let in.
    const refused = client.call('tunnel.open', { service });
    await expect(refused).rejects.toMatchObject({ code: 'catalog/service-not-found' });
  });

  it('is that of clusters, too: nothing that kubectl reads asks us for a token', async () => {
    const { issuer, edge } = await organisation();
    const { root: kube_ca_key } = await createTestPki();
    await publishTyped(
      edge,
      'mykube',
      { service_app_type: 'K8S', banyanproxy_mode: 'CHAIN', kube_ca_key, app_listen_port: '18443' },
      { http_connect: true, allow_patterns: [{ hostnames: ['kube.test'] }] },
    );
    const personFolder = tempDir();
    const programs = {
      personFolder,
      banyanproxy: null,
      banyan: ['banyan'],
      downloads: () => personFolder,
    };
    const client = await startClient({
      browser: scriptedBrowser((url) => issuer.approve(url)),
      ports: { programs },
    });
    onTestFinished(() => client.stop());
    await client.register(await edge.edge.createInvite());
    await client.signIn();
    const file = path.join(personFolder, '.kube', 'banyan');
    const added = { service: 'mykube.demo.bnn', isOn: true };
    // As a Banyan has left it that named itself there.
    mkdirSync(path.dirname(file));
    writeFileSync(
      file,
      '# Written by Banyan\ncontexts: [{ name: mykube, context: { cluster: mykube, user: mykube.demo.bnn } }]\n',
    );
    await client.call('program.setKubernetes', added);
    const written = readFileSync(file, 'utf8');
    expect(written).toContain('- name: "mykube"\n    context: { cluster: "mykube" }');
    expect(written).not.toContain('exec');
    await expect(
      client.call('program.kubeToken', { service: 'mykube.demo.bnn' }),
    ).rejects.toMatchObject({ code: 'program/no-cluster-sign-in' });
  });

  it('is renewed in silence with each refresh token once, and revoked with the newest one', async () => {
    const { issuer, edge } = await organisation();
    issuer.claims['exp'] = inSeconds() + 5;
    const client = await registered(issuer, edge);
    await client.signIn();
    delete issuer.claims['exp'];
    const first = issuer.current;
    await client.until(({ session }) => session.status === 'renewing');
    await client.until(({ session }) => session.status === 'signed-in');
    expect(issuer.grants).toEqual(['authorization_code', 'refresh_token']);
    expect(issuer.current).not.toBe(first);
    await client.call('session.signOut', {});
    expect(issuer.revocations).toBe(1);
  });

  it('whose rotated refresh token was lost is signed in again for that reason, and nothing hangs', async () => {
    const { issuer, edge } = await organisation();
    issuer.claims['exp'] = inSeconds() + 4;
    const client = await registered(issuer, edge);
    await client.signIn();
    issuer.current = 'one that the answer would have brought';
    const { session } = await client.until(({ session: now }) => now.status === 'expired');
    expect(session).toMatchObject({ because: { code: 'identity/session-expired' } });
    delete issuer.claims['exp'];
    await client.signIn();
    expect(client.slices().session.status).toBe('signed-in');
  });

  it('whose renewal names another person is not renewed, and ends as hers', async () => {
    const { issuer, edge } = await organisation();
    issuer.claims['exp'] = inSeconds() + 4;
    const client = await registered(issuer, edge);
    await client.signIn();
    const { session: before } = client.slices();
    Object.assign(issuer.claims, { sub: 'eve', exp: inSeconds() + 600 });
    const { session } = await client.until(({ session: now }) => now.status === 'expired');
    expect(issuer.grants).toContain('refresh_token');
    expect(session).toMatchObject({ person: 'person' in before && before.person });
  });

  it('keeps the refresh token that it is given while the client stops, and needs no page at the next start', async () => {
    const { issuer, edge } = await organisation();
    issuer.claims['exp'] = inSeconds() + 5;
    const client = await registered(issuer, edge);
    await client.signIn();
    delete issuer.claims['exp'];
    issuer.fault = { path: '/token', how: 'slow' };
    await client.until(({ session }) => session.status === 'renewing');
    const again = await client.restart();
    onTestFinished(() => again.stop());
    issuer.fault = null;
    await again.until(({ session }) => session.status === 'signed-in');
    expect(issuer.grants.slice(0, 2)).toEqual(['authorization_code', 'refresh_token']);
    // With its newest refresh token, once its certificate has ended.
    await again.until(() => issuer.grants.length > 2);
    await again.until(({ session }) => session.status === 'signed-in');
    expect(issuer.grants.filter((grant) => grant === 'authorization_code')).toHaveLength(1);
  });

  it('that does not answer keeps no client from stopping', async () => {
    const { issuer, edge } = await organisation();
    issuer.claims['exp'] = inSeconds() + 5;
    const client = await registered(issuer, edge);
    await client.signIn();
    issuer.fault = { path: '/token', how: 'silent' };
    await client.until(({ session }) => session.status === 'renewing');
    const begun = performance.now();
    await client.stop();
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('has no code for other devices where the issuer offers none, and says so', async () => {
    const { issuer, edge } = await organisation();
    const client = await registered(issuer, edge);
    await expect(client.call('session.signInWithCode', {})).rejects.toMatchObject({
      code: 'identity/device-code-unavailable',
    });
    expect(client.slices().session).toMatchObject({ status: 'signed-out' });
  });

  it('that was ended by the administrator comes back only with a token made later', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const now = inSeconds();
    const token = await issuer.sign({ ...issuer.claims, aud: CLIENT_ID, iat: now });
    expect((await exchange(edge, device, token)).answer.status).toBe(200);
    expect(await edge.edge.endSessions(device.id, 'Suspended.')).toBe(1);
    const again = await exchange(edge, device, token);
    expect(again.answer.status).toBe(401);
    expect(JSON.parse(again.answer.body)).toMatchObject({ code: 'session_ended' });
    const later = await issuer.sign({ ...issuer.claims, aud: CLIENT_ID, iat: now + 5 });
    expect((await exchange(edge, device, later)).answer.status).toBe(200);
    expect((await exchange(edge, device, token)).answer.status).toBe(401);
  });
});

describe('an answer of that issuer that goes wrong', () => {
  const steps = ['/.well-known/openid-configuration', '/token', '/jwks'];
  const faults: [Fault, string][] = [
    ['reset', 'organisation/unreachable'],
    ['truncated', 'organisation/unreachable'],
    ['web page', 'organisation/invalid-answer'],
    ['server error', 'organisation/invalid-answer'],
  ];
  const each = steps.flatMap((step) => faults.map(([how, code]) => [how, step, code] as const));

  it('is told with a code and leaves her signed out, whatever it is; then it goes on', async () => {
    const { issuer, edge } = await organisation();
    const client = await registered(issuer, edge);
    for (const [how, path, code] of each) {
      issuer.fault = { path, how };
      const told = await client
        .call('session.signIn', { openBrowser: true })
        .catch((error) => error);
      expect({ how, path, code: told.code }).toEqual({ how, path, code });
      expect(client.slices().session).toMatchObject({ status: 'signed-out', because: { code } });
    }
    issuer.fault = null;
    await client.signIn();
    expect(client.slices().session.status).toBe('signed-in');
  });

  it.each<[string, Record<string, unknown>]>([
    ['a wrong nonce', { nonce: 'of somebody else' }],
    ['another audience', { aud: 'somebody-else' }],
    ['another issuer', { iss: 'https://elsewhere.example' }],
    ['an end that is over', { exp: inSeconds() - 3_600 }],
  ])('%s is not trusted', async (_what, claims) => {
    const { issuer, edge } = await organisation();
    Object.assign(issuer.claims, claims);
    const client = await registered(issuer, edge);
    await expect(client.signIn()).rejects.toMatchObject({ code: 'identity/response-invalid' });
    expect(client.slices().session).toMatchObject({ status: 'signed-out' });
  });
});

describe('a clock that differs', () => {
  /** As a client sees it whose clock is behind by so much: what is made now is made in its future. */
  async function behindBy(minutes: number) {
    const { issuer, edge } = await organisation();
    issuer.claims['nbf'] = inSeconds() + minutes * 60;
    const client = await startClient({
      browser: scriptedBrowser((url) => issuer.approve(url)),
      ports: { clock: { ...systemClock, now: () => Date.now() - minutes * 60_000 } },
    });
    onTestFinished(() => client.stop());
    await client.register(await edge.edge.createInvite());
    return client;
  }

  it('by less than five minutes is tolerated', async () => {
    const client = await behindBy(4.5);
    await client.call('session.signIn', { openBrowser: true });
    expect(client.slices().session.status).toBe('signed-in');
  });

  it('by more is named, with how much it is and in which direction', async () => {
    const client = await behindBy(12);
    const told = await client.call('session.signIn', { openBrowser: true }).catch((error) => error);
    expect(told).toMatchObject({ code: 'identity/clock-skew' });
    expect(told.message).toContain('about 12 minutes behind');
  });
});

describe('a token of that issuer', () => {
  it.each<[string, Record<string, unknown>]>([
    ['for another client', { aud: 'somebody-else' }],
    ['for several, made for another of them', { aud: [CLIENT_ID, 'other'], azp: 'other' }],
    ['for several, without a word for whom it was made', { aud: [CLIENT_ID, 'other'] }],
    ['in the name of another issuer', { iss: 'https://elsewhere.example' }],
    ['in the name of the issuer with a slash more', { iss: 'slash' }],
    ['that is over', { exp: inSeconds() - 120 }],
    ['without an end', { exp: undefined }],
    ['that is good for more than a day', { exp: inSeconds() + 25 * 3_600 }],
    ['of a time to come', { iat: inSeconds() + 600, exp: inSeconds() + 1_200 }],
    ['without a person', { sub: '' }],
  ])('%s gives no certificate', async (_what, claims) => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const iss = claims['iss'] === 'slash' ? { iss: `${issuer.url}/` } : {};
    const token = await issuer.sign({ ...issuer.claims, aud: CLIENT_ID, ...claims, ...iss });
    expect((await exchange(edge, device, token)).answer.status).toBe(401);
  });

  it('has to name the audience, where the organisation asks for one', async () => {
    const { issuer, edge } = await organisation('https://banyan.example');
    const device = await registerDevice(edge);
    expect(edge.edge.document).toMatchObject({ audience: 'https://banyan.example' });
    const ask = async (aud: unknown): Promise<number> => {
      const token = await issuer.sign({ ...issuer.claims, aud, azp: CLIENT_ID });
      return (await exchange(edge, device, token)).answer.status;
    };
    expect(await ask(CLIENT_ID)).toBe(401);
    expect(await ask([CLIENT_ID, 'https://banyan.example'])).toBe(200);
  });

  it('that another key signed, or none, gives no certificate', async () => {
    const { issuer, edge } = await organisation();
    const stranger = await startSecondIssuer();
    const device = await registerDevice(edge);
    const claims = { ...issuer.claims, iss: issuer.url, aud: CLIENT_ID };
    const forged = await stranger.sign(claims);
    expect((await exchange(edge, device, forged)).answer.status).toBe(401);
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part({ ...claims, iat: 1, exp: 9e9 })}.`;
    expect((await exchange(edge, device, unsigned)).answer.status).toBe(401);
  });

  it('gives a person no e-mail address that the issuer has not verified', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const claims = { ...issuer.claims, aud: CLIENT_ID, email_verified: false };
    const { identity } = await exchange(edge, device, await issuer.sign(claims));
    expect(new X509Certificate(identity!.cert).subjectAltName).not.toContain('dana@demo.example');
  });

  it('that says nothing of its e-mail address gives none, nor does one for another app or a logout', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const { email_verified: _, ...silent } = issuer.claims;
    const { answer, identity } = await exchange(
      edge,
      device,
      await issuer.sign({ ...silent, aud: CLIENT_ID, iat: inSeconds() }),
    );
    expect(answer.status).toBe(200);
    expect(new X509Certificate(identity!.cert).subjectAltName).not.toContain(String(silent.email));
    for (const more of [{ azp: 'another-app' }, { events: { logout: {} } }]) {
      const token = await issuer.sign({
        ...issuer.claims,
        aud: CLIENT_ID,
        iat: inSeconds(),
        ...more,
      });
      expect((await exchange(edge, device, token)).answer.status).toBe(401);
    }
  });

  it('is nothing without the DeviceCert of a registered device', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    await edge.edge.revokeDevice(device.id, 'Lost.');
    const token = await issuer.sign({ ...issuer.claims, aud: CLIENT_ID });
    expect((await exchange(edge, device, token)).answer.status).toBe(403);
  });

  it('ends no session while the issuer cannot be asked for its keys', async () => {
    const { issuer, edge } = await organisation();
    const device = await registerDevice(edge);
    const token = await issuer.sign({ ...issuer.claims, aud: CLIENT_ID });
    await issuer.stop();
    expect((await exchange(edge, device, token)).answer.status).toBe(503);
  });
});
