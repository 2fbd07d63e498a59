// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import type { PortChoice } from '../../../src/shared/model/service.ts';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import type { FakeBridge } from '../../fakes/fake-bridge.ts';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const host = '127.0.0.1';
const assigned: PortChoice = { host, port: 5433, source: 'assigned' };
const open: Tunnel = { status: 'open', address: { host, port: 5433 }, openedAt: 0 };

async function show(
  choice: PortChoice,
  options: { allowed?: boolean; tunnel?: Tunnel; prepare?: (fake: FakeBridge) => void } = {},
) {
  const { allowed = true, tunnel, prepare = (fake) => fake.hang('tunnel.override') } = options;
  const service = aService({ assignedPort: 5433, allowUserOverride: allowed });
  const snapshot = aSnapshot({
    catalog: { status: 'current', services: [service] },
    tunnels: {
      states: tunnel ? { [service.id]: tunnel } : {},
      ports: { [service.id]: choice },
    },
  });
  const app = await renderApp(snapshot, prepare);
  await app.click('Details of Ledger database');
  const asked = () => app.fake.calls.filter(({ name }) => name === 'tunnel.override');
  return { app, service: service.id, asked };
}

it('says while typing why an address that the network can reach is not taken', async () => {
  const { app } = await show(assigned);
  await app.type('Listen address', '0.0.0.0');
  expect(app.text()).toContain('Anybody in the network could use the service there.');
  expect(app.text()).toContain('assigned 5433');
  expect(app.button('Save')?.disabled).toBe(true);
  expect(app.field('Listen address').getAttribute('aria-invalid')).toBe('true');
  expect(app.field('Listen port').hasAttribute('aria-invalid')).toBe(false);
  await app.type('Listen address', 'localhost');
  expect(app.text()).toContain('Write the address itself');
});

it('saves address and port together, beside what the administrator assigned', async () => {
  const { app, service, asked } = await show(assigned);
  expect(app.text()).toContain('Assigned by Medsoft.');
  await app.type('Listen address', '127.0.0.2');
  await app.click('Save');
  expect(asked()).toEqual([
    { name: 'tunnel.override', input: { service, host: '127.0.0.2', port: 5433 } },
  ]);
});

it('shows what was assigned while her own is in force, and goes back to it', async () => {
  const own: PortChoice = { host: '127.0.0.2', port: 6000, source: 'override' };
  const { app, service, asked } = await show(own);
  expect(app.field('Listen address').value).toBe('127.0.0.2');
  expect(app.text()).toContain('Your own; Medsoft assigned 127.0.0.1:5433.');
  await app.click('Reset to 5433');
  expect(asked().at(-1)?.input).toEqual({ service, port: null });
});

it('keeps the focus in the port field when Reset has done its work and gone', async () => {
  const own: PortChoice = { host: '127.0.0.2', port: 6000, source: 'override' };
  const { app, service } = await show(own);
  app.button('Reset to 5433')?.focus();
  await app.click('Reset to 5433');
  await app.act(() =>
    app.fake.emit('tunnels.changed', {
      revision: 9,
      value: { states: {}, ports: { [service]: assigned } },
    }),
  );
  expect(app.button('Reset to 5433')).toBeUndefined();
  expect(app.field('Listen address').value).toBe(host);
  expect(document.activeElement).toBe(app.field('Listen port'));
});

it('where another one is not allowed, is locked with the reason, and what was set aside is named', async () => {
  const setAside = { host: '127.0.0.2', port: 6000 };
  const { app } = await show({ ...assigned, setAside }, { allowed: false });
  expect(() => app.field('Listen address')).toThrow();
  expect(app.text()).toContain('127.0.0.1:5433');
  expect(app.text()).toContain('does not allow another address or port');
  expect(app.text()).toContain('Your own 127.0.0.2:6000 is set aside.');
});

it('an address that this computer does not have leaves what is connected, and says what to do', async () => {
  const { app } = await show(assigned, {
    tunnel: open,
    prepare: (fake) =>
      fake.answer('tunnel.override', () => {
        throw new AppError(
          'tunnel/address-not-available',
          'This computer has no address 127.0.0.2.',
        );
      }),
  });
  await app.type('Listen address', '127.0.0.2');
  expect(app.text()).toContain('The open connection moves there.');
  await app.click('Save');
  expect(app.text()).toContain('Still connected on port 5433');
  expect(app.text()).toContain('This computer has no address 127.0.0.2. Use 127.0.0.1');
});
