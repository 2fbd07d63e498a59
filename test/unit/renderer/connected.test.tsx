// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../src/shared/ipc/contract.ts';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

const ledger = aService({ assignedPort: 5433 });
const bastion = aService({ name: 'bastion', friendlyName: 'Bastion', type: 'SSH' });
const open = (port: number, change = {}): Tunnel => ({
  status: 'open',
  address: { host: '127.0.0.1', port },
  openedAt: 0,
  ...change,
});
const having = (states: Record<string, Tunnel>): Snapshot =>
  aSnapshot({
    catalog: { status: 'current', services: [ledger, bastion] },
    tunnels: { states, ports: {} },
  });
const details = (): string | undefined =>
  document.querySelector<HTMLElement>('.details h1')?.textContent ?? undefined;
const SIZES = window as unknown as { happyDOM: { setViewport(size: { width: number }): void } };

let app: RenderedApp;
beforeEach(() => SIZES.happyDOM.setViewport({ width: 1180 }));
afterEach(() => app.unmount());

describe('how to go on after Connect', () => {
  it('is shown by itself the first time, and not again', async () => {
    app = await renderApp(having({}), (fake) => fake.hang('tunnel.open'));
    await app.click('Connect Ledger database');
    expect(details()).toBe('Ledger database');
    await app.click('Details of Ledger database');
    expect(details()).toBe('Ledger database');
    await app.click('Close');
    await app.click('Connect Bastion');
    expect(details()).toBeUndefined();
  });

  it('does not cover the list of a narrow window', async () => {
    SIZES.happyDOM.setViewport({ width: 700 });
    app = await renderApp(having({}), (fake) => fake.hang('tunnel.open'));
    await app.click('Connect Ledger database');
    expect(details()).toBeUndefined();
  });

  it('is one press away on every connected row', async () => {
    app = await renderApp(having({ [ledger.id]: open(5433) }));
    expect(app.button('How to use it: Bastion')).toBeUndefined();
    await app.click('How to use it: Ledger database');
    expect(details()).toBe('Ledger database');
  });
});

describe('another port that cannot be had', () => {
  it('leaves no doubt that the connection stays where it is', async () => {
    app = await renderApp(having({ [ledger.id]: open(5433) }), (fake) =>
      fake.answer('tunnel.override', () => {
        throw new AppError(
          'tunnel/port-in-use',
          'Ledger database cannot be connected: port 6000 is in use by nginx (4711).',
          { details: { port: 6000, holder: 'nginx (4711)', suggestedPort: 41_234 } },
        );
      }),
    );
    await app.click('Details of Ledger database');
    await app.type('Listen port', '6000');
    expect(app.text()).toContain('The open connection moves there.');
    await app.click('Save');
    expect(app.text()).toContain('Still connected on port 5433');
    expect(app.text()).toContain('Port 6000 is in use by nginx (4711).');
    expect(app.text()).not.toContain('cannot be connected');
    expect(app.text()).not.toContain('The open connection moves');
    await app.click('Use 41234');
    expect(app.field('Listen port').value).toBe('41234');
    expect(app.fake.calls.at(-1)?.input).toEqual({
      service: ledger.id,
      host: '127.0.0.1',
      port: 41_234,
    });
  });
});

describe('a refused connection', () => {
  it('can be put away, until the next one', async () => {
    const refused = (at: number): Tunnel =>
      open(5433, {
        lastRefusal: { at, error: { code: 'tunnel/target-refused', message: 'Not part of it.' } },
      });
    app = await renderApp(having({ [ledger.id]: refused(1) }));
    await app.click('Details of Ledger database');
    expect(app.text()).toContain('Not part of it.');
    await app.click('Dismiss');
    expect(app.text()).not.toContain('Not part of it.');
    const value = { states: { [ledger.id]: refused(2) }, ports: {} };
    await app.act(() => app.fake.emit('tunnels.changed', { revision: 2, value }));
    expect(app.text()).toContain('Not part of it.');
  });
});

describe('a connection that a limit has ended', () => {
  it('is not called refused, and says which limit', async () => {
    const error = { code: 'tunnel/limit-reached', message: 'It had lasted too long.' } as const;
    app = await renderApp(having({ [ledger.id]: open(5433, { lastRefusal: { at: 1, error } }) }));
    await app.click('Details of Ledger database');
    expect(app.text()).toContain('A connection was ended at');
    expect(app.text()).toContain('It had lasted too long.');
    expect(app.text()).not.toContain('refused');
  });
});

