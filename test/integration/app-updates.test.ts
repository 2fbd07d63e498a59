// How an AppImage becomes a newer one: the real electron-updater, a list of versions over TLS on loopback, the real client.
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Notice } from '../../src/main/client/ports.ts';
import { layout } from '../../src/main/client/settings/layout.ts';
import type { Updates } from '../../src/shared/model/updates.ts';
import { manualClock } from '../fakes/manual-clock.ts';
import { startCorporateProxy } from '../support/corporate-proxy.ts';
import { aManagedFile } from '../support/managed-file.ts';
import { startClient, type TestClient, type TestClientOptions } from '../support/start-client.ts';
import {
  anInstalledApp,
  aReleaseKey,
  type InstalledApp,
  type Published,
  startUpdateFeed,
  type UpdateFeedServer,
} from '../support/update-feed.ts';
import { until } from '../support/until.ts';

interface Started {
  feed: UpdateFeedServer;
  app: InstalledApp;
  client: TestClient;
  notices: Notice[];
  /** Looks, and waits until it is over. */
  look: () => Promise<Updates>;
}

async function start(published: Published, options: TestClientOptions = {}): Promise<Started> {
  const feed = await startUpdateFeed();
  feed.publish(published);
  const app = anInstalledApp(feed);
  const notices: Notice[] = [];
  const notifier = { show: (notice: Notice): void => void notices.push(notice) };
  const client = await startClient({
    ...options,
    ports: { ...app.ports, notifier, ...options.ports },
  });
  onTestFinished(() => client.stop());
  const look = async (): Promise<Updates> => {
    await client.call('updates.check', {});
    const isOver = ({ status }: Updates): boolean =>
      status !== 'checking' && status !== 'downloading';
    return (await client.until(({ updates }) => isOver(updates))).updates;
  };
  return { feed, app, client, notices, look };
}

const codeOf = (updates: Updates): string | null =>
  updates.status === 'failed' ? updates.because.code : null;

describe('a newer version', () => {
  it('is downloaded, told once, and used when the app ends', async () => {
    const { app, client, look, notices } = await start({ version: '0.2.0' });
    expect(await look()).toEqual({ status: 'ready', version: '0.2.0' });
    await until(() => Promise.resolve(notices.length > 0));
    expect(notices).toMatchObject([{ kind: 'update', title: 'Banyan 0.2.0 is ready' }]);
    expect(app.image()).toBe('the old one');
    await client.stop();
    app.end();
    expect(app.image()).toContain('0.2.0');
    expect(statSync(app.file).mode & 0o777).toBe(0o755);
    expect(readdirSync(path.dirname(app.file))).not.toContain('started');
  });

  it('is told once, however often the app is killed before it is used', async () => {
    const { client, notices, look } = await start({});
    await look();
    await until(() => Promise.resolve(notices.length > 0));
    const again = await client.restart();
    onTestFinished(() => again.stop());
    await again.call('updates.check', {});
    await again.until(({ updates }) => updates.status === 'ready');
    await again.stop(); // waits for what it says
    expect(notices).toHaveLength(1);
  });

  it('is used at once by a restart, which asks where services are connected', async () => {
    const { app, client, look } = await start({});
    await look();
    app.answer = false;
    await client.call('updates.install', {});
    expect(app.asked).toEqual([0]);
    expect(app.hasQuit()).toBe(false);
    app.answer = true;
    await client.call('updates.install', {});
    expect(app.hasQuit()).toBe(true);
    app.end();
    await until(() => Promise.resolve(existing(() => app.started()) === '0.2.0\n'));
  });

  it('leaves the old one whole where it cannot be put in its place', async () => {
    const { app, look } = await start({});
    await look();
    mkdirSync(`${app.file}.new`); // in the way, as a full disk would be
    app.end();
    expect(app.image()).toBe('the old one');
  });

  it('writes through no link that somebody has put beside the app', async () => {
    const { app, look } = await start({});
    await look();
    const hers = path.join(path.dirname(app.file), 'hers');
    writeFileSync(hers, 'a file of the person', { mode: 0o600 });
    symlinkSync(hers, `${app.file}.new`);
    app.end();
    expect(readFileSync(hers, 'utf8')).toBe('a file of the person');
    expect(app.image()).toContain('0.2.0');
    expect(lstatSync(app.file).isFile()).toBe(true);
  });

  it('is not used after a crash of the app that has it in hand', async () => {
    const { app, look } = await start({});
    await look();
    app.end(1);
    expect(app.image()).toBe('the old one');
  });

  it('is looked for by itself, some minutes after the start and then every few hours', async () => {
    const clock = manualClock(Date.now());
    const { feed, client } = await start({ version: '0.1.0' }, { ports: { clock } });
    expect(feed.asked).toEqual([]);
    clock.advance(3 * 60_000);
    await client.until(({ updates }) => updates.status === 'none');
    feed.publish({ version: '0.2.0' });
    await until(() => {
      clock.advance(60 * 60_000);
      return Promise.resolve(client.slices().updates.status === 'ready');
    });
  });

  it('goes through the proxy of the settings, list and file alike', async () => {
    const feed = await startUpdateFeed(['updates.example.test']);
    feed.publish();
    const proxy = await startCorporateProxy();
    onTestFinished(() => proxy.stop());
    const app = anInstalledApp(feed, 'updates.example.test');
    const client = await startClient({
      ports: { ...app.ports, environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } },
    });
    onTestFinished(() => client.stop());
    await client.call('updates.check', {});
    await client.until(({ updates }) => updates.status === 'ready');
    const target = `updates.example.test:${feed.port}`;
    expect(proxy.asked).toEqual([target, target]);
  });
});

