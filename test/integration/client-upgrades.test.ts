// A home that an earlier version has written: what was kept is there, or is set aside with words. `home-first` was written by the
// first version that could register a device, `settings` by those that added something to the settings.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { layout } from '../../src/main/client/settings/layout.ts';
import { manualClock } from '../fakes/manual-clock.ts';
import { fakeKeychain } from '../fakes/memory-secret-store.ts';
import { startClient, type TestClient, type TestClientOptions } from '../support/start-client.ts';
import { tempDir } from '../support/temp-dir.ts';

const FIXTURES = path.resolve(import.meta.dirname, '..', 'fixtures', 'upgrades');
/** A minute after that home was left; certificates and session were good then. */
const THEN = Date.parse('2026-11-22T20:48:10Z');
const ORGANISATION = '8c7562ce3a386eff';

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

async function started(home: string, options: TestClientOptions = {}): Promise<TestClient> {
  const client = await startClient({ home, ...options });
  onTestFinished(() => client.stop());
  return client;
}

function firstHome(): { home: string; keychain: ReturnType<typeof fakeKeychain> } {
  const home = tempDir();
  const from = path.join(FIXTURES, 'home-first');
  cpSync(from, home, { recursive: true, filter: (file) => !file.endsWith('keychain.json') });
  const keychain = fakeKeychain();
  const kept = read(path.join(from, 'keychain.json')) as Record<string, string>;
  for (const [name, key] of Object.entries(kept))
    keychain.entries.set(name, Buffer.from(key, 'base64'));
  return { home, keychain };
}

describe('the home of the first version', () => {
  it('goes on: device, person, ports, and what she had set', async () => {
    const { home, keychain } = firstHome();
    const client = await started(home, { keychain, ports: { clock: manualClock(THEN) } });
    const { device, session, organisations, settings } = client.slices();
    expect(device).toMatchObject({
      status: 'registered',
      organisation: { id: ORGANISATION, name: 'Demo' },
      device: { name: 'laptop' },
    });
    expect(session).toMatchObject({ status: 'signed-in', person: { email: 'dana@demo.example' } });
    expect(organisations).toMatchObject([{ id: ORGANISATION, isActive: true }]);
    expect(settings.values).toMatchObject({ autoConnect: true, updates: true, theme: 'system' });
    expect(readdirSync(home).filter((name) => name.includes('.corrupt-'))).toEqual([]);
    await client.stop();
    expect(read(layout(home).organisation(ORGANISATION).ports)).toMatchObject({
      chosen: { 'echo.demo.bnn': 46333 },
      overrides: { 'api.demo.bnn': 39471 },
    });
  });

  it('says what is lost where one of its files cannot be read, and keeps that file', async () => {
    const { home, keychain } = firstHome();
    const { folder, vault } = layout(home).organisation(ORGANISATION);
    writeFileSync(vault, 'banyan-vault-0\nof a version that never was');
    const client = await started(home, { keychain, ports: { clock: manualClock(THEN) } });
    const { device } = client.slices();
    expect(device.status).toBe('unregistered');
    expect(JSON.stringify(device)).toContain('client/storage-corrupt');
    const aside = readdirSync(folder).find((name) => name.startsWith('vault.bin.corrupt-')) ?? '';
    expect(readFileSync(path.join(folder, aside), 'utf8')).toContain('a version that never was');
  });
});

describe('settings of every earlier version', () => {
  const files = readdirSync(path.join(FIXTURES, 'settings'));

  it.each(files)('%s counts, and loses nothing when something else is set', async (name) => {
    const home = tempDir();
    const before = read(path.join(FIXTURES, 'settings', name)) as Record<string, unknown>;
    cpSync(path.join(FIXTURES, 'settings', name), layout(home).settings);
    const client = await started(home);
    const { values } = client.slices().settings;
    for (const key of ['theme', 'startHidden', 'autoConnect', 'favourites', 'ownAutoConnect']) {
      if (key in before) expect(values[key as keyof typeof values], key).toEqual(before[key]);
    }
    if ('notifications' in before)
      expect(values.notifications).toMatchObject(before['notifications']!);
    // What came later is as it is for everybody who has never set it.
    expect(values).toMatchObject({ updates: true, notifications: { update: true } });

    await client.call('settings.change', { warnBeforeExpiryMinutes: 5 });
    expect(read(layout(home).settings)).toMatchObject({ ...before, warnBeforeExpiryMinutes: 5 });
  });

  it('of a version that is not understood are set aside, and said to be', async () => {
    const home = tempDir();
    const text = '{"version":2,"activeOrganisation":null,"theme":"dark"}';
    writeFileSync(layout(home).settings, text);
    const client = await started(home);
    expect(client.slices().settings.values.theme).toBe('system');
    const aside = readdirSync(home).find((name) => name.startsWith('settings.json.corrupt-')) ?? '';
    expect(readFileSync(path.join(home, aside), 'utf8')).toBe(text);
    expect(JSON.stringify(client.slices().device)).toContain('set aside');
  });
});
