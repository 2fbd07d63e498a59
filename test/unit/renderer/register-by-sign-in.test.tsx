// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { FINGERPRINT, aFreshSnapshot } from '../../fixtures/snapshots.ts';
import type { FakeBridge } from '../../fakes/fake-bridge.ts';
import { renderApp } from '../../support/render-app.tsx';

const address = 'banyan.medsoft.example';
const facts = { organisationName: 'Medsoft', host: address };
const OTHER_WAY = 'No invite? Sign in with the address of your organisation';
const FIELD = 'Address of your organisation';
const YES = 'Yes, this is Medsoft';

async function atConfirm(prepare: (fake: FakeBridge) => void) {
  const app = await renderApp(aFreshSnapshot(), prepare);
  await app.click(OTHER_WAY);
  await app.type(FIELD, ` ${address} `);
  await app.click('Continue');
  return app;
}

const callsOf = (fake: FakeBridge, name: string): unknown[] =>
  fake.calls.filter((call) => call.name === name).map(({ input }) => input);

describe('first launch by address', () => {
  it('is one quiet way beside the invite, and back', async () => {
    const app = await renderApp(aFreshSnapshot());
    await app.click(OTHER_WAY);
    expect(app.text()).not.toContain('Paste the invite');
    expect(app.field(FIELD).value).toBe('');
    await app.click('I have an invite');
    expect(app.field('Invite').value).toBe('');
    expect(app.fake.calls.map(({ name }) => name)).toEqual(['app.snapshot']);
  });

  it('shows the whole fingerprint where somebody vouches, and registers with that one', async () => {
    const app = await atConfirm((fake) => {
      fake.answer('device.inspectAddress', () => ({ ...facts, rootFingerprint: FINGERPRINT }));
      fake.hang('device.registerBySignIn');
    });
    expect(app.text()).toContain('A public authority vouches');
    expect(app.text()).toContain(FINGERPRINT);
    await app.click(YES);
    await app.click('Sign in and register');
    expect(callsOf(app.fake, 'device.registerBySignIn')).toEqual([
      {
        address,
        fingerprint: FINGERPRINT,
        openBrowser: true,
        name: 'adam-thinkpad',
        ownership: 'Corporate Dedicated',
        secrets: 'keychain',
      },
    ]);
  });

  it('lets nobody click through where nobody vouches', async () => {
    const app = await atConfirm((fake) =>
      fake.answer('device.inspectAddress', ({ fingerprint }) =>
        fingerprint === FINGERPRINT
          ? { ...facts, rootFingerprint: FINGERPRINT }
          : { ...facts, fingerprintEnd: FINGERPRINT.slice(12) },
      ),
    );
    expect(app.text()).toContain('No public authority vouches');
    expect(app.text()).not.toContain(FINGERPRINT.slice(0, 4));
    expect(app.button(YES)?.disabled).toBe(true);
    await app.type('First three groups', 'n4bQ gW8r');
    expect(app.button(YES)?.disabled).toBe(true);
    await app.type('First three groups', 'n4bQ gW8r T0xk');
    await app.click(YES);
    expect(callsOf(app.fake, 'device.inspectAddress')).toEqual([
      { address },
      { address, fingerprint: FINGERPRINT },
    ]);
    expect(app.text()).toContain('Register this computer');
    // On the way back it is still nobody but the person who vouches.
    await app.press('Escape');
    expect(app.text()).toContain('No public authority vouches');
    expect(app.field('First three groups').value).toBe('n4bQ gW8r T0xk');
  });

  it('stops at a fingerprint that is another one, until something else is typed', async () => {
    const app = await atConfirm((fake) =>
      fake.answer('device.inspectAddress', () => ({
        ...facts,
        fingerprintEnd: FINGERPRINT.slice(12),
      })),
    );
    app.fake.refuse('device.inspectAddress', 'device/fingerprint-mismatch', 'It has another one.');
    await app.type('First three groups', 'AAAA AAAA AAAA');
    await app.click(YES);
    expect(app.text()).toContain('It has another one.');
    expect(app.button(YES)?.disabled).toBe(true);
    expect(app.text()).not.toContain('Register this computer');
    await app.type('First three groups', 'n4bQ gW8r T0xk');
    expect(app.text()).not.toContain('It has another one.');
    expect(app.button(YES)?.disabled).toBe(false);
  });

  it('offers no second try at an organisation that registers by invite only', async () => {
    const app = await atConfirm((fake) =>
      fake.refuse('device.inspectAddress', 'device/sign-in-not-offered', 'Medsoft does not.'),
    );
    expect(app.text()).toContain('Ask your administrator for an invite.');
    expect(app.button('Try again')).toBeUndefined();
    expect(app.button('Use another invite')).toBeUndefined();
    expect(app.button('Continue')?.disabled).toBe(true);
  });

  it('waits for the browser as a sign-in does, and can be cancelled', async () => {
    const app = await renderApp(aFreshSnapshot(), (fake) =>
      fake.answer('device.cancelRegistration', () => {}),
    );
    await app.act(() =>
      app.fake.emit('registration.changed', {
        revision: 2,
        value: { status: 'waiting', organisation: 'Medsoft', url: 'https://sign-in.example' },
      }),
    );
    expect(app.text()).toContain('Finish in your browser');
    // A code for another device would let somebody else register one in this person's name.
    expect(app.button('Use another device')).toBeUndefined();
    await app.click('Cancel');
    expect(callsOf(app.fake, 'device.cancelRegistration')).toEqual([{}]);
  });
});
