// Bad input and faults: each has one code, and leaves all state as it was.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { browserWithForgedState, scriptedBrowser } from '../fakes/scripted-browser.ts';
import { approveSignIn, signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import { startClient, type TestClientOptions } from '../support/start-client.ts';
import { until } from '../support/until.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

async function aClient(options: TestClientOptions = {}) {
  const client = await startClient(options);
  onTestFinished(() => client.stop());
  return client;
}

async function registered(options: TestClientOptions = {}) {
  const client = await aClient(options);
  await client.register(await edge.edge.createInvite());
  return client;
}

describe('an invite', () => {
  it('works once', async () => {
    const invite = await edge.edge.createInvite();
    await (await aClient()).register(invite);
    const second = await aClient();
    await expect(second.register(invite)).rejects.toMatchObject({ code: 'device/invite-refused' });
    expect(second.slices().device).toMatchObject({
      status: 'unregistered',
      because: { code: 'device/invite-refused' },
    });
    expect(existsSync(path.join(second.home, 'orgs'))).toBe(false);
    expect(second.keychain.entries.size).toBe(0);
  });

  it('with another fingerprint is refused and not used up', async () => {
    const invite = await edge.edge.createInvite();
    const root = invite.slice(-43);
    const forged = invite.replace(root, (root.startsWith('A') ? 'B' : 'A') + root.slice(1));
    const client = await aClient();
    await expect(client.register(forged)).rejects.toMatchObject({ code: 'device/root-mismatch' });
    await client.register(invite);
  });

  it('to nowhere says so', async () => {
    const invite = (await edge.edge.createInvite()).replace(/org=[^&]+/, 'org=127.0.0.1%3A9');
    await expect((await aClient()).register(invite)).rejects.toMatchObject({
      code: 'organisation/unreachable',
      message: expect.stringContaining('127.0.0.1:9') as unknown,
    });
  });

  it('is not used up by a keychain that is locked', async () => {
    const client = await aClient();
    const invite = await edge.edge.createInvite();
    client.keychain.state = 'locked';
    await expect(client.register(invite)).rejects.toMatchObject({
      code: 'device/secret-store-locked',
    });
    client.keychain.state = 'open';
    await client.register(invite);
  });

  it('is not taken by a device that is registered', async () => {
    const client = await registered();
    await expect(client.register(await edge.edge.createInvite())).rejects.toMatchObject({
      code: 'device/already-registered',
    });
  });
});

describe('a start', () => {
  it('with a locked keychain erases nothing and comes back when it is unlocked', async () => {
    const first = await registered();
    first.keychain.state = 'locked';
    const second = await first.restart();
    onTestFinished(() => second.stop());
    expect(second.slices().device).toMatchObject({
      status: 'unregistered',
      because: { code: 'device/secret-store-locked' },
    });
    await expect(second.call('session.signIn', { openBrowser: true })).rejects.toMatchObject({
      code: 'device/secret-store-locked',
    });
    second.keychain.state = 'open';
    await second.signIn();
    expect(second.slices().session.status).toBe('signed-in');
  });

  it('with a locked keychain finds its ports again when an invite is what unlocks it', async () => {
    const first = await registered();
    await first.signIn();
    await first.call('tunnel.open', { service: 'echo.demo.bnn' });
    const { port } = first.slices().tunnels.ports['echo.demo.bnn']!;
    first.keychain.state = 'locked';
    const second = await first.restart();
    onTestFinished(() => second.stop());
    second.keychain.state = 'open';
    await expect(second.register(await edge.edge.createInvite())).rejects.toMatchObject({
      code: 'device/already-registered',
    });
    await second.signIn();
    expect(second.slices().tunnels.ports['echo.demo.bnn']?.port).toBe(port);
  });

  it('without the key keeps the files and says so', async () => {
    const first = await registered();
    first.keychain.entries.clear();
    const second = await first.restart();
    onTestFinished(() => second.stop());
    expect(second.slices().device).toMatchObject({
      status: 'unregistered',
      because: { code: 'device/secret-lost' },
    });
    const [organisation = ''] = readdirSync(path.join(second.home, 'orgs'));
    expect(readdirSync(path.join(second.home, 'orgs', organisation))).toContain('vault.bin');
  });

  it('after a registration in memory says that it has ended, and leaves nothing of it', async () => {
    const client = await aClient();
    await client.register(await edge.edge.createInvite(), 'memory');
    await client.signIn();
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(second.slices().device).toMatchObject({
      status: 'unregistered',
      because: { message: expect.stringContaining('in memory only') as unknown },
    });
    expect(readdirSync(second.home).filter((name) => name.endsWith('.pem'))).toEqual([]);
    expect(readdirSync(path.join(second.home, 'orgs'))).toEqual([]);
  });

  it('with a damaged vault sets it aside and reports it', async () => {
    const first = await registered();
    const [organisation = ''] = readdirSync(path.join(first.home, 'orgs'));
    const folder = path.join(first.home, 'orgs', organisation);
    await first.stop();
    writeFileSync(path.join(folder, 'vault.bin'), 'garbage');
    const second = await first.restart();
    onTestFinished(() => second.stop());
    expect(second.slices().device).toMatchObject({ because: { code: 'client/storage-corrupt' } });
    expect(readdirSync(folder).some((name) => name.startsWith('vault.bin.corrupt-'))).toBe(true);
  });
});

describe('a sign-in', () => {
  it('that is refused by the person leaves her signed out, with the reason', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url, { decision: 'deny' }));
    const client = await registered({ browser });
    await expect(client.signIn()).rejects.toMatchObject({ code: 'identity/sign-in-denied' });
    expect(client.slices().session).toMatchObject({
      status: 'signed-out',
      because: { code: 'identity/sign-in-denied' },
    });
  });

  it('can be cancelled, shows its page, and runs once however often it is asked for', async () => {
    const browser = scriptedBrowser();
    const client = await registered({ browser });
    const both = Promise.allSettled([client.signIn(), client.signIn()]);
    await client.until(({ session }) => session.status === 'signing-in' && session.prompt !== null);
    await client.call('session.cancelSignIn', {});
    for (const result of await both) {
      expect(result).toMatchObject({ reason: { code: 'identity/sign-in-cancelled' } });
    }
    expect(browser.opened).toHaveLength(1);
    expect(client.slices().session).toEqual({ status: 'signed-out' });
  });

  it('refuses an answer with another state and goes on waiting for the right one', async () => {
    const { browser, statuses } = browserWithForgedState();
    const client = await registered({ browser });
    await client.signIn();
    expect(statuses).toEqual([400, 200]);
  });

  it('with a code that the issuer did not give cannot be trusted', async () => {
    const browser = scriptedBrowser(async (url) => {
      const callback = new URL(await signInWithoutBrowser(url));
      callback.searchParams.set('code', 'forged');
      await fetch(callback);
    });
    const client = await registered({ browser });
    await expect(client.signIn()).rejects.toMatchObject({ code: 'identity/response-invalid' });
  });

  it('takes the first of two callbacks only', async () => {
    const statuses: number[] = [];
    const browser = scriptedBrowser(async (url) => {
      const callback = new URL(await signInWithoutBrowser(url));
      const both = await Promise.all([fetch(callback), fetch(callback)]);
      statuses.push(...both.map(({ status }) => status));
    });
    const client = await registered({ browser });
    await client.signIn();
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 410]);
  });

  it('whose code was used before cannot be trusted, and the session it gave is over', async () => {
    const browser = scriptedBrowser();
    const first = await registered({ browser });
    const done = first.call('session.signIn', { openBrowser: true });
    done.catch(() => {});
    await until(() => Promise.resolve(browser.opened.length === 1));
    const callback = new URL(await signInWithoutBrowser(browser.opened[0]!));
    const code = callback.searchParams.get('code')!;
    await fetch(callback);
    await done;
    await first.call('session.signOut', {});
    const again = first.call('session.signIn', { openBrowser: true });
    const refused = expect(again).rejects.toMatchObject({ code: 'identity/response-invalid' });
    await until(() => Promise.resolve(browser.opened.length === 2));
    const next = new URL(await signInWithoutBrowser(browser.opened[1]!));
    next.searchParams.set('code', code);
    await fetch(next);
    await refused;
    expect(first.slices().session).toMatchObject({ status: 'signed-out' });
  });

  it('from another issuer cannot be trusted', async () => {
    const browser = scriptedBrowser(async (url) => {
      const callback = new URL(await signInWithoutBrowser(url));
      callback.searchParams.set('iss', 'https://evil.example');
      await fetch(callback);
    });
    const client = await registered({ browser });
    await expect(client.signIn()).rejects.toMatchObject({ code: 'identity/response-invalid' });
  });
});
