import { describe, expect, it } from 'vitest';
import { trayFace } from '../../../../src/main/desktop/tray-items.ts';
import type { Slices, Snapshot } from '../../../../src/shared/ipc/contract.ts';
import { notManaged } from '../../../../src/shared/model/managed.ts';
import { defaultSettings } from '../../../../src/shared/model/settings.ts';
import type { Service } from '../../../../src/shared/model/service.ts';
import type { Updates } from '../../../../src/shared/model/updates.ts';
import type { Tunnel } from '../../../../src/shared/model/tunnel.ts';
import { aService as anyService } from '../../../support/services.ts';

const aService = (facts: Partial<Service> = {}): Service =>
  anyService({ id: 'api.demo.bnn', name: 'api', friendlyName: 'HTTP API', ...facts });

const registered: Slices['device'] = {
  status: 'registered',
  device: { id: 'd', name: 'laptop', ownership: 'Other', certificateExpiresAt: 0 },
  organisation: { id: 'o', name: 'Demo', host: 'demo.localhost', rootFingerprint: 'f' },
  secrets: 'memory',
};
const NOW = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const person = { subject: 's', name: 'Dana', email: 'dana@demo.example', groups: [] };

function face(services: Service[], states: Record<string, Tunnel> = {}, slices = {}) {
  const snapshot = {
    slices: {
      device: registered,
      session: { status: 'signed-in', person, expiresAt: NOW + 8 * HOUR_MS },
      catalog: { status: 'current', services },
      tunnels: { states, ports: {} },
      organisations: [],
      managed: notManaged,
      settings: { managed: null, values: defaultSettings },
      updates: { status: 'idle' },
      ...slices,
    },
  } as unknown as Snapshot;
  return trayFace(snapshot, NOW);
}
const items = (...inputs: Parameters<typeof face>) => face(...inputs).items;

