// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import { aRegisteredDevice, aService, aSession, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const service = aService({ assignedPort: 5433 });
const withTunnel = (tunnel: Tunnel, port = 5433) =>
  aSnapshot({
    catalog: { status: 'current', services: [service] },
    tunnels: {
      states: { [service.id]: tunnel },
      ports: {
        [service.id]: { host: '127.0.0.1', port, source: port === 5433 ? 'assigned' : 'override' },
      },
    },
  });
const closed: Tunnel = { status: 'closed' };
const open: Tunnel = {
  status: 'open',
  address: { host: '127.0.0.1', port: 5433 },
  openedAt: 0,
};

describe('a service', () => {
  it('is connected by its button and shows the address when a signal says so', async () => {
    const app = await renderApp(withTunnel(closed), (fake) => fake.hang('tunnel.open'));
    await app.click('Connect Ledger database');
    expect(app.fake.calls).toContainEqual({ name: 'tunnel.open', input: { service: service.id } });
    await app.act(() =>
      app.fake.emit('tunnels.changed', {
        revision: 2,
        value: { states: { [service.id]: open }, ports: {} },
      }),
    );
    expect(app.button('Copy 127.0.0.1:5433')).toBeDefined();
    expect(app.button('Disconnect Ledger database')).toBeDefined();
    expect(document.querySelector('[aria-live]')?.textContent).toContain('connected at');
  });

  it('whose port is taken offers another port and leads to the field', async () => {
    const app = await renderApp(
      withTunnel({
        status: 'failed',
        error: { code: 'tunnel/port-in-use', message: 'Port 5433 is in use by postgres.' },
      }),
    );
    expect(app.text()).toContain('Port 5433 is in use by postgres.');
    expect(app.button('Retry Ledger database')).toBeDefined();
    await app.click('Choose another port');
    expect(document.activeElement).toBe(app.field('Listen port'));
  });

  it('saves only a port that can be one', async () => {
    const app = await renderApp(withTunnel(closed), (fake) => fake.hang('tunnel.override'));
    await app.click('Details of Ledger database');
    expect(app.button('Save')?.disabled).toBe(true);
    await app.type('Listen port', '70000');
    expect(app.text()).toContain('A port is between 1 and 65535.');
    expect(app.button('Save')?.disabled).toBe(true);
    await app.type('Listen port', '6000');
    await app.click('Save');
    expect(app.fake.calls.at(-1)).toEqual({
      name: 'tunnel.override',
      input: { service: service.id, host: '127.0.0.1', port: 6000 },
    });
  });

  it('goes back to the assigned port with Reset', async () => {
    const app = await renderApp(withTunnel(closed, 6000), (fake) => fake.hang('tunnel.override'));
    await app.click('Details of Ledger database');
    await app.click('Reset to 5433');
    expect(app.fake.calls.at(-1)?.input).toEqual({ service: service.id, port: null });
  });

  it('that may not be used says why and has no Connect', async () => {
    const app = await renderApp(
      aSnapshot({
        catalog: {
          status: 'current',
          services: [
            aService({ access: { status: 'denied', code: 'policy/role', reason: 'Ask finance.' } }),
          ],
        },
      }),
    );
    expect(app.text()).toContain('Ask finance.');
    expect(app.button('Connect Ledger database')).toBeUndefined();
  });
});

describe('the window', () => {
  it('asks to sign in again above the services when the session has ended', async () => {
    const app = await renderApp(
      aSnapshot({
        catalog: { status: 'current', services: [service] },
        session: {
          status: 'expired',
          person: aSession().person,
          because: { code: 'identity/session-expired', message: 'It ended at 09:00.' },
        },
      }),
      (fake) => fake.hang('session.signIn'),
    );
    expect(app.text()).toContain('It ended at 09:00.');
    expect(app.button('Connect Ledger database')?.disabled).toBe(true);
    await app.click('Sign in');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'session.signIn', input: { openBrowser: true } });
  });

  it('offers nothing but to leave once the device is revoked', async () => {
    const app = await renderApp(
      aSnapshot({
        device: {
          ...aRegisteredDevice(),
          status: 'revoked',
          because: { code: 'device/certificate-refused', message: 'It was revoked today.' },
        },
      }),
    );
    expect(app.text()).toContain('It was revoked today.');
    expect([...document.querySelectorAll('button')].map((each) => each.textContent)).toEqual([
      'Leave this organisation…',
    ]);
  });
});