describe('nothing is downloaded', () => {
  const LIST = '/latest-linux.yml';

  it.each<[string, Published, string]>([
    ['a list that nobody has signed', { key: null }, 'updates/feed-refused'],
    ['a list that somebody else has signed', { key: aReleaseKey() }, 'updates/feed-refused'],
    [
      'a list that was changed after it was signed',
      { change: (list) => list.replaceAll('0.2.0', '0.3.0') },
      'updates/feed-refused',
    ],
    [
      'a list that claims to be signed later than it was',
      { change: (list) => list.replace(/signature \d{4}/, 'signature 2999') },
      'updates/feed-refused',
    ],
    ['the signed list of another system', { signedAs: 'latest.yml' }, 'updates/feed-refused'],
    ['a version that cannot be compared', { version: '0.2' }, 'updates/feed-refused'],
    ['a file that is not beside the list', { name: '../0.2.0.AppImage' }, 'updates/feed-refused'],
  ])('for %s', async (_what, published, code) => {
    const { feed, app, look, client } = await start(published);
    expect(codeOf(await look())).toBe(code);
    expect(feed.asked).toEqual([LIST]);
    await client.stop();
    app.end();
    expect(app.image()).toBe('the old one');
  });

  it('where the list is an older one than was seen before', async () => {
    const { feed, look } = await start({
      version: '0.1.0',
      signedAt: new Date('2026-05-02T00:00:00Z'),
    });
    expect((await look()).status).toBe('none');
    feed.publish({ version: '0.2.0', signedAt: new Date('2026-05-01T00:00:00Z') });
    expect(codeOf(await look())).toBe('updates/feed-older');
    feed.publish({ version: '0.2.0', signedAt: new Date('2026-05-03T00:00:00Z') });
    expect((await look()).status).toBe('ready');
  });

  it.each(['0.1.0', '0.0.9'])('where the newest version is %s', async (version) => {
    const { feed, look } = await start({ version });
    expect((await look()).status).toBe('none');
    expect(feed.asked).toEqual([LIST]);
  });

  it('where the version goes to other computers first', async () => {
    const { feed, look } = await start({ stagingPercentage: 0 });
    expect((await look()).status).toBe('none');
    expect(feed.asked).toEqual([LIST]);
    feed.publish({ stagingPercentage: 100 });
    expect((await look()).status).toBe('ready');
  });

  it('where the place of the lists cannot be reached', async () => {
    const { feed, look } = await start({});
    feed.withdraw();
    const updates = await look();
    expect(codeOf(updates)).toBe('updates/feed-unreachable');
  });

  it('where an administrator has switched updates off, and nothing is asked for', async () => {
    const clock = manualClock(Date.now());
    const file = aManagedFile({ mdm_disable_auto_update: 'true' });
    const { feed, client } = await start({}, { ports: { clock, ...file.ports } });
    expect(client.slices().updates).toEqual({
      status: 'off',
      because: 'managed',
      by: 'your administrator',
    });
    expect(client.slices().settings).toMatchObject({
      values: { updates: false },
      managed: { by: 'your administrator', locked: ['updates'] },
    });
    for (let hours = 0; hours < 48; hours += 1) clock.advance(60 * 60_000);
    await expect(client.call('updates.check', {})).rejects.toMatchObject({ code: 'updates/off' });
    await expect(client.call('settings.change', { updates: true })).rejects.toMatchObject({
      code: 'client/setting-managed',
    });
    expect(feed.asked).toEqual([]);
  });

  it('where the person does not want it by itself, unless she asks', async () => {
    const clock = manualClock(Date.now());
    const { feed, app, client, look } = await start({}, { ports: { clock } });
    await client.call('settings.change', { updates: false });
    for (let hours = 0; hours < 48; hours += 1) clock.advance(60 * 60_000);
    expect(feed.asked).toEqual([]);
    expect((await look()).status).toBe('ready');
    app.end();
    expect(app.image()).toBe('the old one');
  });
});

