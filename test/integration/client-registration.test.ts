// A device that registers by signing in: the address, the fingerprint, the browser, and what is left when it goes wrong.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn, signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import type { Clock } from '../../src/main/client/ports.ts';
import { browserWithForgedState, scriptedBrowser } from '../fakes/scripted-browser.ts';
import { call } from '../support/https.ts';
import { startDocumentHost } from '../support/document-host.ts';
import { startClient, type TestClient, type TestClientOptions } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

async function aClient(options: TestClientOptions = {}) {
  // No authority of this computer: what it trusts is not what these tests are about.
  const client = await startClient({
    ...options,
    ports: { publicRoots: () => [], ...options.ports },
  });
  onTestFinished(() => client.stop());
  return client;
}

const about = { name: 'laptop', ownership: 'Other', secrets: 'keychain' } as const;

const registerAt = (client: TestClient, at: TestEdge = edge, change: object = {}) =>
  client.call('device.registerBySignIn', {
    address: at.organisation,
    fingerprint: at.edge.rootFingerprint,
    openBrowser: true,
    ...about,
    ...change,
  });

function expectNothingLeft(client: TestClient, code: string): void {
  expect(client.slices().device).toMatchObject({ status: 'unregistered', because: { code } });
  expect(client.slices().registration).toEqual({ status: 'none' });
  expect(existsSync(path.join(client.home, 'orgs'))).toBe(false);
  expect(client.keychain.entries.size).toBe(0);
}

describe('an address that no authority vouches for', () => {
  it('is shown without the beginning of its fingerprint, and changes nothing', async () => {
    const client = await aClient();
    const facts = await client.call('device.inspectAddress', { address: edge.organisation });
    expect(facts).toEqual({
      organisationName: 'Demo',
      host: edge.organisation,
      fingerprintEnd: edge.edge.rootFingerprint.slice(12),
    });
    expect(JSON.stringify(facts)).not.toContain(edge.edge.rootFingerprint.slice(0, 4));
    expect(client.slices().device).toEqual({ status: 'unregistered' });
    expect(client.keychain.entries.size).toBe(0);
  });

  it('is confirmed by the fingerprint that a person has typed, and by no other', async () => {
    const client = await aClient();
    const { rootFingerprint } = edge.edge;
    const other = (rootFingerprint.startsWith('A') ? 'B' : 'A') + rootFingerprint.slice(1);
    const address = edge.organisation;
    await expect(
      client.call('device.inspectAddress', { address, fingerprint: other }),
    ).rejects.toMatchObject({ code: 'device/fingerprint-mismatch' });
    const confirmed = { address, fingerprint: rootFingerprint };
    await expect(client.call('device.inspectAddress', confirmed)).resolves.toMatchObject({
      rootFingerprint,
    });
  });

  it('registers after a sign-in, and the person signs in as with an invite', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const client = await aClient({ browser });
    const device = await registerAt(client);
    expect(device).toMatchObject({
      status: 'registered',
      organisation: { host: edge.organisation, rootFingerprint: edge.edge.rootFingerprint },
    });
    expect(client.slices()).toMatchObject({
      session: { status: 'signed-out' },
      registration: { status: 'none' },
    });
    expect((await edge.edge.devices()).at(-1)).toMatchObject({
      name: 'laptop',
      owner: 'dana@demo.example',
    });
    expect(browser.opened).toHaveLength(1);
    await client.signIn();
    expect(client.slices().session).toMatchObject({ person: { email: 'dana@demo.example' } });
    expect(client.slices().catalog.services.length).toBeGreaterThan(0);
    const again = await client.restart();
    onTestFinished(() => again.stop());
    expect(again.slices().device.status).toBe('registered');
  });

  it('answered by somebody else after the look registers nothing', async () => {
    const impostor = await startEdge();
    onTestFinished(() => impostor.stop());
    const browser = scriptedBrowser();
    const client = await aClient({ browser });
    await expect(
      registerAt(client, edge, { address: impostor.organisation }),
    ).rejects.toMatchObject({ code: 'device/fingerprint-mismatch' });
    expect(browser.opened).toEqual([]);
    expectNothingLeft(client, 'device/fingerprint-mismatch');
  });

  it('with a document of one root and the servers of another is no organisation', async () => {
    // In between stands somebody with a root of his own who names the real one.
    const host = await startDocumentHost(edge.edge.document);
    const client = await aClient();
    const { address } = host;
    await expect(client.call('device.inspectAddress', { address })).rejects.toMatchObject({
      code: 'organisation/invalid-answer',
    });
    // He may hand on its certificates, too; its keys he does not have.
    const cacerts = '/.well-known/est/cacerts';
    const { body } = await call(`https://${edge.organisation}${cacerts}`, { root: edge.edge.root });
    host.pages.set(cacerts, body);
    await expect(client.call('device.inspectAddress', { address })).rejects.toMatchObject({
      code: 'device/root-mismatch',
    });
  });
});

