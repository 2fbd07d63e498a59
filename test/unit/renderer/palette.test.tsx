// @vitest-environment happy-dom
import type { Updates } from '../../../src/shared/model/updates.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import { entriesFor } from '../../../src/renderer/features/palette/entries.ts';
import { findable } from '../../../src/renderer/features/services/service-view.ts';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

const ledger = aService();
const bastion = aService({ name: 'bastion', friendlyName: 'Bastion', type: 'SSH' });
const vault = aService({
  name: 'vault',
  friendlyName: 'Archive',
  access: { status: 'denied', code: 'policy/role', reason: 'Not for you.' },
});
const wiki = aService({ name: 'wiki', friendlyName: 'Wiki', type: 'WEB' });
const open: Tunnel = { status: 'open', address: { host: '127.0.0.1', port: 5433 }, openedAt: 0 };

describe('the palette finds', () => {
  const services = findable([vault, ledger, bastion, wiki]);
  const find = (
    query: string,
    isSignedIn = true,
    favourites = new Set<string>(),
    updates: Updates = { status: 'off', because: 'unpackaged' },
    showsServices = true,
  ) =>
    entriesFor(query, {
      services,
      states: { [ledger.id]: open },
      favourites,
      isSignedIn,
      showsServices,
      updates,
      selected: bastion.id,
      autoConnects: ({ id }) => id === ledger.id,
    }).map((entry) => {
      if (entry.kind === 'service') return `${entry.does} ${entry.title}`;
      return entry.kind === 'action' ? entry.action : entry.title;
    });

  it('the way to a newer version, where there is one', () => {
    const about = (updates: Updates): string[] => find('update', true, undefined, updates);
    expect(about({ status: 'ready', version: '0.2.0' })).toContain('restart-to-update');
    expect(about({ status: 'off', because: 'deb' })).toEqual([]);
    expect(find('newer', true, undefined, { status: 'idle' })).toContain('check-updates');
  });

  it('services with what Enter does to them, then what can be done', () => {
    expect(find('')).toEqual([
      'connect Bastion',
      'disconnect Ledger database',
      'open Wiki',
      'details Archive',
      'services',
      'activity',
      'diagnostics',
      'device',
      'settings',
      'refresh',
      'sign-out',
    ]);
  });

  it('by every word, services and commands alike', () => {
    expect(find('ssh bast')).toEqual(['connect Bastion']);
    expect(find('sign')).toEqual(['sign-out']);
    expect(find('mainframe')).toEqual([]);
  });

  it('what switches auto-connect: of the service that is named, or of the one that is looked at', () => {
    expect(find('auto ledger')).toEqual(['Do not connect Ledger database automatically']);
    expect(find('auto')).toEqual(['Connect Bastion automatically']);
    expect(find('automatically wiki')).toEqual([]);
  });

  it('favourites first, but none before what can be used', () => {
    expect(find('', true, new Set([wiki.id, vault.id])).slice(0, 4)).toEqual([
      'open Wiki',
      'connect Bastion',
      'disconnect Ledger database',
      'details Archive',
    ]);
  });

  it('no services, and nothing about them, where the organisation hides them', () => {
    const hidden = (query: string): string[] => find(query, true, undefined, undefined, false);
    expect(hidden('bastion')).toEqual([]);
    expect(hidden('auto bastion')).toEqual([]);
    expect(hidden('')).toEqual(['activity', 'diagnostics', 'device', 'settings', 'sign-out']);
  });

  it('nothing to connect for who is not signed in', () => {
    expect(find('bastion', false)).toEqual(['details Bastion']);
    expect(find('sign', false)).toEqual(['sign-in']);
  });
});

describe('the palette in the window', () => {
  let app: RenderedApp;
  afterEach(() => app.unmount());
  const field = () => document.querySelector<HTMLInputElement>('[role=combobox]');
  const chosen = () => document.querySelector('[role=option][aria-selected=true]')?.textContent;

  it('opens by its keys, is walked by arrows, and connects what is chosen', async () => {
    const catalog = { status: 'current' as const, services: [ledger, bastion, vault] };
    app = await renderApp(aSnapshot({ catalog }), (fake) => fake.hang('tunnel.open'));
    expect(field()).toBeNull();
    await app.act(() =>
      window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true })),
    );
    expect(field()).not.toBeNull();
    expect(chosen()).toContain('Bastion');
    const press = (key: string) =>
      app.act(() => field()?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
    await press('ArrowDown');
    expect(chosen()).toContain('Ledger database');
    await press('ArrowUp');
    await press('ArrowUp');
    expect(chosen()).toContain('Sign out');
    await press('ArrowDown');
    await press('Enter');
    expect(field()).toBeNull();
    expect(app.fake.calls).toContainEqual({ name: 'tunnel.open', input: { service: bastion.id } });
    expect(document.querySelector('.details h1')?.textContent).toBe('Bastion');
  });

  it('opens a web service, and stays to say why where that failed', async () => {
    const catalog = { status: 'current' as const, services: [vault, wiki] };
    app = await renderApp(aSnapshot({ catalog }), (fake) =>
      fake.refuse('service.open', 'organisation/unreachable', 'Nothing answers.'),
    );
    const openPalette = () =>
      app.act(() =>
        window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true })),
      );
    const enter = () =>
      app.act(() =>
        field()?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })),
      );
    await openPalette();
    expect(chosen()).toContain('Wiki');
    await enter();
    expect(field()).not.toBeNull();
    expect(document.querySelector('.palette [role=alert]')?.textContent).toContain(
      'Nothing answers.',
    );
    app.fake.answer('service.open', () => undefined);
    await enter();
    expect(field()).toBeNull();
  });
});

it('shows services and actions apart, each with its picture', async () => {
  const app = await renderApp(aSnapshot({ catalog: { status: 'current', services: [ledger] } }));
  await app.act(() =>
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true })),
  );
  const groups = [...document.querySelectorAll('[role=listbox] [role=group]')];
  expect(groups.map((each) => each.firstElementChild?.textContent)).toEqual([
    'Services',
    'Actions',
  ]);
  const choices = [...document.querySelectorAll('[role=option]')];
  expect(choices.every((each) => each.querySelector('svg'))).toBe(true);
  await app.unmount();
});
