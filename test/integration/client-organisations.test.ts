// One device in two organisations: registered with a second, started, left, and kept in memory.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { exchangeBytes } from '../support/bytes.ts';
import { codeOf } from '../support/scripted-device.ts';
import type { TestEdge } from '../support/start-edge.ts';
import {
  activeOf,
  aClient,
  contentOf,
  ECHO,
  folderOf,
  filesOf,
  idOf,
  inBoth,
  join,
  portOf,
  startTwoOrganisations,
  switchTo,
  type TwoOrganisations,
} from '../support/two-organisations.ts';

let both: TwoOrganisations;
let alpha: TestEdge;
let beta: TestEdge;
beforeAll(async () => {
  both = await startTwoOrganisations();
  ({ alpha, beta } = both);
});
afterAll(() => both.stop());

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
    expect(filesOf(client, both)).toBeNull();
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
    const client = await inBoth(both);
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
    const client = await inBoth(both);
    const before = contentOf(folderOf(client, alpha));
    await client.call('device.unregister', {});
    expect(client.slices()).toMatchObject({
      organisations: [{ name: 'Alpha', isActive: true }],
      device: { organisation: { name: 'Alpha' } },
      session: { status: 'signed-in' },
    });
    expect(filesOf(client, both)).toBe(alpha);
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
    expect(filesOf(client, both)).toBeNull();
  });
});

describe('unregistering on a disk that takes nothing', () => {
  /** A folder in its place: neither to be read nor to be replaced. Returns how it is put back. */
  function block(file: string): () => void {
    const content = readFileSync(file);
    rmSync(file);
    mkdirSync(path.join(file, 'in-the-way'), { recursive: true });
    return () => {
      rmSync(file, { recursive: true });
      writeFileSync(file, content);
    };
  }

  it('is done at once, and so it is at the next start', async () => {
    const client = await aClient();
    await join(client, alpha);
    block(path.join(folderOf(client, alpha), 'vault.bin'));
    const putBack = block(path.join(client.home, 'settings.json'));
    const before = (await alpha.edge.devices()).length;
    await client.call('device.unregister', {});
    expect(client.slices()).toMatchObject({
      organisations: [],
      device: { status: 'unregistered' },
      session: { status: 'signed-out' },
    });
    expect((await alpha.edge.devices()).length).toBe(before - 1);
    expect(existsSync(folderOf(client, alpha))).toBe(false);
    expect(client.keychain.entries.size).toBe(0);
    expect(filesOf(client, both)).toBeNull();
    // As a full disk leaves it: with the name of what is gone.
    putBack();
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(second.slices().device).toEqual({ status: 'unregistered' });
    await second.register(await alpha.edge.createInvite());
  });

  it('that gives nothing back either says that it is to be repeated, and never "registered"', async (ctx) => {
    const client = await aClient();
    await join(client, alpha);
    const folder = folderOf(client, alpha);
    // What something is mounted on cannot be removed, not even by root.
    if (spawnSync('mount', ['-t', 'tmpfs', 'none', folder]).status !== 0) {
      ctx.skip('nothing can be mounted here');
    }
    const unmount = () => spawnSync('umount', [folder]);
    onTestFinished(() => void unmount());
    const refused = {
      code: 'client/storage-failed',
      message: expect.stringMatching(/no longer registered with Alpha.*again/) as unknown,
    };
    await expect(client.call('device.unregister', {})).rejects.toMatchObject(refused);
    expect(client.slices().device).toMatchObject({ status: 'revoked', because: refused });
    unmount();
    await client.call('device.unregister', {});
    expect(client.slices()).toMatchObject({
      organisations: [],
      device: { status: 'unregistered' },
    });
    expect(existsSync(folder)).toBe(false);
  });
});

describe('unregistering, when the client is told to stop,', () => {
  it('is finished first', async () => {
    const client = await inBoth(both);
    const left = client.call('device.unregister', {});
    await client.stop();
    await left;
    expect(existsSync(folderOf(client, beta))).toBe(false);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(activeOf(second)).toEqual(['Alpha']);
  });
});

describe('a start', () => {
  it('goes on with the organisation that was active last', async () => {
    const client = await inBoth(both);
    await switchTo(client, alpha);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(activeOf(second)).toEqual(['Alpha']);
    expect(filesOf(second, both)).toBe(alpha);
  });

  it('removes the files of an organisation that is not the active one', async () => {
    const client = await inBoth(both);
    await client.call('session.signOut', {});
    await switchTo(client, alpha);
    await client.stop();
    const settings = path.join(client.home, 'settings.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replace(idOf(alpha), idOf(beta)));
    expect(filesOf(client, both)).toBe(alpha);
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(activeOf(second)).toEqual(['Beta']);
    expect(filesOf(second, both)).toBeNull();
  });

  it('with lost settings offers what the device is registered with', async () => {
    const client = await inBoth(both);
    await client.stop();
    writeFileSync(path.join(client.home, 'settings.json'), 'garbage');
    const second = await client.restart();
    onTestFinished(() => second.stop());
    expect(second.slices()).toMatchObject({
      device: { status: 'unregistered', because: { code: 'client/storage-corrupt' } },
      organisations: [{ name: 'Alpha' }, { name: 'Beta' }],
    });
    expect(filesOf(second, both)).toBeNull();
    await switchTo(second, beta);
    expect(second.slices().session.status).toBe('signed-in');
  });
});
