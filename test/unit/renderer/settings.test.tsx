// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import { defaultSettings, type ShownSettings } from '../../../src/shared/model/settings.ts';
import type { Updates } from '../../../src/shared/model/updates.ts';
import type { Snapshot } from '../../../src/shared/ipc/contract.ts';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

let app: RenderedApp;
afterEach(() => app.unmount());

const shown = (change: Partial<ShownSettings['values']> = {}): ShownSettings => ({
  values: { ...defaultSettings, startAtLogin: false, ...change },
  managed: null,
});

async function openSettings(
  settings = shown(),
  facts: Partial<Snapshot['app']> = {},
  updates: Updates = { status: 'idle' },
) {
  app = await renderApp(aSnapshot({ settings, updates }, facts));
  await app.click('Settings');
}

function labelled(role: string, name: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(`[role=${role}]`)].find(
    (each) =>
      (each.getAttribute('aria-label') ??
        document.getElementById(each.getAttribute('aria-labelledby') ?? '')?.textContent) === name,
  );
}
const isOn = (name: string): boolean =>
  labelled('switch', name)?.getAttribute('aria-checked') === 'true';
const press = (role: string, name: string): Promise<void> =>
  app.act(() => labelled(role, name)!.click());
const asked = (): unknown[] =>
  app.fake.calls.filter(({ name }) => name === 'settings.change').map(({ input }) => input);

describe('the settings page', () => {
  it('shows a switch as the client says it is, and turns it when the client has', async () => {
    await openSettings();
    app.fake.hang('settings.change');
    await press('switch', 'Start hidden');
    expect(asked()).toEqual([{ startHidden: true }]);
    expect(isOn('Start hidden')).toBe(false);
    await app.act(() =>
      app.fake.emit('settings.changed', { revision: 2, value: shown({ startHidden: true }) }),
    );
    expect(isOn('Start hidden')).toBe(true);
  });

  it('says that a setting could not be kept, and the switch is as before', async () => {
    await openSettings();
    app.fake.refuse('settings.change', 'client/storage-failed', 'The disk is full.');
    await press('switch', 'Start when I sign in to this computer');
    expect(isOn('Start when I sign in to this computer')).toBe(false);
    expect(app.text()).toContain('The disk is full.');
    expect(document.querySelector('[role=alert]')).not.toBeNull();
  });

  it('asks before every user of the computer is let in, and not before that ends', async () => {
    await openSettings();
    app.fake.answer('settings.change', () => shown({ anyLocalUser: true }));
    const name = 'Let every user of this computer use my connections';
    await press('switch', name);
    expect(asked()).toEqual([]);
    await app.click('Let everybody use them');
    expect(asked()).toEqual([{ anyLocalUser: true }]);
    await app.act(() =>
      app.fake.emit('settings.changed', { revision: 2, value: shown({ anyLocalUser: true }) }),
    );
    await press('switch', name);
    expect(asked().at(-1)).toEqual({ anyLocalUser: false });
  });

  it('sets how early the end of a session is told, also without a desktop', async () => {
    await openSettings(shown(), { desktop: null });
    const checked = () => document.querySelector('[role=radio][aria-label="10 min"]');
    expect(checked()?.getAttribute('aria-checked')).toBe('true');
    app.fake.hang('settings.change');
    await press('radio', '30 min');
    expect(asked()).toEqual([{ warnBeforeExpiryMinutes: 30 }]);
  });

  it('gives the page the chosen theme at once', async () => {
    await openSettings();
    app.fake.hang('settings.change');
    await press('radio', 'Dark');
    expect(asked()).toEqual([{ theme: 'dark' }]);
    await app.act(() =>
      app.fake.emit('settings.changed', { revision: 2, value: shown({ theme: 'dark' }) }),
    );
    expect(document.documentElement.dataset['theme']).toBe('dark');
  });

  it('leaves out what a browser tab cannot do', async () => {
    const elsewhere: Updates = { status: 'off', because: 'not-the-app' };
    await openSettings(shown({ startAtLogin: null }), { desktop: null }, elsewhere);
    const names = [...document.querySelectorAll('.setting-label')].map((each) => each.textContent);
    expect(names).toEqual([
      'Connect automatically',
      'Theme',
      'Warn before a session ends',
      'Proxy',
      'Banyan 0.1.0',
      'In the keychain of this computer',
      'Let every user of this computer use my connections',
    ]);
  });

  it('locks what the organisation has set, and says who', async () => {
    await openSettings({ ...shown(), managed: { by: 'Medsoft', locked: ['autoConnect'] } });
    expect(app.text()).toContain('Managed by Medsoft');
    expect(app.text()).toContain('Set by Medsoft');
    await press('switch', 'Connect automatically');
    expect(asked()).toEqual([]);
  });
});

describe('a proxy of the person’s own', () => {
  const kept = { kind: 'own', address: 'p.example:3128', user: 'zoe', hasPassword: true } as const;

  it('says what is wrong while it is typed, and is not offered before it is right', async () => {
    await openSettings();
    await press('radio', 'Custom');
    expect(asked()).toEqual([]);
    await app.type('Address of the proxy', 'proxy.example');
    expect(app.text()).toContain('Write it as host:port');
    expect(app.button('Use this proxy')!.disabled).toBe(true);
    await app.type('Address of the proxy', 'proxy.example:3128');
    expect(app.text()).not.toContain('Write it as host:port');
    app.fake.answer('settings.change', () => shown());
    await app.click('Use this proxy');
    expect(asked()).toEqual([
      { proxy: { kind: 'own', address: 'proxy.example:3128', user: '', password: '' } },
    ]);
    expect(app.text()).toContain('In use.');
  });

  it('keeps its password unseen, and gives it up when the address becomes another one', async () => {
    await openSettings(shown({ proxy: kept }));
    app.fake.answer('settings.change', () => shown());
    expect(app.field('Password').value).toBe('');
    expect(app.text()).toContain('One is kept.');
    await app.click('Use this proxy');
    expect(asked()).toEqual([{ proxy: { kind: 'own', address: kept.address, user: 'zoe' } }]);
    await app.type('Address of the proxy', 'other.example:3128');
    expect(app.text()).not.toContain('One is kept.');
  });

  it('stays as it was where none could not be kept', async () => {
    await openSettings(shown({ proxy: kept }));
    app.fake.refuse('settings.change', 'client/storage-failed', 'The disk is full.');
    await press('radio', 'None');
    expect(labelled('radio', 'Custom')?.getAttribute('aria-checked')).toBe('true');
    expect(app.text()).toContain('The disk is full.');
  });
});
