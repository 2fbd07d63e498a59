import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { chosenNotices } from '../../../../../src/main/client/settings/chosen-notices.ts';
import { createSettings } from '../../../../../src/main/client/settings/settings.ts';
import type { ClientPorts } from '../../../../../src/main/client/ports.ts';
import { readProxyAddress } from '../../../../../src/shared/model/settings.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

async function some(
  file = path.join(tempDir(), 'settings.json'),
  ports: Partial<ClientPorts> = {},
) {
  const settings = createSettings({ path: file, ports: { log: recordingLog(), ...ports } });
  await settings.read();
  return {
    file,
    settings,
    again: async () => (await some(file, ports)).settings,
    text: () => readFileSync(file, 'utf8'),
  };
}
const own = (address: string, user = '', password?: string) => ({
  proxy: { kind: 'own' as const, address, user, ...(password !== undefined && { password }) },
});

describe('the settings', () => {
  it('come back as they were set, each without the others', async () => {
    const { settings, again } = await some();
    await settings.change({ theme: 'dark' });
    await settings.change({ startHidden: true, autoConnect: false });
    await settings.change({ notifications: { session: false, trouble: true, update: true } });
    await settings.change({ warnBeforeExpiryMinutes: 0 });
    await settings.setActive('9f86d081884c7d65');
    expect((await (await again()).shown()).values).toMatchObject({
      theme: 'dark',
      startHidden: true,
      autoConnect: false,
      notifications: { session: false, trouble: true, update: true },
      warnBeforeExpiryMinutes: 0,
      anyLocalUser: false,
      proxy: { kind: 'system' },
    });
  });

  it('keep what another version has written', async () => {
    const file = path.join(tempDir(), 'settings.json');
    writeFileSync(file, '{"version":1,"activeOrganisation":null,"fromTomorrow":{"a":1}}');
    const { settings, text } = await some(file);
    await settings.change({ theme: 'light' });
    expect(JSON.parse(text())).toMatchObject({ fromTomorrow: { a: 1 }, theme: 'light' });
  });

  it('set at the same time are all kept', async () => {
    const { settings, again } = await some();
    await Promise.all([
      settings.change({ theme: 'dark' }),
      settings.setActive('9f86d081884c7d65'),
      settings.change({ anyLocalUser: true }),
    ]);
    expect((await again()).current()).toMatchObject({
      theme: 'dark',
      activeOrganisation: '9f86d081884c7d65',
      unsafeAnyLocalUser: true,
    });
  });

  it('stay as they were where they cannot be kept', async () => {
    const folder = path.join(tempDir(), 'home');
    const { settings, file } = await some(path.join(folder, 'settings.json'));
    await settings.change({ theme: 'dark' });
    rmSync(file);
    mkdirSync(file); // nothing can be renamed over a folder
    await expect(settings.change({ theme: 'light' })).rejects.toMatchObject({
      code: 'client/storage-failed',
    });
    expect((await settings.shown()).values.theme).toBe('dark');
  });

  it('that are managed hold, are shown as such, and are refused to the person', async () => {
    const managed = { by: 'Medsoft', values: { theme: 'light' as const, proxy: 'none' } };
    const { settings } = await some(undefined, { managed });
    expect(await settings.shown()).toMatchObject({
      values: { theme: 'light', proxy: { kind: 'none' } },
      managed: { by: 'Medsoft', locked: ['theme', 'proxy'] },
    });
    await expect(settings.change({ theme: 'dark' })).rejects.toMatchObject({
      code: 'client/setting-managed',
      message: expect.stringContaining('Medsoft') as string,
    });
    await settings.change({ autoConnect: false });
    expect(settings.current()).toMatchObject({ theme: 'light', autoConnect: false });
  });

  it('let nobody switch a service on to connect by itself where the organisation has switched that off', async () => {
    const managed = { by: 'Medsoft', values: { autoConnect: false } };
    const { settings } = await some(undefined, { managed });
    const organisation = '9f86d081884c7d65';
    expect(() => settings.setAutoConnect(organisation, 'echo.demo.bnn', true)).toThrow('Medsoft');
    await settings.setAutoConnect(organisation, 'echo.demo.bnn', false);
    expect((await settings.shown()).values.ownAutoConnect).toEqual({
      [organisation]: { 'echo.demo.bnn': false },
    });
  });

  it('ask the system whether the app starts at login, and keep nothing of it', async () => {
    let isOn = false;
    const loginStart = {
      isOn: () => Promise.resolve(isOn),
      set: (on: boolean) => Promise.resolve(void (isOn = on)),
    };
    const { settings } = await some(undefined, { loginStart });
    await settings.change({ startAtLogin: true });
    expect((await settings.shown()).values.startAtLogin).toBe(true);
    isOn = false; // in the settings of the desktop
    expect((await settings.shown()).values.startAtLogin).toBe(false);
    expect((await (await some()).settings.shown()).values.startAtLogin).toBeNull();
  });
});

