// A managed deployment file: the device registers by itself, and nobody but the administrator changes what it sets.
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { parseArguments } from '../../src/edge/commands/arguments.ts';
import { peopleCommands } from '../../src/edge/commands/people.ts';
import { createPrint } from '../../src/edge/print.ts';
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import type { Clock } from '../../src/main/client/ports.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { aManagedFile } from '../support/managed-file.ts';
import { codeOf } from '../support/scripted-device.ts';
import type { Slices } from '../../src/shared/ipc/contract.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import type { TestClient } from '../support/start-client.ts';
import {
  activeOf,
  aClient,
  folderOf,
  idOf,
  join,
  startTwoOrganisations,
  type TwoOrganisations,
} from '../support/two-organisations.ts';

const DAY = 24 * 3600;
let both: TwoOrganisations;
let alpha: TestEdge;
let beta: TestEdge;
beforeAll(async () => {
  both = await startTwoOrganisations();
  ({ alpha, beta } = both);
});
afterAll(() => both.stop());

const aDeployment = (edge: TestEdge, uses = 1_000, lifetimeSeconds = DAY) =>
  edge.edge.createDeploymentInvite({ name: 'A test', uses, lifetimeSeconds });
const usesOf = async (edge: TestEdge, id: string): Promise<number | undefined> =>
  (await edge.edge.invites()).find((each) => each.id === id)?.used;

/** As `banyan-edge device list` prints it. */
async function deviceList({ data }: TestEdge): Promise<string> {
  const given = parseArguments(['device', 'list']);
  if (typeof given === 'string') throw new Error(given);
  let printed = '';
  const result = (_: object, lines: readonly string[]) => void (printed = lines.join('\n'));
  const print = { ...createPrint(false), result };
  await peopleCommands['device list']({ call: callsTo(data), print, by: 'test', arguments: given });
  return printed;
}

const registration = ({ managed }: Slices) =>
  managed.status === 'in-force' ? managed.registration : null;
