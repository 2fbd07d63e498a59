// One device in two organisations: what a switch brings along, and all that may come in its way.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn, pageBehind } from '../../scripts/lib/approve-sign-in.mjs';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { connectDirectly, exchangeBytes } from '../support/bytes.ts';
import { freePort } from '../support/foreign-servers.ts';
import type { TestEdge } from '../support/start-edge.ts';
import {
  activeOf,
  aClient,
  contentOf,
  ECHO,
  folderOf,
  filesOf,
  inBoth,
  join,
  portOf,
  registrationOf,
  startTwoOrganisations,
  switchTo,
  type TwoOrganisations,
} from '../support/two-organisations.ts';
import { until } from '../support/until.ts';

let both: TwoOrganisations;
let alpha: TestEdge;
let beta: TestEdge;
beforeAll(async () => {
  both = await startTwoOrganisations();
  ({ alpha, beta } = both);
});
afterAll(() => both.stop());

describe('a keychain', () => {
  it('that answers late does not undo what the person did meanwhile', async () => {
    const keychain = fakeKeychain();
    const first = await inBoth(both, { keychain });
    keychain.state = 'locked';
    const client = await first.restart();
    onTestFinished(() => client.stop());
    keychain.state = 'open';
    const get = keychain.get.bind(keychain);
    let answer: (() => void) | undefined;
    keychain.get = (name) => {
      keychain.get = get;
      return new Promise((resolve) => (answer = () => resolve(get(name))));
    };
    const signingIn = client.call('session.signIn', { openBrowser: true });
    signingIn.catch(() => {}); // it is about the organisation that is left
    await until(async () => answer !== undefined);
    await switchTo(client, alpha);
    expect(activeOf(client)).toEqual(['Alpha']);
    answer?.();
    await signingIn.catch(() => {});
    expect(activeOf(client)).toEqual(['Alpha']);
  });

  it('that was locked meanwhile does not let the active organisation be registered anew', async () => {
    const client = await aClient();
    await join(client, alpha);
    const before = registrationOf(client, alpha);
    client.keychain.state = 'locked';
    await expect(client.register(await alpha.edge.createInvite(), 'memory')).rejects.toMatchObject({
      code: 'device/already-registered',
    });
    expect(registrationOf(client, alpha)).toEqual(before);
    expect(client.slices().session.status).toBe('signed-in');
  });
});