describe('sign-out', () => {
  const chooseSignOut = async (): Promise<void> => {
    await app.act(() =>
      document
        .querySelector<HTMLElement>('.session')
        ?.dispatchEvent(new MouseEvent('mousedown', { bubbles: true, button: 0 })),
    );
    await app.act(() => document.querySelector<HTMLElement>('[role=menuitem]')?.click());
  };
  const signedOut = (): boolean => app.fake.calls.some(({ name }) => name === 'session.signOut');

  it('asks before it takes connections away', async () => {
    const both = having({ [ledger.id]: open(5433), [bastion.id]: open(2222) });
    app = await renderApp(both, (fake) => fake.hang('session.signOut'));
    await chooseSignOut();
    expect(app.text()).toContain('Sign out and disconnect 2 services?');
    expect(signedOut()).toBe(false);
    await app.click('Sign out');
    expect(signedOut()).toBe(true);
  });

  it('does not ask again after the next sign-in', async () => {
    const both = having({ [ledger.id]: open(5433), [bastion.id]: open(2222) });
    app = await renderApp(both, (fake) => fake.answer('session.signOut', () => undefined));
    await chooseSignOut();
    await app.click('Sign out');
    const { session } = both.slices;
    await app.act(() =>
      app.fake.emit('session.changed', { revision: 2, value: { status: 'signed-out' } }),
    );
    await app.act(() => app.fake.emit('session.changed', { revision: 3, value: session }));
    expect(app.text()).toContain('Signed in');
    expect(app.text()).not.toContain('Sign out and disconnect');
  });

  it('asks nothing when nothing is connected', async () => {
    app = await renderApp(having({}), (fake) => fake.hang('session.signOut'));
    await chooseSignOut();
    expect(signedOut()).toBe(true);
  });

  it('leaves nothing of the session to be read out', async () => {
    app = await renderApp(having({}));
    const live = (): string | null | undefined =>
      document.querySelector('[aria-live]')?.textContent;
    const states = { [ledger.id]: open(5433) };
    await app.act(() =>
      app.fake.emit('tunnels.changed', { revision: 2, value: { states, ports: {} } }),
    );
    expect(live()).toContain('Ledger database connected');
    const value = { status: 'signed-out' } as const;
    await app.act(() => app.fake.emit('session.changed', { revision: 2, value }));
    expect(live()).toBe('');
  });
});

describe('a connected service whose way is lost', () => {
  it('says that it reconnects, and why, in the list and in its details', async () => {
    const trouble = new AppError('tunnel/unreachable', 'There is no network.').toWire();
    app = await renderApp(having({ [ledger.id]: open(5433, { trouble }) }));
    const row = document.querySelector(`[data-service="${ledger.id}"]`)?.textContent;
    expect(row).toContain('Reconnecting…');
    expect(row).toContain('There is no network.');
    await app.click('How to use it: Ledger database');
    expect(document.querySelector('.details')?.textContent).toContain('There is no network.');
  });
});

describe('a connected service whose connections wait', () => {
  it('says for what', async () => {
    app = await renderApp(having({ [ledger.id]: open(5433, { waiting: 'for-sign-in' }) }));
    expect(document.querySelector('.row-state')?.textContent).toContain('Waiting for sign-in');
  });
});

describe('what a service has carried', () => {
  it('is in its details', async () => {
    const traffic = { connections: 3, bytesSent: 1_200, bytesReceived: 3_400_000 };
    app = await renderApp(having({ [ledger.id]: open(5433, { traffic }) }));
    await app.click('Details of Ledger database');
    expect(document.querySelector('.details')?.textContent).toContain(
      '3 connections, 1.2 kB sent, 3.4 MB received',
    );
  });
});

it('cuts the host of a local address where there is little room, and never its port', async () => {
  app = await renderApp(having({ [ledger.id]: open(5433) }));
  const [host, port] = document.querySelectorAll('.row .copy-pill .copy-text > span');
  expect([host?.textContent, host?.className]).toEqual(['127.0.0.1', 'one-line']);
  expect([port?.textContent, port?.className]).toEqual([':5433', '']);
});

describe('a service whose port is taken', () => {
  const failed = (mayChoose: boolean): Tunnel => ({
    status: 'failed',
    error: new AppError('tunnel/port-in-use', 'Port 5433 is in use by nginx (4711).', {
      details: { port: 5433, mayChoose, ...(mayChoose && { suggestedPort: 41_234 }) },
    }).toWire(),
  });

  it('offers another one, and names a free one, where that is allowed', async () => {
    app = await renderApp(having({ [ledger.id]: failed(true) }));
    expect(app.button('Choose another port')).toBeDefined();
    expect(document.querySelector('.row-error')?.textContent).toContain('41234');
  });

  it('is connected at the free one by one click', async () => {
    app = await renderApp(having({ [ledger.id]: failed(true) }), (fake) => {
      fake.answer('tunnel.override', () => ({
        host: '127.0.0.1',
        port: 41_234,
        source: 'override' as const,
      }));
      fake.hang('tunnel.open');
    });
    await app.click('Use 41234');
    expect(app.fake.calls.slice(-2)).toEqual([
      { name: 'tunnel.override', input: { service: ledger.id, port: 41_234 } },
      { name: 'tunnel.open', input: { service: ledger.id } },
    ]);
  });

  it('offers that click in its details too', async () => {
    app = await renderApp(having({ [ledger.id]: failed(true) }));
    await app.click('Details of Ledger database');
    const words = [...document.querySelectorAll('.details .note button')].map(
      ({ textContent }) => textContent,
    );
    expect(words).toEqual(['Use 41234', 'Choose another port']);
  });

  it('does not where it is not', async () => {
    app = await renderApp(having({ [ledger.id]: failed(false) }));
    expect(app.button('Choose another port')).toBeUndefined();
    expect(document.querySelector('.row-error')?.textContent).toContain('ask your administrator');
  });
});