describe('the tray', () => {
  it('offers a newer version that is ready, and none that is not', () => {
    const offers = (updates: Updates): unknown =>
      items([], {}, { updates }).find(
        (item) => item !== 'separator' && 'action' in item && item.action?.do === 'update',
      );
    expect(offers({ status: 'ready', version: '0.2.0' })).toMatchObject({
      label: 'Restart to update to 0.2.0',
    });
    expect(offers({ status: 'downloading', version: '0.2.0', share: 0.9 })).toBeUndefined();
  });

  it('says that the session has ended, and offers to sign in', () => {
    const because = { code: 'identity/session-expired', message: 'Your certificate has expired.' };
    const { glyph, items: shown } = face(
      [],
      {},
      { session: { status: 'expired', person, because } },
    );
    expect(glyph).toBe('attention');
    expect(shown[0]).toMatchObject({ label: 'Session ended' });
    expect(shown).toContainEqual({ label: 'Sign in…', action: { do: 'sign-in' } });
  });

  it('offers to extend a session that nothing renews, beside the services', () => {
    const session = {
      status: 'signed-in',
      person,
      expiresAt: NOW + 599_000,
      ending: { because: null },
    };
    const { glyph, items: shown } = face([aService()], {}, { session });
    expect(glyph).toBe('attention');
    expect(shown).toContainEqual({ label: 'Extend the session…', action: { do: 'sign-in' } });
    expect(shown).toContainEqual(expect.objectContaining({ label: 'HTTP API' }));
    expect(shown[0]).toMatchObject({ label: 'Session ends soon · 9 min left' });
  });

  it('says that a computer is being set up by its organisation, and that this waits', () => {
    const organisation = { id: 'o', host: 'demo.localhost' };
    const because = { code: 'organisation/unreachable', message: 'No answer.' };
    const registration = { status: 'waiting', organisation, because, retryAt: NOW };
    const { tooltip, items: shown } = face(
      [],
      {},
      {
        device: { status: 'unregistered' },
        session: { status: 'signed-out' },
        managed: { status: 'in-force', settings: {}, registration },
      },
    );
    expect(tooltip).toBe('Banyan: Waiting to set up this computer');
    expect(shown[0]).toEqual({ label: 'Waiting to set up this computer', action: null });
  });

  it('offers to connect what may be connected, without a tick', () => {
    expect(items([aService()])).toContainEqual({
      label: 'HTTP API',
      action: { do: 'connect', service: 'api.demo.bnn' },
      isOn: false,
    });
  });

  it('opens web services, which are not connected', () => {
    expect(items([aService({ type: 'WEB' })])).toContainEqual({
      label: 'Open HTTP API',
      action: { do: 'open', service: 'api.demo.bnn' },
    });
  });

  it('shows where an open service listens, with a tick, offers to disconnect it and to copy the address', () => {
    const open: Tunnel = {
      status: 'open',
      address: { host: '127.0.0.1', port: 8081 },
      openedAt: 0,
    };
    const { glyph, tooltip, items } = face([aService()], { 'api.demo.bnn': open });
    expect(items).toContainEqual({
      label: 'HTTP API (127.0.0.1:8081)',
      action: { do: 'disconnect', service: 'api.demo.bnn' },
      isOn: true,
    });
    expect(items).toContainEqual({
      label: 'Copy address',
      items: [
        { label: 'HTTP API: 127.0.0.1:8081', action: { do: 'copy', text: '127.0.0.1:8081' } },
      ],
    });
    expect(items).toContainEqual({
      label: 'Quit (1 connected)…',
      action: { do: 'quit', connected: 1 },
    });
    expect({ glyph, tooltip }).toEqual({
      glyph: 'connected',
      tooltip: 'Banyan: 1 service connected · 8 h left',
    });
  });

  it('offers nothing where nothing can be done, and says why', () => {
    const denied = aService({ access: { status: 'denied', code: 'x', reason: 'y' } });
    expect(items([denied])).toContainEqual({ label: 'HTTP API (not allowed)', action: null });
    expect(items([aService()], { 'api.demo.bnn': { status: 'closing' } })).toContainEqual({
      label: 'HTTP API (disconnecting…)',
      action: null,
    });
  });

  it('offers to sign in when signed out, and lists no service then', () => {
    const out = items([aService()], {}, { session: { status: 'signed-out' } });
    expect(out).toContainEqual({ label: 'Sign in…', action: { do: 'sign-in' } });
    expect(JSON.stringify(out)).not.toContain('HTTP API');
  });

  it('signs out who is signed in', () => {
    expect(items([])).toContainEqual({
      label: 'Sign out Dana',
      action: { do: 'sign-out', connected: 0 },
    });
  });

  it('switches between organisations where there are several', () => {
    const organisation = (id: string, isActive: boolean) => ({
      id,
      name: id.toUpperCase(),
      host: `${id}.example`,
      rootFingerprint: 'f',
      isActive,
    });
    const one = { organisations: [organisation('a', true)] };
    expect(JSON.stringify(items([], {}, one))).not.toContain('Organisation');
    const two = { organisations: [organisation('a', true), organisation('b', false)] };
    expect(items([], {}, two)).toContainEqual({
      label: 'Organisation: A',
      items: [
        {
          label: 'A (a.example)',
          action: { do: 'switch', organisation: 'a', name: 'A', connected: 0 },
          isOn: true,
        },
        {
          label: 'B (b.example)',
          action: { do: 'switch', organisation: 'b', name: 'B', connected: 0 },
          isOn: false,
        },
      ],
    });
  });

  it.each([
    [{ session: { status: 'signed-out' } }, 'signed-out'],
    [{ session: { status: 'signing-in' } }, 'busy'],
    [{ session: { status: 'expired', person } }, 'attention'],
    [{ device: { status: 'revoked' } }, 'error'],
    [{}, 'idle'],
  ])('with %j is drawn as %s', (slices, glyph) => {
    expect(face([], {}, slices).glyph).toBe(glyph);
  });

  it('always opens the window and quits', () => {
    const labels = items(
      [],
      {},
      {
        device: { status: 'unregistered' },
        session: { status: 'signed-out' },
      },
    ).map((item) => (item === 'separator' ? '-' : item.label));
    expect(labels).toEqual(['Not registered', '-', 'Open Banyan', 'Quit']);
  });

  it('stays shorter than a screen', () => {
    const many = Array.from({ length: 500 }, (_, index) => aService({ id: `s${index}` }));
    expect(items(many).length).toBeLessThan(30);
    expect(items(many)).toContainEqual({ label: '480 more in the window', action: null });
  });

  it('lists favourites first, so that they are among those that fit', () => {
    const many = Array.from({ length: 30 }, (_, index) =>
      aService({ id: `s${index}`, friendlyName: `Service ${index}` }),
    );
    const favourites = { o: ['s29', 's7'] };
    const settings = { managed: null, values: { ...defaultSettings, favourites } };
    const labels = items(many, {}, { settings }).map((item) =>
      item === 'separator' ? '-' : item.label,
    );
    expect(labels.slice(2, 6)).toEqual(['Service 7', 'Service 29', '-', 'Service 0']);
  });

  it('lists services by name, as the window does', () => {
    const named = ['ledger', 'Bastion', 'api 10', 'API 9'].map((friendlyName) =>
      aService({ id: friendlyName, friendlyName }),
    );
    const labels = items(named).map((item) => (item === 'separator' ? '-' : item.label));
    expect(labels.slice(2, 6)).toEqual(['API 9', 'api 10', 'Bastion', 'ledger']);
  });

  it("shows an organisation's names as they are, without control characters", () => {
    const odd = aService({ friendlyName: 'R&D\u0007\u202E' });
    expect(items([odd])[2]).toMatchObject({ label: 'R&&D  ' });
    const long = aService({ friendlyName: `${'x'.repeat(58)}&😀${'x'.repeat(10_000)}` });
    expect(items([long])[2]).toMatchObject({ label: `${'x'.repeat(58)}&&…` });
    const lines = aService({ friendlyName: 'one\u2028two' });
    expect(items([lines])[2]).toMatchObject({ label: 'one two' });
  });

  it('lists no services where the managed deployment file hides them', () => {
    const managed = {
      status: 'in-force',
      settings: { hideServices: true },
      registration: { status: 'not-set' },
    } as const;
    const labels = JSON.stringify(items([aService({ friendlyName: 'Bastion' })], {}, { managed }));
    expect(labels).not.toContain('Bastion');
    expect(labels).toContain('Sign out');
  });

  it('has no Quit where the managed deployment file keeps the app running', () => {
    const managed = {
      status: 'in-force',
      settings: { disableQuit: true },
      registration: { status: 'not-set' },
    };
    const quit = expect.objectContaining({ label: 'Quit' });
    expect(items([])).toContainEqual(quit);
    expect(items([], {}, { managed })).not.toContainEqual(quit);
  });
});
