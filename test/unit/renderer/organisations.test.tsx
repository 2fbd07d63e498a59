// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import {
  aFreshSnapshot,
  aRegisteredDevice,
  aService,
  aSnapshot,
  FINGERPRINT,
  INVITE,
  twoOrganisations,
  linkedTo,
} from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

const ledger = aService();
const catalog = { status: 'current' as const, services: [ledger] };
const inTwo = { organisations: twoOrganisations(), catalog };
const northwind = twoOrganisations()[1]!;
const switcher = 'Medsoft adam@medsoft.digital. Organisations';
const facts = {
  organisationName: 'Northwind',
  host: northwind.host,
  rootFingerprint: FINGERPRINT,
};

async function choose(app: RenderedApp, role: string, text: string): Promise<void> {
  const item = [...document.querySelectorAll<HTMLElement>(`[role=${role}]`)].find((each) =>
    each.textContent.includes(text),
  );
  if (!item) throw new Error(`no ${role} is called ${text}`);
  await app.act(() => item.click());
}

describe('the organisation in the window', () => {
  it('opens the list with one of them too: there another one is added', async () => {
    const app = await renderApp(
      aSnapshot({
        catalog,
        tunnels: {
          states: {
            [ledger.id]: { status: 'open', address: { host: '127.0.0.1', port: 1 }, openedAt: 0 },
          },
          ports: {},
        },
      }),
    );
    await app.click(switcher);
    expect(app.text()).not.toContain('Switching disconnects');
    await choose(app, 'menuitem', 'Add an organisation');
    expect(app.text()).toContain('Medsoft is kept, and');
  });

  it('is switched by one click on the other one, and by none on the active one', async () => {
    const app = await renderApp(aSnapshot(inTwo), (fake) => fake.hang('organisation.switch'));
    await app.click(switcher);
    await choose(app, 'menuitemradio', 'Medsoft');
    expect(app.fake.calls.map(({ name }) => name)).toEqual(['app.snapshot']);
    await app.click(switcher);
    await choose(app, 'menuitemradio', 'Northwind');
    expect(app.fake.calls.at(-1)).toEqual({
      name: 'organisation.switch',
      input: { organisation: northwind.id },
    });
    expect(app.text()).toContain('Switching…');
  });

  it('stays, with the reason, when the other one cannot be had', async () => {
    const app = await renderApp(aSnapshot(inTwo), (fake) =>
      fake.refuse('organisation.switch', 'device/secret-store-locked', 'The keychain is locked.'),
    );
    await app.click(switcher);
    await choose(app, 'menuitemradio', 'Northwind');
    expect(app.text()).toContain('Banyan did not switch to Northwind');
    expect(app.text()).toContain('The keychain is locked.');
    await app.click('Try again');
    expect(app.fake.calls.filter(({ name }) => name === 'organisation.switch')).toHaveLength(2);
    await app.click('Cancel');
    expect(app.text()).toContain('Ledger database');
  });

  it('takes what was searched and opened with it when it changes, whoever changed it', async () => {
    const app = await renderApp(aSnapshot(inTwo));
    await app.click('Details of Ledger database');
    expect(app.text()).toContain('Listen port');
    const device = aRegisteredDevice('Northwind');
    await app.act(() =>
      app.fake.emit('device.changed', {
        revision: 2,
        value: { ...device, organisation: northwind },
      }),
    );
    expect(app.text()).not.toContain('Listen port');
  });
});

describe('adding an organisation', () => {
  it('can be left again, by button and by Esc, and nothing was asked of anybody', async () => {
    const app = await renderApp(aSnapshot(inTwo));
    for (const leave of [() => app.click('Back to Medsoft'), () => app.press('Escape')]) {
      await app.click(switcher);
      await choose(app, 'menuitem', 'Add an organisation');
      expect(app.text()).toContain('Medsoft is kept, and');
      await leave();
      expect(app.text()).toContain('Ledger database');
    }
    expect(app.fake.calls.map(({ name }) => name)).toEqual(['app.snapshot']);
  });

  it('is where an invite leads that the app was opened with, and ends in the new one', async () => {
    const app = await renderApp(aSnapshot({ catalog, ...linkedTo({ invite: INVITE }) }), (fake) => {
      fake.answer('device.inspectInvite', () => facts);
      fake.answer('device.register', () => {
        const device = { ...aRegisteredDevice('Northwind'), organisation: northwind };
        fake.emit('session.changed', { revision: 2, value: { status: 'signed-out' } });
        fake.emit('device.changed', { revision: 2, value: device });
        const value = twoOrganisations('Northwind');
        fake.emit('organisations.changed', { revision: 2, value });
        fake.emit('links.changed', { revision: 2, value: linkedTo({}).links });
        return device;
      });
    });
    expect(app.field('Invite').value).toBe(INVITE);
    await app.click('Continue');
    await app.click('Yes, this is Northwind');
    await app.click('Register');
    expect(app.text()).toContain('sign in to Northwind');
    expect(app.button('Use another organisation')).toBeDefined();
  });

  it('says so when this device is registered there already', async () => {
    const app = await renderApp(aSnapshot({ catalog, ...linkedTo({ invite: INVITE }) }), (fake) => {
      fake.refuse(
        'device.inspectInvite',
        'device/already-registered',
        'This device is registered with Medsoft already.',
      );
      fake.answer('link.dismiss', () =>
        fake.emit('links.changed', { revision: 2, value: linkedTo({}).links }),
      );
    });
    await app.click('Continue');
    expect(app.text()).toContain('This device is registered with Medsoft already.');
    expect(app.button('Continue')?.disabled).toBe(true);
    await app.click('Back to Medsoft');
    expect(app.text()).toContain('Ledger database');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'link.dismiss', input: { asksFor: 'invite' } });
  });

  it('opens for a link that arrives, and what is shown stays as it was until then', async () => {
    const app = await renderApp(aSnapshot(inTwo));
    await app.type('Find a service', 'led');
    await app.act(() =>
      app.fake.emit('links.changed', { revision: 2, value: linkedTo({ invite: INVITE }).links }),
    );
    expect(app.field('Invite').value).toBe(INVITE);
    await app.act(() => app.fake.emit('links.changed', { revision: 3, value: linkedTo({}).links }));
    expect(app.field('Find a service').value).toBe('led');
  });
});

describe('without an active organisation', () => {
  it('one click goes on with one that the device is registered with', async () => {
    const snapshot = aFreshSnapshot();
    snapshot.slices.organisations = twoOrganisations(null);
    const app = await renderApp(snapshot, (fake) => fake.hang('organisation.switch'));
    await app.click('Go on with Northwind');
    expect(app.fake.calls.at(-1)?.input).toEqual({ organisation: northwind.id });
  });
});
