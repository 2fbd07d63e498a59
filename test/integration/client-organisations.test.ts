// One device in two organisations: each with its own everything, one at a time, and nothing of one ever reaches the other.
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { unseal, type VaultContent } from '../../src/main/client/device/vault.ts';
import type { RegistrationFile } from '../../src/main/client/settings/files.ts';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { connectDirectly, exchangeBytes, getThroughProxy } from '../support/bytes.ts';
import { codeOf } from '../support/scripted-device.ts';
import { tapServers } from '../support/seen-by-edge.ts';
import { startClient, type TestClient, type TestClientOptions } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

const ECHO = 'echo.demo.bnn';
let alpha: TestEdge;
let beta: TestEdge;
beforeAll(async () => {
  // Alike in all but name and keys: what is mixed up would work at first.
  [alpha, beta] = await Promise.all([startEdge({ name: 'Alpha' }), startEdge({ name: 'Beta' })]);
});
afterAll(() => Promise.all([alpha.stop(), beta.stop()]));

const idOf = ({ edge }: TestEdge): string =>
  Buffer.from(edge.rootFingerprint, 'base64url').toString('hex').slice(0, 16);
const folderOf = ({ home }: TestClient, edge: TestEdge): string =>
  path.join(home, 'orgs', idOf(edge));

async function aClient(options: TestClientOptions = {}): Promise<TestClient> {
  const client = await startClient(options);
  onTestFinished(() => client.stop());
  return client;
}

async function join(
  client: TestClient,
  edge: TestEdge,
  secrets: 'keychain' | 'memory' = 'keychain',
): Promise<void> {
  await client.register(await edge.edge.createInvite(), secrets);
  await client.signIn();
}

/** Registered and signed in with both; Beta is active. */
async function inBoth(options: TestClientOptions = {}): Promise<TestClient> {
  const client = await aClient(options);
  await join(client, alpha);
  await join(client, beta);
  return client;
}

const switchTo = (client: TestClient, edge: TestEdge) =>
  client.call('organisation.switch', { organisation: idOf(edge) });

async function portOf(client: TestClient, service: string): Promise<number> {
  const tunnel = await client.call('tunnel.open', { service });
  if (tunnel.status !== 'open') throw new Error(tunnel.status);
  return tunnel.address.port;
}

/** Content by name of everything below. */
function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(path.join(folder, name), 'base64')]),
  );
}

function vaultOf(client: TestClient, edge: TestEdge): VaultContent {
  const folder = folderOf(client, edge);
  const registration = JSON.parse(
    readFileSync(path.join(folder, 'registration.json'), 'utf8'),
  ) as RegistrationFile;
  const key = client.keychain.entries.get(registration.secretName)!;
  return unseal(key, idOf(edge), readFileSync(path.join(folder, 'vault.bin')));
}

/** The organisation whose certificates are in the home; null without any, and never a mixture. */
function filesOf({ home }: TestClient): TestEdge | null {
  const found = ['login-cacert.pem', 'login-key.pem', 'login-cert.pem'].filter((name) =>
    existsSync(path.join(home, name)),
  );
  if (found.length === 0) return null;
  expect(found).toHaveLength(3);
  const ca = readFileSync(path.join(home, 'login-cacert.pem'), 'utf8');
  const edge = ca === alpha.edge.root ? alpha : beta;
  expect(ca.trim()).toBe(edge.edge.root.trim());
  return edge;
}

const active = (client: TestClient): string[] =>
  client
    .slices()
    .organisations.filter(({ isActive }) => isActive)
    .map(({ name }) => name);