describe('an address that a public authority vouches for', () => {
  it('is shown with its whole fingerprint, which is the pin', async () => {
    const host = await startDocumentHost(edge.edge.document);
    const client = await aClient({ ports: { publicRoots: () => [host.root] } });
    const { address } = host;
    const facts = await client.call('device.inspectAddress', { address });
    const { rootFingerprint } = edge.edge;
    expect(facts).toEqual({ organisationName: 'Demo', host: address, rootFingerprint });
    const device = await registerAt(client, edge, { address });
    expect(device).toMatchObject({ organisation: { host: address, rootFingerprint } });
    await client.signIn();
    expect(client.slices().session.status).toBe('signed-in');
  });

  it('whose document names another root by then registers nothing', async () => {
    const other = await startEdge();
    onTestFinished(() => other.stop());
    const host = await startDocumentHost(edge.edge.document);
    const client = await aClient({ ports: { publicRoots: () => [host.root] } });
    host.serve(other.edge.document);
    await expect(registerAt(client, edge, { address: host.address })).rejects.toMatchObject({
      code: 'device/fingerprint-mismatch',
    });
    expectNothingLeft(client, 'device/fingerprint-mismatch');
  });

  it('is not believed about servers that have another root', async () => {
    const other = await startEdge();
    onTestFinished(() => other.stop());
    const registration = { ...edge.edge.document.registration, root: other.edge.rootFingerprint };
    const host = await startDocumentHost({ ...edge.edge.document, registration });
    const client = await aClient({ ports: { publicRoots: () => [host.root] } });
    const { address } = host;
    await expect(client.call('device.inspectAddress', { address })).rejects.toMatchObject({
      code: 'organisation/invalid-answer',
    });
    // The root of one and the issuer of the other: the sign-in finds out, before any browser opens.
    const browser = scriptedBrowser();
    const mixed = await startDocumentHost({
      ...other.edge.document,
      issuer: edge.edge.document.issuer,
    });
    const second = await aClient({ browser, ports: { publicRoots: () => [mixed.root] } });
    await expect(registerAt(second, other, { address: mixed.address })).rejects.toMatchObject({
      code: 'device/root-mismatch',
    });
    expect(browser.opened).toEqual([]);
    expectNothingLeft(second, 'device/root-mismatch');
  });
});