const has = (status: string) => (slices: Slices) => registration(slices)?.status === status;
const isRegistered = (client: TestClient) => client.until(has('registered'));
/** Retries are due fifty times as fast. */
const hasty: Clock = {
  now: () => systemClock.now(),
  after: (delayMs, run) => systemClock.after(delayMs / 50, run),
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('at its first start a device', () => {
  it('registers by itself, as the file says, with a key of its own in the keychain', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite, mdm_device_ownership: 'S' });
    const client = await aClient({ ports: file.ports });
    await isRegistered(client);
    expect(client.slices()).toMatchObject({
      organisations: [{ id: idOf(alpha), isActive: true }],
      device: {
        status: 'registered',
        organisation: { name: 'Alpha' },
        device: { ownership: 'Corporate Shared', name: client.client.snapshot().app.hostName },
        secrets: 'keychain',
      },
      session: { status: 'signed-out' },
    });
    expect(client.keychain.entries.size).toBe(1);
    expect(await usesOf(alpha, id)).toBe(1);
    const devices = await alpha.edge.devices();
    expect(devices.at(-1)).toMatchObject({ ownership: 'Corporate Shared' });
    const written = JSON.stringify([client.log.lines, client.client.snapshot()]);
    expect(written).not.toContain(codeOf(invite));
  });

  it('tells the organisation what the administrator’s tool says of the computer', async () => {
    const { invite } = await aDeployment(alpha);
    const { ports } = aManagedFile({
      mdm_invite_code: invite,
      mdm_present: 'true',
      mdm_vendor_name: 'Jamf',
      mdm_vendor_udid: '1F-2E',
      mdm_deploy_user: 'Zoë',
      mdm_deploy_email: 'zoe@example.com',
    });
    await isRegistered(await aClient({ ports }));
    expect((await alpha.edge.devices()).at(-1)).toMatchObject({
      deployment: {
        isManaged: true,
        vendor: 'Jamf',
        vendorId: '1F-2E',
        user: 'Zoë',
        email: 'zoe@example.com',
      },
    });
    expect(await deviceList(alpha)).toMatch(/ says Jamf, for zoe@example\.com {2}/);
  });

  it('is one of several that one invite is good for, and each user registers for herself', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite });
    const clients = await Promise.all([1, 2, 3].map(() => aClient({ ports: file.ports })));
    await Promise.all(clients.map(isRegistered));
    const devices = clients.map((client) => {
      const { device } = client.slices();
      return device.status === 'registered' ? device.device.id : null;
    });
    expect(new Set(devices).size).toBe(3);
    expect(await usesOf(alpha, id)).toBe(3);
  });

  it('whose keychain entry is lost later is registered anew by itself, as another device', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite });
    const first = await aClient({ ports: file.ports });
    await isRegistered(first);
    first.keychain.entries.clear();
    const second = await first.restart();
    onTestFinished(() => second.stop());
    const { device } = await second.until(({ device: now }) => now.status === 'registered');
    await isRegistered(second);
    expect(device).toMatchObject({ organisation: { name: 'Alpha' } });
    expect(await usesOf(alpha, id)).toBe(2);
    await second.signIn();
    expect(activeOf(second)).toEqual(['Alpha']);
    // And no more than once.
    const third = await second.restart();
    onTestFinished(() => third.stop());
    await third.until(({ device: now }) => now.status === 'registered');
    await pause(300);
    expect(await usesOf(alpha, id)).toBe(2);
  });

  it('whose keychain forgets with every start is registered anew three times a day at most', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite });
    let client = await aClient({ ports: file.ports });
    await isRegistered(client);
    for (let start = 1; start <= 4; start += 1) {
      client.keychain.entries.clear();
      client = await client.restart();
      const started = client;
      onTestFinished(() => started.stop());
      if (start < 4) await client.until(({ device }) => device.status === 'registered');
    }
    await pause(500);
    expect(client.slices().device).toMatchObject({ because: { code: 'device/secret-lost' } });
    expect(await usesOf(alpha, id)).toBe(4);
  });

  it('whose keychain is only locked later is not registered anew', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite });
    const first = await aClient({ ports: file.ports });
    await isRegistered(first);
    first.keychain.state = 'locked';
    const second = await first.restart();
    onTestFinished(() => second.stop());
    await pause(500);
    expect(second.slices().device).toMatchObject({
      status: 'unregistered',
      because: { code: 'device/secret-store-locked' },
    });
    expect(await usesOf(alpha, id)).toBe(1);
    second.keychain.state = 'open';
    await second.signIn();
    expect(await usesOf(alpha, id)).toBe(1);
  });

  it('whose lost key cannot be replaced says why, and keeps what it has', async () => {
    const { id, invite } = await aDeployment(alpha, 1);
    const file = aManagedFile({ mdm_invite_code: invite });
    const first = await aClient({ ports: file.ports });
    await isRegistered(first);
    const folder = folderOf(first, alpha);
    first.keychain.entries.clear();
    const second = await first.restart();
    onTestFinished(() => second.stop());
    const slices = await second.until(has('refused'));
    expect(registration(slices)).toMatchObject({ because: { code: 'device/invite-refused' } });
    expect(slices.organisations).toMatchObject([{ id: idOf(alpha), isActive: false }]);
    expect(existsSync(path.join(folder, 'vault.bin'))).toBe(true);
    expect(await usesOf(alpha, id)).toBe(1);
  });

  it('leaves it to a client that stays, and says that it is due', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite, mdm_auto_login: true });
    const client = await aClient({ ports: file.ports, stays: false });
    await pause(300);
    expect(client.slices()).toMatchObject({
      managed: {
        settings: { autoLogin: true },
        registration: { status: 'due', organisation: { id: idOf(alpha) } },
      },
      device: { status: 'unregistered' },
    });
    expect(await usesOf(alpha, id)).toBe(0);
  });

  it('signs in too, where the file says so', async () => {
    const { invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite, mdm_auto_login: true });
    const client = await aClient({ ports: file.ports });
    await client.until(({ session }) => session.status === 'signed-in');
    await client.call('session.signOut', {});
    const second = await client.restart();
    onTestFinished(() => second.stop());
    await second.until(({ session }) => session.status === 'signed-in');
  });

  it('does not sign in by itself where the file does not say so', async () => {
    const { invite } = await aDeployment(alpha);
    const client = await aClient({ ports: aManagedFile({ mdm_invite_code: invite }).ports });
    await isRegistered(client);
    await pause(300);
    expect(client.slices().session.status).toBe('signed-out');
  });
});

