// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import type { WindowStorage } from '../../../src/renderer/stores/kept-filters.ts';
import { SERVICE_TYPES } from '../../../src/shared/model/service.ts';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import { aService, aSnapshot, twoOrganisations } from '../../fixtures/snapshots.ts';
import { alwaysConnected } from '../../../src/renderer/link.ts';
import { renderApp } from '../../support/render-app.tsx';

const services = Array.from({ length: 12 }, (_, index) => {
  const type = SERVICE_TYPES[index % 3] ?? 'SSH'; // four of each: WEB, SSH, RDP
  return aService({ name: `s${index}`, friendlyName: `${type} ${index}`, type });
});
const open: Tunnel = { status: 'open', address: { host: '127.0.0.1', port: 1 }, openedAt: 0 };
const snapshot = aSnapshot({
  organisations: twoOrganisations(),
  catalog: { status: 'current', services },
  tunnels: { states: { 's1.cluster1.bnn': open, 's2.cluster1.bnn': open }, ports: {} },
});
const names = () => [...document.querySelectorAll('.row-open')].map((each) => each.textContent);

function aStorage(): WindowStorage {
  const entries = new Map<string, string>();
  return {
    getItem: (name) => entries.get(name) ?? null,
    setItem: (name, value) => void entries.set(name, value),
  };
}

it('type and state hold together, and each number is what a press would show', async () => {
  const app = await renderApp(snapshot);
  await app.click('SSH 4');
  expect(names()).toHaveLength(4);
  await app.click('Connected 1');
  expect(names()).toEqual(['SSH 1']);
  expect(app.button('Remote desktop 1')).toBeDefined();
  await app.click('SSH 1');
  expect(names()).toEqual(['RDP 2', 'SSH 1']);
  await app.click('All 12');
  expect(names()).toHaveLength(12);
  await app.unmount();
});

it('an empty list says which filters are on and takes them off, without losing the focus', async () => {
  const app = await renderApp(snapshot);
  await app.click('Connected 2');
  await app.click('Web 0');
  expect(document.querySelector('.empty h2')?.textContent).toBe(
    'Nothing is “Connected” and “Web” now',
  );
  await app.click('Clear both filters');
  expect(names()).toHaveLength(12);
  expect(document.activeElement).toBe(app.field('Find a service'));
  await app.click('SSH 4');
  await app.type('Find a service', 'RDP 2');
  expect(app.text()).toContain('Only “SSH” is shown: what you look for may be among the others.');
  await app.click('Clear the filter');
  expect(names()).toEqual(['RDP 2']);
  await app.unmount();
});

it('they are kept over a reload, and what is kept wrongly is nothing', async () => {
  const storage = aStorage();
  const first = await renderApp(snapshot, () => {}, alwaysConnected, storage);
  await first.click('SSH 4');
  await first.click('Connected 1');
  await first.unmount();
  const again = await renderApp(snapshot, () => {}, alwaysConnected, storage);
  expect(names()).toEqual(['SSH 1']);
  await again.unmount();
  for (const kept of ['no JSON', '7', '{"state":"broken","type":["SSH"]}']) {
    storage.setItem('service-filters', kept);
    const app = await renderApp(snapshot, () => {}, alwaysConnected, storage);
    expect(names()).toHaveLength(12);
    await app.unmount();
  }
});