describe('a second organisation', () => {
  it('becomes the active one, and the first is kept as it was', async () => {
    const client = await aClient();
    await join(client, alpha);
    const port = await portOf(client, ECHO);
    const entries = new Map(client.keychain.entries);
    const before = contentOf(folderOf(client, alpha));

    await client.register(await beta.edge.createInvite());
    expect(client.slices()).toMatchObject({
      organisations: [
        { id: idOf(alpha), name: 'Alpha', host: alpha.organisation, isActive: false },
        { id: idOf(beta), name: 'Beta', host: beta.organisation, isActive: true },
      ],
      device: { status: 'registered', organisation: { name: 'Beta' } },
      session: { status: 'signed-out' },
      catalog: { status: 'empty' },
      tunnels: { states: {}, ports: {} },
    });
    expect(filesOf(client)).toBeNull();
    await expect(exchangeBytes(port, 'x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(contentOf(folderOf(client, alpha))).toEqual(before);
    expect(client.keychain.entries.size).toBe(2);
    for (const [name, key] of entries) expect(client.keychain.entries.get(name)).toEqual(key);
  });

  it('that refuses the invite changes nothing of the first', async () => {
    const client = await aClient();
    await join(client, alpha);
    const port = await portOf(client, ECHO);
    const invite = await beta.edge.createInvite();
    const before = client.slices();
    const wrong = invite.replace(codeOf(invite), 'AAAA-BBBB-CCCC');
    await expect(client.register(wrong)).rejects.toMatchObject({ code: 'device/invite-refused' });
    expect(client.slices()).toEqual(before);
    expect(await exchangeBytes(port, 'hello')).toBe('hello');
    expect(client.keychain.entries.size).toBe(1);
    expect(existsSync(folderOf(client, beta))).toBe(false);
  });

  it.each(['active', 'left'])('whose device is registered already says so: %s', async (which) => {
    const client = await inBoth();
    const edge = which === 'active' ? beta : alpha;
    const invite = await edge.edge.createInvite();
    const before = client.slices();
    const refused = {
      code: 'device/already-registered',
      message: expect.stringContaining(which === 'active' ? 'Beta' : 'Alpha') as unknown,
    };
    await expect(client.call('device.inspectInvite', { invite })).rejects.toMatchObject(refused);
    await expect(client.register(invite)).rejects.toMatchObject(refused);
    expect(client.slices()).toEqual(before);
    await (await aClient()).register(invite); // it was not used up
  });
});

describe('a switch', () => {
  it('signs in without a browser, and finds services and ports of that organisation', async () => {
    const browser = scriptedBrowser((url) => approveSignIn(url));
    const client = await inBoth({ browser });
    await client.call('tunnel.override', { service: ECHO, port: 41_777 });
    await switchTo(client, alpha);
    expect(client.slices()).toMatchObject({
      device: { status: 'registered', organisation: { name: 'Alpha' } },
      session: { status: 'signed-in' },
    });
    expect(filesOf(client)).toBe(alpha);
    expect(active(client)).toEqual(['Alpha']);
    await client.call('catalog.refresh', {});
    expect(client.slices().tunnels.ports[ECHO]?.source).not.toBe('override');
    expect(await exchangeBytes(await portOf(client, ECHO), 'to alpha')).toBe('to alpha');

    await switchTo(client, beta);
    expect(filesOf(client)).toBe(beta);
    await client.call('catalog.refresh', {});
    expect(client.slices().tunnels.ports[ECHO]).toMatchObject({ port: 41_777, source: 'override' });
    expect(await exchangeBytes(await portOf(client, ECHO), 'to beta')).toBe('to beta');
    expect(browser.opened).toHaveLength(2);
  });

  it('ends every connection to the organisation that is left: nothing is asked there any more', async () => {
    const tap = tapServers();
    onTestFinished(() => tap.stop());
    const client = await inBoth();
    const socket = await connectDirectly(await portOf(client, ECHO));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    // A tunnel, the catalogue, its events.
    expect(tap.by(beta).open).toBeGreaterThanOrEqual(3);
    await switchTo(client, alpha);
    await ended;
    await until(async () => tap.by(beta).open === 0);
    const asked = tap.by(beta).text;
    await beta.edge.setServiceEnabled('api.demo.bnn', false);
    await beta.edge.setServiceEnabled('api.demo.bnn', true);
    await client.call('catalog.refresh', {});
    expect(tap.by(beta)).toMatchObject({ open: 0, text: asked });
  });

  it('to the active one does nothing, and to an unknown one says so', async () => {
    const client = await inBoth();
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
    const client = await inBoth();
    const port = await portOf(client, ECHO);
    const before = client.slices();
    const files = contentOf(folderOf(client, alpha));
    if (how === 'locked') client.keychain.state = 'locked';
    else {
      const { secretName } = JSON.parse(
        readFileSync(path.join(folderOf(client, alpha), 'registration.json'), 'utf8'),
      ) as RegistrationFile;
      client.keychain.entries.delete(secretName);
    }
    await expect(switchTo(client, alpha)).rejects.toMatchObject({ code });
    expect(client.slices()).toEqual(before);
    expect(filesOf(client)).toBe(beta);
    expect(await exchangeBytes(port, 'still there')).toBe('still there');
    expect(contentOf(folderOf(client, alpha))).toEqual(files);
  });

  it('whose settings cannot be written goes on where it was, signed in', async () => {
    const client = await inBoth();
    const settings = path.join(client.home, 'settings.json');
    // A folder in its place: neither to be read nor to be replaced.
    const text = readFileSync(settings, 'utf8');
    rmSync(settings);
    mkdirSync(path.join(settings, 'in-the-way'), { recursive: true });
    await expect(switchTo(client, alpha)).rejects.toMatchObject({ code: 'client/storage-failed' });
    rmSync(settings, { recursive: true });
    writeFileSync(settings, text);
    expect(active(client)).toEqual(['Beta']);
    expect(client.slices().session.status).toBe('signed-in');
    expect(filesOf(client)).toBe(beta);
    await client.call('catalog.refresh', {});
    expect(await exchangeBytes(await portOf(client, ECHO), 'again')).toBe('again');
    await switchTo(client, alpha);
    expect(filesOf(client)).toBe(alpha);
  });

  it('takes no call of the organisation that is being left', async () => {
    const client = await inBoth();
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
    expect(active(client)).toEqual(['Alpha']);
    expect(client.slices().session.status).toBe('signed-in');
    socket.destroy();
  });

  it('that waits for a keychain disturbs nobody, and is given up when the client stops', async () => {
    const keychain = fakeKeychain();
    const client = await inBoth({ keychain });
    const get = keychain.get.bind(keychain);
    let answer = (): void => {};
    keychain.get = (name) => new Promise((resolve) => (answer = () => resolve(get(name))));
    const switching = switchTo(client, alpha);
    expect(await exchangeBytes(await portOf(client, ECHO), 'meanwhile')).toBe('meanwhile');
    await expect(switchTo(client, alpha)).rejects.toMatchObject({ code: 'client/switching' });
    await client.stop();
    answer();
    await expect(switching).rejects.toMatchObject({ code: 'client/not-running' });
    expect(filesOf(client)).toBe(beta);
  });

  it('is not disturbed by what the organisation that is left says at that moment', async () => {
    const client = await inBoth();
    const device = (await beta.edge.devices()).at(-1)!;
    const [switched] = await Promise.all([
      switchTo(client, alpha),
      beta.edge.endSessions(device.id, 'Go home.'),
    ]);
    expect(switched).toMatchObject({ organisation: { name: 'Alpha' } });
    await client.call('catalog.refresh', {});
    expect(client.slices().session.status).toBe('signed-in');
    expect(filesOf(client)).toBe(alpha);
    await switchTo(client, beta);
    const { session } = await client.until(({ session: { status } }) => status === 'expired');
    expect(session).toMatchObject({ because: { code: 'identity/session-expired' } });
    expect(filesOf(client)).toBeNull();
  });

  it('ends a sign-in that waits for its browser, and a sign-out keeps the other session', async () => {
    const client = await aClient({
      browser: scriptedBrowser((url) =>
        url.startsWith(alpha.browserOrigin) ? approveSignIn(url) : Promise.resolve(),
      ),
    });
    await join(client, alpha);
    await client.register(await beta.edge.createInvite());
    const waiting = client.call('session.signIn', { openBrowser: true });
    waiting.catch(() => {});
    await client.until(({ session }) => session.status === 'signing-in' && !!session.signInUrl);
    await switchTo(client, alpha);
    await expect(waiting).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    expect(client.slices().session.status).toBe('signed-in');
    await switchTo(client, beta);
    await client.call('session.signOut', {});
    await switchTo(client, alpha);
    expect(client.slices().session.status).toBe('signed-in');
  });
});

describe('a registration in memory', () => {
  it('outlives switches, and ends with the process, whichever organisation is active then', async () => {
    const client = await aClient();
    await join(client, alpha, 'memory');
    await join(client, beta);
    await switchTo(client, alpha);
    expect(client.slices()).toMatchObject({
      device: { secrets: 'memory' },
      session: { status: 'signed-in' },
    });
    await switchTo(client, beta);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(second.slices().organisations.map(({ name }) => name)).toEqual(['Beta']);
    expect(second.slices().session.status).toBe('signed-in');
    expect(existsSync(folderOf(second, alpha))).toBe(false);
  });
});

describe('unregistering', () => {
  it('leaves that organisation only, and the other one becomes active', async () => {
    const client = await inBoth();
    const before = contentOf(folderOf(client, alpha));
    await client.call('device.unregister', {});
    expect(client.slices()).toMatchObject({
      organisations: [{ name: 'Alpha', isActive: true }],
      device: { organisation: { name: 'Alpha' } },
      session: { status: 'signed-in' },
    });
    expect(filesOf(client)).toBe(alpha);
    expect(existsSync(folderOf(client, beta))).toBe(false);
    expect(client.keychain.entries.size).toBe(1);
    expect(contentOf(folderOf(client, alpha))['registration.json']).toBe(
      before['registration.json'],
    );
    await client.call('device.unregister', {});
    expect(client.slices()).toMatchObject({
      organisations: [],
      device: { status: 'unregistered' },
      session: { status: 'signed-out' },
    });
    expect(client.keychain.entries.size).toBe(0);
    expect(filesOf(client)).toBeNull();
  });
});

describe('a start', () => {
  it('goes on with the organisation that was active last', async () => {
    const client = await inBoth();
    await switchTo(client, alpha);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(active(second)).toEqual(['Alpha']);
    expect(filesOf(second)).toBe(alpha);
  });

  it('removes the files of an organisation that is not the active one', async () => {
    const client = await inBoth();
    await client.call('session.signOut', {});
    await switchTo(client, alpha);
    await client.stop();
    const settings = path.join(client.home, 'settings.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(idOf(alpha), idOf(beta)));
    expect(filesOf(client)).toBe(alpha);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(active(second)).toEqual(['Beta']);
    expect(filesOf(second)).toBeNull();
  });

  it('with lost settings offers what the device is registered with', async () => {
    const client = await inBoth();
    await client.stop();
    writeFileSync(path.join(client.home, 'settings.json'), 'garbage');
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(second.slices()).toMatchObject({
      device: { status: 'unregistered', because: { code: 'client/storage-corrupt' } },
      organisations: [{ name: 'Alpha' }, { name: 'Beta' }],
    });
    expect(filesOf(second)).toBeNull();
    await switchTo(second, beta);
    expect(second.slices().session.status).toBe('signed-in');
  });
});

describe('an edge', () => {
  it('never sees a certificate, a token or a header of the other', async () => {
    const tap = tapServers();
    onTestFinished(() => tap.stop());
    const client = await aClient();
    const [toAlpha, toBeta] = await Promise.all([
      alpha.edge.createInvite(),
      beta.edge.createInvite(),
    ]);
    const useEverything = async (edge: TestEdge): Promise<void> => {
      await client.call('catalog.refresh', {});
      expect(await exchangeBytes(await portOf(client, ECHO), 'bytes')).toBe('bytes');
      const lab = await portOf(client, 'lab.demo.bnn');
      expect((await getThroughProxy(lab, edge.lab.allowed[0]!)).status).toBe(200);
    };
    await client.register(toAlpha);
    await client.signIn();
    await useEverything(alpha);
    // While everything of Alpha runs.
    await client.register(toBeta);
    await client.signIn();
    await useEverything(beta);
    await switchTo(client, alpha);
    await useEverything(alpha);
    await switchTo(client, beta);
    await useEverything(beta);
    const own = [alpha, beta].map((edge) => vaultOf(client, edge));
    await client.call('session.signOut', {});
    await client.call('device.unregister', {});
    await useEverything(alpha);

    const first = (pem: string): string => new X509Certificate(pem).toString();
    const tokensOf = ({ session }: VaultContent) => [session!.trustToken, session!.refreshToken!];
    const seen = [alpha, beta].map((edge) => tap.by(edge));
    const codes = [codeOf(toAlpha), codeOf(toBeta)];
    for (const [here, there] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { certificates, text, failures } = seen[here]!;
      const { device, session } = own[here]!;
      expect(certificates).toEqual(
        new Set([first(device.certificate), first(session!.certificate)]),
      );
      expect(failures).toEqual([]);
      // What is its own was seen, so the tap sees; and nothing else was.
      expect(text).toContain(own[here]!.session!.trustToken);
      expect(text).toContain(Buffer.from(`invite:${codes[here]}`).toString('base64'));
      const [one, other] = [alpha, beta].map((edge) => edge.organisation);
      const foreign = [
        ...tokensOf(own[there]!),
        Buffer.from(`invite:${codes[there]}`).toString('base64'),
        here === 0 ? other! : one!,
      ];
      for (const secret of foreign) expect(text).not.toContain(secret);
    }
  });
});