describe('what the file sets for the app', () => {
  function loginStart(isOn: boolean) {
    const set: boolean[] = [];
    return {
      set,
      port: {
        isOn: () => Promise.resolve(set.at(-1) ?? isOn),
        set: (next: boolean) => Promise.resolve(void set.push(next)),
      },
    };
  }

  it('starts it at login and hidden, locked, from the first look on', async () => {
    const login = loginStart(false);
    const file = aManagedFile({ mdm_start_at_boot: 'true', mdm_hide_on_start: true });
    const client = await aClient({ ports: { ...file.ports, loginStart: login.port } });
    expect(login.set).toEqual([true]);
    expect(client.slices().settings).toMatchObject({
      values: { startAtLogin: true, startHidden: true },
      managed: { by: 'your administrator', locked: ['startAtLogin', 'startHidden'] },
    });
    for (const change of [{ startAtLogin: false }, { startHidden: false }]) {
      await expect(client.call('settings.change', change)).rejects.toMatchObject({
        code: 'client/setting-managed',
      });
    }
    expect(login.set).toEqual([true]);
  });

  it('leaves to the person what it says false to, and what is gone with it', async () => {
    const login = loginStart(true);
    const file = aManagedFile({ mdm_start_at_boot: 'false', mdm_hide_on_start: false });
    const client = await aClient({ ports: { ...file.ports, loginStart: login.port } });
    await client.call('settings.change', { startAtLogin: false, startHidden: true });
    expect(client.slices().settings).toMatchObject({
      values: { startAtLogin: false, startHidden: true },
      managed: null,
    });
  });

  it('keeps it running, whoever asks for its end', async () => {
    const file = aManagedFile({ mdm_disable_quit: true });
    const client = await aClient({ ports: file.ports });
    await expect(client.call('app.quit', {})).rejects.toMatchObject({
      code: 'managed/not-allowed',
    });
    expect(client.slices().managed).toMatchObject({ settings: { disableQuit: true } });
  });
});

describe('a registered device', () => {
  it('does nothing, also once the invite was revoked and the file is gone', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite });
    const first = await aClient({ ports: file.ports });
    await isRegistered(first);
    const { device } = first.slices();
    await alpha.edge.revokeInvite(id);
    const second = await first.restart();
    onTestFinished(() => second.stop());
    expect(registration(second.slices())).toMatchObject({ status: 'registered' });
    expect(second.slices().device).toMatchObject({ ...device });
    file.remove();
    const third = await second.restart();
    onTestFinished(() => third.stop());
    expect(third.slices()).toMatchObject({ managed: { status: 'absent' }, device });
    expect(await usesOf(alpha, id)).toBe(1);
  });

  it('of an invite for one person is the one that the file asks for', async () => {
    const { id, invite } = await aDeployment(alpha);
    const client = await aClient({ ports: aManagedFile().ports });
    await client.register(await alpha.edge.createInvite());
    const file = aManagedFile({ mdm_invite_code: invite });
    await client.stop();
    const second = await aClient({
      home: client.home,
      keychain: client.keychain,
      ports: file.ports,
    });
    expect(registration(second.slices())).toMatchObject({ status: 'registered' });
    expect(await usesOf(alpha, id)).toBe(0);
  });

  it('that was cut off before it was made the active one is taken up', async () => {
    const { id, invite } = await aDeployment(alpha);
    const client = await aClient({ ports: aManagedFile({ mdm_invite_code: invite }).ports });
    await isRegistered(client);
    await client.stop();
    const settings = path.join(client.home, 'settings.json');
    writeFileSync(settings, JSON.stringify({ version: 1, activeOrganisation: null }));
    const second = await client.restart();
    onTestFinished(() => second.stop());
    await second.until(({ device }) => device.status === 'registered');
    expect(await usesOf(alpha, id)).toBe(1);
  });

  it('of another organisation is registered with this one beside it, and loses nothing', async () => {
    const { invite } = await aDeployment(beta);
    const client = await aClient();
    await join(client, alpha);
    await client.stop();
    const file = aManagedFile({ mdm_invite_code: invite });
    const second = await aClient({
      home: client.home,
      keychain: client.keychain,
      ports: file.ports,
    });
    await isRegistered(second);
    expect(second.slices().organisations).toMatchObject([
      { name: 'Alpha', isActive: true },
      { name: 'Beta', isActive: false },
    ]);
    expect(second.slices().session.status).toBe('signed-in');
  });
});