describe('a proxy of the person’s own', () => {
  it('is kept with its password, which is never shown', async () => {
    const { settings, again } = await some();
    await settings.change(own('proxy.example:3128', 'zoe', 's:e c%'));
    expect(settings.current().proxy).toBe('http://zoe:s%3Ae%20c%25@proxy.example:3128');
    const shown = await (await again()).shown();
    expect(shown.values.proxy).toEqual({
      kind: 'own',
      address: 'proxy.example:3128',
      user: 'zoe',
      hasPassword: true,
    });
    expect(JSON.stringify(shown)).not.toContain('s:e');
  });

  it('keeps its password while address and user stay, and never takes it to another proxy', async () => {
    const { settings } = await some();
    await settings.change(own('proxy.example:3128', 'zoe', 'hunter2'));
    await settings.change(own('proxy.example:3128', 'zoe'));
    expect(settings.current().proxy).toContain('hunter2');
    await settings.change(own('evil.example:3128', 'zoe'));
    expect(settings.current().proxy).toBe('http://zoe@evil.example:3128');
    await settings.change({ proxy: { kind: 'system' } });
    expect(settings.current().proxy).toBeUndefined();
  });

  it.each([
    ['proxy.example:3128', { host: 'proxy.example', port: 3128 }],
    ['http://proxy.example:80/', { host: 'proxy.example', port: 80 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    [' 10.0.0.1:3128 ', { host: '10.0.0.1', port: 3128 }],
    ['', 'empty'],
    ['socks5://proxy:1080', 'kind'],
    ['https://proxy:1080', 'kind'],
    ['proxy.example', 'form'],
    ['proxy:0', 'port'],
    ['proxy:70000', 'port'],
    ['proxy:', 'port'],
    ['zoe:secret@proxy:3128', 'form'],
    ['proxy:3128/path', 'form'],
  ])('%j is read as %j', async (typed, read) => {
    expect(readProxyAddress(typed)).toEqual(read);
    const { settings } = await some();
    const kept = settings.change(own(typed));
    if (typeof read === 'object') await kept;
    else await expect(kept).rejects.toMatchObject({ code: 'usage/invalid-input' });
  });
});

it('what is the case again and again is notified once, until it is over', async () => {
  const { settings } = await some();
  const told: string[] = [];
  const notices = chosenNotices({ show: ({ title }) => void told.push(title) }, settings)!;
  const ended = { kind: 'session', title: 'Sign in to go on', body: 'It has ended.' } as const;
  const proxy = { kind: 'trouble', title: 'The proxy', body: 'No port.' } as const;
  for (let time = 0; time < 5; time += 1) for (const each of [ended, proxy]) notices.show(each);
  expect(told).toEqual(['Sign in to go on', 'The proxy']);
  notices.show({ ...proxy, body: 'No host.' }); // another cause
  notices.over('session');
  notices.show(proxy);
  notices.show(ended);
  expect(told.slice(2)).toEqual(['The proxy', 'Sign in to go on']);
});

it('of notifications, only those that are wanted are shown', async () => {
  const { settings } = await some();
  const titles: string[] = [];
  const notifier = chosenNotices({ show: ({ title }) => void titles.push(title) }, settings)!;
  notifier.show({ kind: 'session', title: 'one', body: '' });
  await settings.change({ notifications: { session: false, trouble: true, update: true } });
  notifier.show({ kind: 'session', title: 'two', body: '' });
  notifier.show({ kind: 'trouble', title: 'three', body: '' });
  expect(titles).toEqual(['one', 'three']);
});