describe('a switch', () => {
  it('signs in without a browser, and finds services and ports of that organisation', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const client = await inBoth(both, { browser });
    const port = await freePort();
    await client.call('tunnel.override', { service: ECHO, port });
    await switchTo(client, alpha);
    expect(client.slices()).toMatchObject({
      device: { status: 'registered', organisation: { name: 'Alpha' } },
      session: { status: 'signed-in' },
    });
    expect(filesOf(client, both)).toBe(alpha);
    expect(activeOf(client)).toEqual(['Alpha']);
    await client.call('catalog.refresh', {});
    expect(client.slices().tunnels.ports[ECHO]?.source).not.toBe('override');
    expect(await exchangeBytes(await portOf(client, ECHO), 'to alpha')).toBe('to alpha');

    await switchTo(client, beta);
    expect(filesOf(client, both)).toBe(beta);
    await client.call('catalog.refresh', {});
    expect(client.slices().tunnels.ports[ECHO]).toMatchObject({ port, source: 'override' });
    expect(await exchangeBytes(await portOf(client, ECHO), 'to beta')).toBe('to beta');
    expect(browser.opened).toHaveLength(2);
  });

  it('to the active one does nothing, and to an unknown one says so', async () => {
    const client = await inBoth(both);
    const port = await portOf(client, ECHO);
    const before = client.slices();
    await switchTo(client, beta);
    await expect(
      client.call('organisation.switch', { organisation: '0123456789abcdef' }),
    ).rejects.toMatchObject({ code: 'organisation/unknown' });
    expect(client.slices()).toEqual(before);
    expect(await exchangeBytes(port, 'still there')).toBe('still there');
  });

  it.each([
    ['locked', 'device/secret-store-locked'],
    ['lost', 'device/secret-lost'],
  ])('to one whose key is %s leaves the person where she was', async (how, code) => {
    const client = await inBoth(both);
    const port = await portOf(client, ECHO);
    const before = client.slices();
    const files = contentOf(folderOf(client, alpha));
    if (how === 'locked') client.keychain.state = 'locked';
    else {
      const { secretName } = registrationOf(client, alpha);
      client.keychain.entries.delete(secretName);
    }
    await expect(switchTo(client, alpha)).rejects.toMatchObject({ code });
    expect(client.slices()).toEqual(before);
    expect(filesOf(client, both)).toBe(beta);
    expect(await exchangeBytes(port, 'still there')).toBe('still there');
    expect(contentOf(folderOf(client, alpha))).toEqual(files);
  });

  it('whose settings cannot be written goes on where it was, signed in', async () => {
    const client = await inBoth(both);
    const settings = path.join(client.home, 'settings.json');
    // A folder in its place: neither to be read nor to be replaced.
    const text = readFileSync(settings, 'utf8');
    rmSync(settings);
    mkdirSync(path.join(settings, 'in-the-way'), { recursive: true });
    await expect(switchTo(client, alpha)).rejects.toMatchObject({ code: 'client/storage-failed' });
    rmSync(settings, { recursive: true });
    writeFileSync(settings, text);
    expect(activeOf(client)).toEqual(['Beta']);
    expect(client.slices().session.status).toBe('signed-in');
    expect(filesOf(client, both)).toBe(beta);
    await client.call('catalog.refresh', {});
    expect(await exchangeBytes(await portOf(client, ECHO), 'again')).toBe('again');
    await switchTo(client, alpha);
    expect(filesOf(client, both)).toBe(alpha);
  });

  it('takes no call of the organisation that is being left', async () => {
    const client = await inBoth(both);
    // Gets its moment to finish, which is when the others come.
    const socket = await connectDirectly(await portOf(client, ECHO));
    const switching = switchTo(client, alpha);
    await until(() =>
      client.call('session.cancelSignIn', {}).then(
        () => false,
        () => true,
      ),
    );
    const late = [
      client.call('tunnel.open', { service: ECHO }),
      client.call('session.signOut', {}),
      client.call('device.unregister', {}),
      switchTo(client, beta),
    ];
    for (const result of await Promise.allSettled(late)) {
      expect(result).toMatchObject({ reason: { code: 'client/switching' } });
    }
    await switching;
    expect(activeOf(client)).toEqual(['Alpha']);
    expect(client.slices().session.status).toBe('signed-in');
    socket.destroy();
  });

  it('that waits for a keychain disturbs nobody, and is given up when the client stops', async () => {
    const keychain = fakeKeychain();
    const client = await inBoth(both, { keychain });
    const get = keychain.get.bind(keychain);
    let answer = (): void => {};
    keychain.get = (name) => new Promise((resolve) => (answer = () => resolve(get(name))));
    const switching = switchTo(client, alpha);
    expect(await exchangeBytes(await portOf(client, ECHO), 'meanwhile')).toBe('meanwhile');
    await expect(switchTo(client, alpha)).rejects.toMatchObject({ code: 'client/switching' });
    await client.stop();
    answer();
    await expect(switching).rejects.toMatchObject({ code: 'client/not-running' });
    expect(filesOf(client, both)).toBe(beta);
  });

  it('is not disturbed by what the organisation that is left says at that moment', async () => {
    const client = await inBoth(both);
    const { device } = registrationOf(client, beta);
    const [switched] = await Promise.all([
      switchTo(client, alpha),
      beta.edge.endSessions(device.id, 'Go home.'),
    ]);
    expect(switched).toMatchObject({ organisation: { name: 'Alpha' } });
    await client.call('catalog.refresh', {});
    expect(client.slices().session.status).toBe('signed-in');
    expect(filesOf(client, both)).toBe(alpha);
    await switchTo(client, beta);
    // Told while it was being left, it was forgotten then; else the organisation says so now.
    const { session } = await client.until(
      ({ session: { status } }) => status === 'expired' || status === 'signed-out',
    );
    if (session.status === 'expired') {
      expect(session.because).toMatchObject({ code: 'identity/session-expired' });
    }
    expect(filesOf(client, both)).toBeNull();
  });

  it('ends a sign-in that waits for its browser, and a sign-out keeps the other session', async () => {
    const client = await aClient({
      browser: scriptedBrowser(async (url) => {
        const page = await pageBehind(url);
        if (page.origin === alpha.browserOrigin) await approveSignIn(page.href);
      }),
    });
    await join(client, alpha);
    await client.register(await beta.edge.createInvite());
    const waiting = client.call('session.signIn', { openBrowser: true });
    waiting.catch(() => {});
    await client.until(({ session }) => session.status === 'signing-in' && session.prompt !== null);
    await switchTo(client, alpha);
    await expect(waiting).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    expect(client.slices().session.status).toBe('signed-in');
    await switchTo(client, beta);
    await client.call('session.signOut', {});
    await switchTo(client, alpha);
    expect(client.slices().session.status).toBe('signed-in');
  });
});