describe('an invite that is', () => {
  const refusals: [string, () => Promise<string>][] = [
    ['expired', async () => (await expired()).invite],
    ['used up', usedUp],
    ['revoked', revoked],
  ];
  async function expired() {
    const made = await aDeployment(alpha, 1, 1);
    await pause(1_100);
    return made;
  }
  async function usedUp(): Promise<string> {
    const { invite } = await aDeployment(alpha, 1);
    await (await aClient()).register(invite);
    return invite;
  }
  async function revoked(): Promise<string> {
    const { id, invite } = await aDeployment(alpha);
    await alpha.edge.revokeInvite(id);
    return invite;
  }

  it.each(refusals)('%s is refused for good, until the file is another one', async (_, make) => {
    const file = aManagedFile({ mdm_invite_code: await make() });
    const client = await aClient({ ports: { ...file.ports, clock: hasty } });
    const { device } = await client.until(has('refused'));
    expect(device).toMatchObject({ status: 'unregistered' });
    expect(registration(client.slices())).toMatchObject({
      because: { code: 'device/invite-refused' },
    });
    const tries = () => client.log.lines.filter(({ message }) => message.includes('as its org'));
    await pause(500);
    expect(tries()).toHaveLength(1);
    expect(client.keychain.entries.size).toBe(0);

    file.write({ mdm_invite_code: (await aDeployment(alpha)).invite });
    await client.call('device.registerAsManaged', {});
    expect(registration(client.slices())).toMatchObject({ status: 'registered' });
  });

  it('of a root that the organisation does not show is refused, until there is another way', async () => {
    const { invite } = await aDeployment(alpha);
    const file = aManagedFile({
      mdm_invite_code: invite.replace(/root=.{43}/, `root=${'A'.repeat(43)}`),
    });
    const machine = { steadyMs: () => performance.now(), addresses: () => [] };
    const client = await aClient({ ports: { ...file.ports, machine } });
    await client.until(has('refused'));
    expect(registration(client.slices())).toMatchObject({
      because: { code: 'device/root-mismatch' },
    });
    file.write({ mdm_invite_code: invite });
    client.client.wokeUp();
    await isRegistered(client);
  });
});

describe('an organisation that cannot be reached', () => {
  it('is tried again, later each time, until it answers', async () => {
    const first = await startEdge();
    const { invite } = await aDeployment(first);
    const port = Number(first.organisation.split(':')[1]);
    await first.edge.stop(0);
    const file = aManagedFile({ mdm_invite_code: invite });
    const waits: number[] = [];
    const clock: Clock = {
      now: () => systemClock.now(),
      after(delayMs, run) {
        const isRetry = delayMs > 3_900 && delayMs < 100_000;
        if (isRetry) waits.push(delayMs);
        return systemClock.after(isRetry ? delayMs / 50 : delayMs, run);
      },
    };
    const client = await aClient({ ports: { ...file.ports, clock } });
    await client.until(has('waiting'));
    expect(registration(client.slices())).toMatchObject({
      because: { code: 'organisation/unreachable' },
    });
    while (waits.length < 3) await pause(20);
    for (const [index, wait] of waits.slice(0, 3).entries()) {
      expect(wait / (5_000 * 2 ** index)).toBeGreaterThanOrEqual(0.8);
      expect(wait / (5_000 * 2 ** index)).toBeLessThanOrEqual(1.2);
    }
    const second = await startEdge({ data: first.data, ports: { public: { port } } });
    onTestFinished(async () => {
      await second.stop();
      await first.stop();
    });
    await isRegistered(client);
    expect(client.slices().device.status).toBe('registered');
  });

  it('and a keychain that is locked cost no use of the invite', async () => {
    const { id, invite } = await aDeployment(alpha);
    const client = await aClient({ ports: aManagedFile().ports });
    client.keychain.state = 'locked';
    await client.stop();
    const second = await aClient({
      home: client.home,
      keychain: client.keychain,
      ports: aManagedFile({ mdm_invite_code: invite }).ports,
    });
    await second.until(has('waiting'));
    expect(await usesOf(alpha, id)).toBe(0);
    client.keychain.state = 'open';
    await second.call('device.registerAsManaged', {});
    expect(registration(second.slices())).toMatchObject({ status: 'registered' });
    expect(await usesOf(alpha, id)).toBe(1);
  });
});