describe('an address', () => {
  it.each([
    ['of a server that is no organisation', undefined, 'organisation/invalid-answer'],
    ['of a document that only newer apps read', { version: 2 }, 'organisation/app-too-old'],
    ['of another kind of document', { version: '1' }, 'organisation/invalid-answer'],
  ])('%s says so', async (_, document, code) => {
    const host = await startDocumentHost(document);
    const client = await aClient({ ports: { publicRoots: () => [host.root] } });
    await expect(
      client.call('device.inspectAddress', { address: host.address }),
    ).rejects.toMatchObject({ code });
    await expect(registerAt(client, edge, { address: host.address })).rejects.toMatchObject({
      code,
    });
    expectNothingLeft(client, code);
  });

  it('to nowhere, or that is none, says so', async () => {
    const client = await aClient();
    for (const [address, code] of [
      ['127.0.0.1:9', 'organisation/unreachable'],
      ['https://evil@medsoft.example', 'device/address-invalid'],
    ] as const) {
      await expect(client.call('device.inspectAddress', { address })).rejects.toMatchObject({
        code,
      });
    }
  });

  it('of an organisation that registers by invite only says so', async () => {
    const closed = await startEdge({ registersBySignIn: false });
    onTestFinished(() => closed.stop());
    const client = await aClient();
    await expect(registerAt(client, closed)).rejects.toMatchObject({
      code: 'device/sign-in-not-offered',
    });
    expectNothingLeft(client, 'device/sign-in-not-offered');
    await client.register(await closed.edge.createInvite());
  });

  it('of an organisation that no longer offers it says so before a browser opens', async () => {
    const closed = await startEdge({ registersBySignIn: false });
    onTestFinished(() => closed.stop());
    const host = await startDocumentHost({
      ...closed.edge.document,
      registration: { client_id: 'banyan-registration', root: closed.edge.rootFingerprint },
    });
    const browser = scriptedBrowser();
    const client = await aClient({ browser, ports: { publicRoots: () => [host.root] } });
    await expect(registerAt(client, closed, { address: host.address })).rejects.toMatchObject({
      code: 'device/sign-in-not-offered',
    });
    expect(browser.opened).toEqual([]);
    expectNothingLeft(client, 'device/sign-in-not-offered');
  });

  it('that is known already is not asked again, whatever public authority speaks for it now', async () => {
    const other = await startEdge();
    onTestFinished(() => other.stop());
    const host = await startDocumentHost(edge.edge.document);
    const client = await aClient({ ports: { publicRoots: () => [host.root] } });
    const { address } = host;
    await registerAt(client, edge, { address });
    host.serve(other.edge.document);
    for (const ask of [
      () => client.call('device.inspectAddress', { address }),
      () => registerAt(client, other, { address }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'device/already-registered' });
    }
    expect(client.slices().organisations).toMatchObject([
      { rootFingerprint: edge.edge.rootFingerprint },
    ]);
  });

  it('that is known already keeps its pin, whoever answers there', async () => {
    const client = await aClient();
    await registerAt(client);
    const { rootFingerprint } = edge.edge;
    const before = client.slices().organisations;
    const address = edge.organisation;
    const other = (rootFingerprint.startsWith('A') ? 'B' : 'A') + rootFingerprint.slice(1);
    for (const fingerprint of [rootFingerprint, other]) {
      await expect(registerAt(client, edge, { address, fingerprint })).rejects.toMatchObject({
        code: 'device/already-registered',
      });
    }
    // Nor under another name for it.
    const alias = address.replace('demo.localhost', 'DEMO.localhost');
    await expect(client.call('device.inspectAddress', { address: alias })).rejects.toMatchObject({
      code: 'device/already-registered',
    });
    expect(client.slices().organisations).toEqual(before);
    expect(client.slices().device).toMatchObject({ status: 'registered' });
  });
});

