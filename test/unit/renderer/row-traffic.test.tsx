// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Traffic, Tunnel } from '../../../src/shared/model/tunnel.ts';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { fakeLink } from '../../fakes/fake-link.ts';
import { renderApp } from '../../support/render-app.tsx';

const open = (traffic?: Traffic): Tunnel => ({
  status: 'open',
  address: { host: '127.0.0.1', port: 5433 },
  openedAt: 0,
  ...(traffic && { traffic }),
});
const ledger = aService();
const tunnels = (traffic?: Traffic) => ({ states: { [ledger.id]: open(traffic) }, ports: {} });
const carried = { connections: 1, bytesSent: 1_234, bytesReceived: 34_000_000 };
const shown = () => document.querySelector('.row-traffic');

it('the row of a connected service counts what it carries, and tells no screen reader each time', async () => {
  const catalog = { status: 'current' as const, services: [ledger] };
  const app = await renderApp(aSnapshot({ catalog, tunnels: tunnels() }));
  expect(shown()).toBeNull();
  expect(app.button('How to use it: Ledger database')).toBeDefined();
  await app.act(() => app.fake.emit('tunnels.changed', { revision: 2, value: tunnels(carried) }));
  expect(shown()?.querySelector('.unseen')?.textContent).toBe('34 MB received, 1.2 kB sent');
  expect(shown()?.closest('[aria-live], [role=status], [role=alert]')).toBeNull();
  const said = document.querySelector('[aria-live]')?.textContent;
  const more = { ...carried, bytesSent: 9_999 };
  await app.act(() => app.fake.emit('tunnels.changed', { revision: 3, value: tunnels(more) }));
  expect(shown()?.textContent).toContain('10 kB');
  expect(document.querySelector('[aria-live]')?.textContent).toBe(said);
  await app.unmount();
});

it('shows no old count as if it were live while the client cannot be heard', async () => {
  const link = fakeLink();
  const catalog = { status: 'current' as const, services: [ledger] };
  const app = await renderApp(aSnapshot({ catalog, tunnels: tunnels(carried) }), () => {}, link);
  await app.act(() => link.become('connected'));
  expect(shown()).not.toBeNull();
  await app.act(() => link.become('interrupted'));
  expect(shown()).toBeNull();
  await app.unmount();
});

it('of 2,000 connected services counts only those in sight', async () => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(60);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  const services = Array.from({ length: 2_000 }, (_, index) => aService({ name: `s${index}` }));
  const states = Object.fromEntries(services.map(({ id }) => [id, open(carried)]));
  const catalog = { status: 'current' as const, services };
  const app = await renderApp(aSnapshot({ catalog, tunnels: { states, ports: {} } }));
  const drawn = document.querySelectorAll('.row-traffic').length;
  expect(drawn).toBeGreaterThan(10);
  expect(drawn).toBeLessThan(60);
  await app.unmount();
});

beforeEach(() => vi.restoreAllMocks());
afterEach(() => vi.restoreAllMocks());