describe('a file that nothing shows to be the administrator’s', () => {
  const bad: [string, (invite: string) => ReturnType<typeof aManagedFile>][] = [
    ['others may write it', (invite) => written({ mdm_invite_code: invite }, 0o666)],
    ['it is a link', linked],
    [
      'it is too large',
      (invite) => aManagedFile({ mdm_invite_code: invite, x: 'x'.repeat(70_000) }),
    ],
    ['it is garbage', (invite) => aManagedFile(`mdm_invite_code=${invite}`)],
    ['one value is wrong', (invite) => aManagedFile({ mdm_invite_code: invite, mdm_multi_org: 7 })],
  ];
  function written(content: Record<string, unknown>, mode: number) {
    const file = aManagedFile();
    file.write(content, mode);
    return file;
  }
  function linked(invite: string) {
    const file = aManagedFile();
    symlinkSync(aManagedFile({ mdm_invite_code: invite }).path, file.path);
    return file;
  }

  it.each(bad)('is ignored and reported once: %s', async (_, make) => {
    const { id, invite } = await aDeployment(alpha);
    const file = make(invite);
    const shown: string[] = [];
    const notifier = { show: ({ body }: { body: string }) => void shown.push(body) };
    const client = await aClient({ ports: { ...file.ports, notifier } });
    await client.call('device.registerAsManaged', {});
    expect(client.slices()).toMatchObject({
      managed: { status: 'ignored', because: { code: 'managed/file-ignored' } },
      device: { status: 'unregistered' },
    });
    expect(shown).toHaveLength(1);
    const told = client.log.lines.filter(({ message }) => message.includes('is ignored'));
    expect(told).toHaveLength(1);
    expect(JSON.stringify([client.log.lines, client.slices()])).not.toContain(codeOf(invite));
    expect(await usesOf(alpha, id)).toBe(0);
    // It forbids nothing either.
    await client.register(await beta.edge.createInvite());
    await client.call('device.unregister', {});
  });

  it('may name what means nothing here: that is in the log, once', async () => {
    const file = aManagedFile({ mdm_new_thing: 'a value' });
    const client = await aClient({ ports: file.ports });
    const signals: string[] = [];
    client.client.subscribe((name) => signals.push(name));
    await client.call('device.registerAsManaged', {});
    // Read again, and the same: nobody is told.
    expect(signals).toEqual([]);
    const told = client.log.lines.filter(({ level }) => level === 'warn');
    expect(told).toMatchObject([{ fields: { names: 'mdm_new_thing' } }]);
    expect(JSON.stringify(client.log.lines)).not.toContain('a value');
  });
});