describe('what was downloaded', () => {
  it('is tried again later where it is not there', async () => {
    const { feed, look } = await start({ served: null });
    expect(codeOf(await look())).toBe('updates/download-failed');
    feed.publish();
    expect((await look()).status).toBe('ready');
  });

  it('is thrown away where it is not what the signed list says', async () => {
    const { app, client, look } = await start({ served: '#!/bin/sh\necho worse\n' });
    expect(codeOf(await look())).toBe('updates/download-damaged');
    await client.stop();
    app.end();
    expect(app.image()).toBe('the old one');
  });

  it('ends where it is longer than the signed list says', async () => {
    let sent = 0;
    const { look } = await start({
      answers(_request, answer) {
        const more = (): void => {
          sent += 1;
          if (!answer.destroyed && sent < 2_000) answer.write(Buffer.alloc(65_536), more);
        };
        more();
      },
    });
    expect(codeOf(await look())).toBe('updates/download-failed');
    expect(sent).toBeLessThan(1_000);
  });

  it('ends where it leads round in circles', async () => {
    const { feed, look } = await start({
      answers: (_request, answer) => void answer.writeHead(302, { location: '/round' }).end(),
    });
    expect(codeOf(await look())).toBe('updates/download-failed');
    expect(feed.asked.length).toBeLessThan(20);
  });

  it('is followed to where the list is not, by https alone', async () => {
    const { look } = await start({
      answers: (_request, answer) => void answer.writeHead(302, { location: 'http://x' }).end(),
    });
    expect(codeOf(await look())).toBe('updates/download-failed');
    const { look: again } = await start({
      answers: (_request, answer) =>
        void answer.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    });
    expect(codeOf(await again())).toBe('updates/download-failed');
  });

  it('is not used where an administrator has switched updates off meanwhile', async () => {
    const file = aManagedFile();
    const { app, client, look } = await start({}, { ports: file.ports });
    expect((await look()).status).toBe('ready');
    file.write({ mdm_disable_auto_update: true });
    await expect(client.call('updates.install', {})).rejects.toMatchObject({
      code: 'updates/not-ready',
    });
    expect(client.slices().updates).toMatchObject({ because: 'managed' });
    app.end();
    expect(app.image()).toBe('the old one');
  });
});

it('asks for the same share of computers at every start', async () => {
  const { client, look } = await start({ stagingPercentage: 50 });
  const first = (await look()).status;
  const again = await client.restart();
  onTestFinished(() => again.stop());
  await again.call('updates.check', {});
  const { updates } = await again.until(({ updates }) =>
    ['none', 'ready'].includes(updates.status),
  );
  expect(updates.status).toBe(first);
});

it('keeps what it has to remember for the next start', async () => {
  const { client, look, notices } = await start({ signedAt: new Date('2026-05-02T00:00:00Z') });
  await look();
  await until(() => Promise.resolve(notices.length > 0));
  await client.stop();
  const kept: unknown = JSON.parse(readFileSync(layout(client.home).updates, 'utf8'));
  expect(kept).toEqual({ version: 1, signedAt: '2026-05-02T00:00:00.000Z', told: '0.2.0' });
});

function existing(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null; // not written yet
  }
}
