// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import {
  FINGERPRINT,
  INVITE,
  aFreshSnapshot,
  aSnapshot,
  linkedTo,
} from '../../fixtures/snapshots.ts';
import type { FakeBridge } from '../../fakes/fake-bridge.ts';
import { renderApp } from '../../support/render-app.tsx';

const facts = {
  organisationName: 'Medsoft',
  host: 'banyan.medsoft.example',
  rootFingerprint: FINGERPRINT,
};
const grouped = 'n4bQgW8rT0xk2mZ1';
const knows = (fake: FakeBridge): void => fake.answer('device.inspectInvite', () => facts);

describe('first launch', () => {
  it('shows name, address and fingerprint before it asks for a yes, and changes nothing', async () => {
    const app = await renderApp(aFreshSnapshot(), knows);
    expect(app.text()).not.toContain('Yes, this is');
    await app.type('Invite', ` ${INVITE}\n`);
    await app.click('Continue');
    const text = app.text();
    for (const shown of ['Is this Medsoft?', 'banyan.medsoft.example', grouped]) {
      expect(text).toContain(shown);
    }
    expect(text.indexOf(grouped)).toBeLessThan(text.indexOf('Yes, this is Medsoft'));
    expect(app.fake.calls).toEqual([
      { name: 'app.snapshot', input: {} },
      { name: 'device.inspectInvite', input: { invite: INVITE } },
    ]);
  });

  it('does not act upon a link by itself, and says that one was opened', async () => {
    const app = await renderApp(aFreshSnapshot({}, linkedTo({ invite: INVITE })), knows);
    expect(app.field('Invite').value).toBe(INVITE);
    expect(app.text()).toContain('Banyan was opened with this invite');
    expect(app.text()).not.toContain('Paste');
    expect(app.fake.calls.map(({ name }) => name)).toEqual(['app.snapshot']);
  });

  it('takes a link that arrives while it is filled in, and keeps the rest of what was typed', async () => {
    const app = await renderApp(aFreshSnapshot(), knows);
    await app.type('Invite', INVITE);
    await app.click('Continue');
    await app.click('Yes, this is Medsoft');
    await app.type('Name', 'Desk');
    const other = INVITE.replace('code=', 'code=again');
    await app.act(() =>
      app.fake.emit('links.changed', { revision: 2, value: linkedTo({ invite: other }).links }),
    );
    expect(app.field('Invite').value).toBe(other);
    await app.click('Continue');
    await app.click('Yes, this is Medsoft');
    expect(app.field('Name').value).toBe('Desk');
  });

  it.each(['link', 'typed'])(
    'asks for a yes to no other invite than the one it goes on with: %s while it looks',
    async (how) => {
      const app = await renderApp(aFreshSnapshot());
      let found: (told: typeof facts) => void = () => {};
      app.fake.answer('device.inspectInvite', () => new Promise((resolve) => (found = resolve)));
      await app.type('Invite', INVITE);
      await app.click('Continue');
      const other = INVITE.replace('code=', 'code=again');
      if (how === 'typed') await app.type('Invite', other);
      else {
        await app.act(() =>
          app.fake.emit('links.changed', { revision: 2, value: linkedTo({ invite: other }).links }),
        );
      }
      await app.act(() => found(facts));
      expect(app.field('Invite').value).toBe(other);
      expect(app.text()).not.toContain('Is this Medsoft?');
      await app.click('Continue');
      await app.act(() => found({ ...facts, organisationName: 'Other' }));
      await app.click('Yes, this is Other');
      app.fake.hang('device.register');
      await app.click('Register');
      expect(app.fake.calls.at(-1)).toMatchObject({
        name: 'device.register',
        input: { invite: other },
      });
    },
  );

  it('goes back with Esc, without having registered', async () => {
    const app = await renderApp(aFreshSnapshot({}, linkedTo({ invite: INVITE })), knows);
    await app.click('Continue');
    await app.click('Yes, this is Medsoft');
    expect(app.text()).toContain('Register this computer');
    await app.press('Escape');
    expect(app.text()).toContain('Is this Medsoft?');
    await app.press('Escape');
    expect(app.field('Invite').value).toBe(INVITE);
    expect(app.fake.calls.some(({ name }) => name === 'device.register')).toBe(false);
  });

  it('asks for a passphrase where there is no keychain, and registers with that', async () => {
    const app = await renderApp(aFreshSnapshot({}, linkedTo({ invite: INVITE })), (fake) => {
      knows(fake);
      fake.refuse('device.register', 'device/secret-store-unavailable', 'No keychain answers.');
    });
    await app.click('Continue');
    await app.click('Yes, this is Medsoft');
    await app.click('Register');
    expect(app.text()).toContain('There is no keychain to keep secrets in');
    expect(app.button('Keep secrets in memory')).toBeUndefined();
    expect(document.activeElement).toBe(app.field('New passphrase'));
    app.fake.hang('device.register');
    await app.type('New passphrase', 'correct horse');
    await app.type('New passphrase, once more', 'correct horse');
    await app.click('Register');
    const about = { invite: INVITE, name: 'adam-thinkpad', ownership: 'Corporate Dedicated' };
    expect(
      app.fake.calls.filter(({ name }) => name === 'device.register').map(({ input }) => input),
    ).toEqual([
      { ...about, secrets: 'keychain' },
      { ...about, secrets: 'file', passphrase: 'correct horse' },
    ]);
  });

  it('offers another invite when this one was refused, never a retry', async () => {
    const app = await renderApp(aFreshSnapshot({}, linkedTo({ invite: INVITE })), (fake) =>
      fake.refuse('device.inspectInvite', 'device/invite-refused', 'The invite was used before.'),
    );
    await app.click('Continue');
    expect(app.text()).toContain('The invite was used before.');
    expect(app.button('Try again')).toBeUndefined();
    expect(app.button('Continue')?.disabled).toBe(true);
    await app.click('Use another invite');
    expect(app.field('Invite').value).toBe('');
  });

  it('brings a failed registration into view, with the focus on it', async () => {
    const app = await renderApp(aFreshSnapshot({}, linkedTo({ invite: INVITE })), (fake) => {
      knows(fake);
      fake.refuse('device.register', 'organisation/unreachable', 'Nobody answered.');
    });
    await app.click('Continue');
    await app.click('Yes, this is Medsoft');
    app.button('Register')?.focus();
    await app.click('Register');
    expect(document.activeElement?.textContent).toContain('Nobody answered.');
  });
});

describe('the end of the first launch', () => {
  const done = async (parts: Parameters<typeof aFreshSnapshot>[0]) => {
    const app = await renderApp(aFreshSnapshot(parts));
    const { device, session, catalog } = aSnapshot().slices;
    await app.act(() => {
      app.fake.emit('device.changed', { revision: 2, value: device });
      app.fake.emit('session.changed', { revision: 2, value: session });
      app.fake.emit('catalog.changed', { revision: 2, value: catalog });
    });
    return app;
  };

  it.each([
    ['darwin', true, 'menu bar at the top right'],
    ['win32', true, 'beside the clock'],
    ['linux', true, 'tray of your panel'],
    ['linux', false, 'Closing it quits Banyan'],
  ])('tells on %s, tray %s, where the app is found again', async (platform, hasTray, words) => {
    const app = await done({ platform, desktop: { hasTray } });
    expect(app.text()).toContain(words);
    await app.click('Got it');
    expect(app.text()).not.toContain(words);
  });

  it('tells nothing of it in a browser tab, nor at a later sign-in', async () => {
    expect((await done({ desktop: null })).text()).not.toContain('Where to find Banyan again');
    const later = await renderApp(aSnapshot());
    expect(later.text()).not.toContain('Where to find Banyan again');
  });
});