describe('a person', () => {
  const notAllowed = { code: 'managed/not-allowed' };

  it('does not leave what the file has set up, also when the device was revoked', async () => {
    const { invite } = await aDeployment(alpha);
    const client = await aClient({ ports: aManagedFile({ mdm_invite_code: invite }).ports });
    await isRegistered(client);
    await expect(client.call('device.unregister', {})).rejects.toMatchObject({
      ...notAllowed,
      message: expect.stringContaining('managed deployment file') as unknown,
    });
    await client.signIn();
    const { device } = client.slices();
    if (device.status === 'registered') await alpha.edge.revokeDevice(device.device.id, 'Lost.');
    await client.until(({ device: now }) => now.status === 'revoked');
    await expect(client.call('device.unregister', {})).rejects.toMatchObject(notAllowed);
    expect(client.slices().device.status).toBe('revoked');
    expect(existsSync(folderOf(client, alpha))).toBe(true);
  });

  it('leaves once the file is gone, and is not registered again by itself', async () => {
    const { id, invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite });
    const client = await aClient({ ports: file.ports });
    await isRegistered(client);
    file.remove();
    await client.call('device.unregister', {});
    const second = await client.restart();
    onTestFinished(() => second.stop());
    await pause(300);
    expect(second.slices().device.status).toBe('unregistered');
    expect(await usesOf(alpha, id)).toBe(1);
  });

  it('leaves with a certificate that has ended, and is back with a new one', async () => {
    const edge = await startEdge({ lifetimes: { deviceCert: 2 } });
    onTestFinished(() => edge.stop());
    const { id, invite } = await aDeployment(edge);
    const client = await aClient({ ports: aManagedFile({ mdm_invite_code: invite }).ports });
    await isRegistered(client);
    await client.stop();
    await pause(2_500);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    await second.until(
      ({ device }) =>
        device.status === 'registered' &&
        device.renewalFailed?.code === 'device/certificate-expired',
    );
    await second.call('device.unregister', {});
    await second.until(
      ({ device }) => device.status === 'registered' && device.renewalFailed === undefined,
    );
    expect(await usesOf(edge, id)).toBe(2);
  });

  it('does not join another organisation where there is to be one only', async () => {
    const { invite } = await aDeployment(alpha);
    const file = aManagedFile({ mdm_invite_code: invite, mdm_multi_org: false });
    const client = await aClient({ ports: file.ports });
    await isRegistered(client);
    const other = await beta.edge.createInvite();
    await expect(client.register(other)).rejects.toMatchObject(notAllowed);
    await expect(client.call('device.inspectInvite', { invite: other })).rejects.toMatchObject(
      notAllowed,
    );
    expect(activeOf(client)).toEqual(['Alpha']);
    // Nothing of her own decides it.
    const settings = path.join(client.home, 'settings.json');
    const own = JSON.parse(readFileSync(settings, 'utf8')) as object;
    writeFileSync(settings, JSON.stringify({ ...own, mdm_multi_org: true }));
    const second = await client.restart();
    onTestFinished(() => second.stop());
    await expect(second.register(other)).rejects.toMatchObject(notAllowed);
    // It was not used up.
    await (await aClient()).register(other);
  });

  it('joins another one where the file does not say otherwise', async () => {
    const { invite } = await aDeployment(alpha);
    const client = await aClient({ ports: aManagedFile({ mdm_invite_code: invite }).ports });
    await isRegistered(client);
    await client.register(await beta.edge.createInvite());
    expect(activeOf(client)).toEqual(['Beta']);
    // That one is hers to leave.
    await client.call('device.unregister', {});
    expect(activeOf(client)).toEqual(['Alpha']);
  });

  it('does not join another one that was begun by signing in before the file was there', async () => {
    const file = aManagedFile();
    const { invite } = await aDeployment(alpha);
    const browser = scriptedBrowser((url) => {
      file.write({ mdm_invite_code: invite, mdm_multi_org: false });
      return approveSignIn(url);
    });
    const client = await aClient({ browser, ports: { ...file.ports, publicRoots: () => [] } });
    const joining = client.call('device.registerBySignIn', {
      address: beta.organisation,
      fingerprint: beta.edge.rootFingerprint,
      openBrowser: true,
      name: 'laptop',
      ownership: 'Other',
      secrets: 'keychain',
    });
    await expect(joining).rejects.toMatchObject(notAllowed);
  });

  it('joins one, and not a second, where the file names none', async () => {
    const client = await aClient({ ports: aManagedFile({ mdm_multi_org: 'false' }).ports });
    await client.register(await alpha.edge.createInvite());
    await expect(client.register(await beta.edge.createInvite())).rejects.toMatchObject(notAllowed);
    await client.call('device.unregister', {});
    await client.register(await beta.edge.createInvite());
  });
});