describe('the sign-in of a registration', () => {
  it('that the person denies leaves nothing behind', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url, { decision: 'deny' }));
    const client = await aClient({ browser });
    await expect(registerAt(client)).rejects.toMatchObject({ code: 'identity/sign-in-denied' });
    expectNothingLeft(client, 'identity/sign-in-denied');
  });

  it('can be cancelled while its page waits, and can be begun again', async () => {
    const browser = scriptedBrowser();
    const client = await aClient({ browser });
    const done = registerAt(client);
    done.catch(() => {});
    const { registration } = await client.until(({ registration: at }) => at.status === 'waiting');
    expect(registration).toEqual({
      status: 'waiting',
      organisation: 'Demo',
      url: browser.opened[0],
    });
    // Not even a kill would leave a key behind now.
    expect(client.keychain.entries.size).toBe(0);
    await expect(registerAt(client)).rejects.toMatchObject({ code: 'client/switching' });
    await client.call('device.cancelRegistration', {});
    await expect(done).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    expectNothingLeft(client, 'identity/sign-in-cancelled');
    // What the person does on that page now changes nothing, and says so.
    const tooLate = signInWithoutBrowser(browser.opened[0]!);
    await expect(tooLate).rejects.toThrow('This sign-in is over');
    const again = registerAt(client);
    await client.until(({ registration: at }) => at.status === 'waiting');
    await approveSignIn(browser.opened[1]!);
    await again;
    expect(client.slices().device.status).toBe('registered');
  });

  it('is over when nobody has finished it in five minutes', async () => {
    let late: (() => void) | null = null;
    const clock: Clock = {
      ...systemClock,
      after(delayMs, run) {
        if (delayMs !== 5 * 60_000) return systemClock.after(delayMs, run);
        late = run;
        return () => {};
      },
    };
    const client = await aClient({ browser: scriptedBrowser(), ports: { clock } });
    const done = registerAt(client);
    done.catch(() => {});
    await client.until(({ registration }) => registration.status === 'waiting');
    const end = await until<() => void>(() => Promise.resolve(late ?? undefined));
    end();
    await expect(done).rejects.toMatchObject({ code: 'identity/sign-in-timed-out' });
    expectNothingLeft(client, 'identity/sign-in-timed-out');
  });

  it('ends with a client that stops', async () => {
    const client = await aClient({ browser: scriptedBrowser() });
    const done = registerAt(client);
    done.catch(() => {});
    await client.until(({ registration }) => registration.status === 'waiting');
    await client.stop();
    await expect(done).rejects.toMatchObject({ code: 'client/not-running' });
    expect(client.keychain.entries.size).toBe(0);
  });

  it('refuses an answer with another state and waits for the right one', async () => {
    const { browser, statuses } = browserWithForgedState();
    const client = await aClient({ browser });
    await registerAt(client);
    expect(statuses).toEqual([400, 200]);
  });

  it.each([
    ['of another issuer', 'iss', 'https://evil.example'],
    ['with a code that the issuer did not give', 'code', 'forged'],
  ])('with an answer %s cannot be trusted', async (_, parameter, value) => {
    const browser = scriptedBrowser(async (url) => {
      const callback = new URL(await signInWithoutBrowser(url));
      callback.searchParams.set(parameter, value);
      await fetch(callback);
    });
    const client = await aClient({ browser });
    await expect(registerAt(client)).rejects.toMatchObject({ code: 'identity/response-invalid' });
    expectNothingLeft(client, 'identity/response-invalid');
  });

  it('is not begun with a keychain that is locked', async () => {
    const browser = scriptedBrowser();
    const client = await aClient({ browser });
    client.keychain.state = 'locked';
    await expect(registerAt(client)).rejects.toMatchObject({ code: 'device/secret-store-locked' });
    expect(browser.opened).toEqual([]);
  });

  it('only shows its page where no browser is wanted', async () => {
    const browser = scriptedBrowser();
    const client = await aClient({ browser });
    const done = registerAt(client, edge, { openBrowser: false });
    const { registration } = await client.until(({ registration: at }) => at.status === 'waiting');
    await approveSignIn(registration.status === 'waiting' ? registration.url : '');
    await done;
    expect(browser.opened).toEqual([]);
  });

  it('leaves the active organisation alone until the new one takes its place', async () => {
    const other = await startEdge({ name: 'Other' });
    onTestFinished(() => other.stop());
    const browser = scriptedBrowser();
    const client = await aClient({ browser });
    await client.register(await other.edge.createInvite());
    const done = registerAt(client);
    done.catch(() => {});
    await client.until(({ registration }) => registration.status === 'waiting');
    expect(client.slices().device).toMatchObject({ organisation: { name: 'Other' } });
    await client.call('device.cancelRegistration', {});
    await expect(done).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    expect(client.slices().device).toMatchObject({
      status: 'registered',
      organisation: { name: 'Other' },
    });
    expect(client.keychain.entries.size).toBe(1);
    const again = registerAt(client);
    await client.until(({ registration }) => registration.status === 'waiting');
    await approveSignIn(browser.opened[1]!);
    expect(await again).toMatchObject({ organisation: { name: 'Demo' } });
    expect(client.slices().organisations).toHaveLength(2);
  });

  it('keeps code and token out of the log', async () => {
    let code = '';
    const browser = scriptedBrowser(async (url) => {
      const callback = await signInWithoutBrowser(url);
      code = new URL(callback).searchParams.get('code') ?? '';
      await fetch(callback);
    });
    const client = await aClient({ browser });
    await registerAt(client);
    const said = JSON.stringify(client.log.lines);
    expect(said).toContain('registered');
    expect(code.length).toBeGreaterThan(10);
    expect(said).not.toContain(code);
    expect(said).not.toMatch(/eyJ[\w-]+\./);
  });
});
