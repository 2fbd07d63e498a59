// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import type { ManagedRegistration } from '../../../src/shared/model/managed.ts';
import {
  aFreshSnapshot,
  aRegisteredDevice,
  aSession,
  INVITE,
  twoOrganisations,
  linkedTo,
} from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const organisation = { id: '9f86d081884c7d65', host: 'banyan.medsoft.example' };
const because = { code: 'organisation/unreachable', message: 'It did not answer.' } as const;
const waiting: ManagedRegistration = { status: 'waiting', organisation, because, retryAt: 0 };

function setUp(registration: ManagedRegistration, change: object = {}, app: object = {}) {
  const snapshot = aFreshSnapshot(app);
  const managed = { status: 'in-force' as const, settings: {}, registration };
  return { ...snapshot, slices: { ...snapshot.slices, managed, ...change } };
}

describe('a computer that its organisation has set up', () => {
  it('shows that it is being registered, and no form', async () => {
    for (const status of ['due', 'registering'] as const) {
      const app = await renderApp(setUp({ status, organisation }));
      expect(app.text()).toContain('Setting up this computer');
      expect(app.text()).toContain('banyan.medsoft.example');
      expect(app.text()).not.toContain('Join your organisation');
      expect(
        [...document.querySelectorAll('button, input, textarea')].map(
          ({ textContent }) => textContent,
        ),
      ).toEqual(['Settings']);
      await app.unmount();
    }
  });

  it('says why not yet, when it goes on, and tries at once when asked', async () => {
    const app = await renderApp(setUp(waiting), (fake) => fake.hang('device.registerAsManaged'));
    expect(app.text()).toContain('It did not answer.');
    expect(app.text()).toContain('tries again by itself at');
    await app.click('Try again now');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'device.registerAsManaged', input: {} });
  });

  it('offers memory where there is no keychain', async () => {
    const noKeychain = { code: 'device/secret-store-unavailable', message: 'None.' } as const;
    const app = await renderApp(setUp({ ...waiting, because: noKeychain }), (fake) =>
      fake.hang('device.registerAsManaged'),
    );
    await app.click('Keep secrets in memory');
    expect(app.fake.calls.at(-1)?.input).toEqual({ secrets: 'memory' });
  });

  it('that was refused says so, and an invite of one’s own still works', async () => {
    const refusal = { code: 'device/invite-refused', message: 'Its time is over.' } as const;
    const app = await renderApp(setUp({ status: 'refused', organisation, because: refusal }));
    expect(app.text()).toContain('This computer could not be set up');
    expect(app.text()).toContain('Its time is over.');
    await app.click('Use an invite instead');
    expect(app.field('Invite').value).toBe('');
  });

  it('leads back from an invite of one’s own to what its organisation has set up', async () => {
    const app = await renderApp(setUp(waiting));
    await app.click('Use an invite instead');
    expect(app.text()).not.toContain('Setting up this computer');
    await app.click('Back to the setup of your organisation');
    expect(app.text()).toContain('Setting up this computer');
  });

  it('is set up anew where its key is lost, instead of being asked for an invite', async () => {
    const lost = { code: 'device/secret-lost', message: 'Its key is gone.' };
    const known = twoOrganisations(null).filter(({ id }) => id === organisation.id);
    expect(known).toHaveLength(1);
    const app = await renderApp(
      setUp(waiting, { organisations: known, device: { status: 'unregistered', because: lost } }),
    );
    expect(app.text()).toContain('Setting up this computer');
  });

  it('offers no other organisation where there is to be one only, and says who wants that', async () => {
    const settings = { multiOrganisation: false };
    const held = { status: 'registered' as const, organisation };
    const managed = { status: 'in-force' as const, settings, registration: held };
    const device = aRegisteredDevice();
    const app = await renderApp(setUp(held, { device, session: aSession(), managed }));
    expect(app.button('Medsoft adam@medsoft.digital. Organisations')).toBeUndefined();
    await app.click('This device');
    expect(app.text()).toContain('set up this computer for one organisation only');
    await app.unmount();
    const signedOut = await renderApp(setUp(held, { device, managed }));
    expect(signedOut.text()).toContain('Sign in to Medsoft');
    expect(signedOut.button('Add an organisation')).toBeUndefined();
    await signedOut.unmount();
    const free = await renderApp(setUp(held, { device }));
    expect(free.button('Add an organisation')).toBeDefined();
  });

  it('shows the invite that Banyan was opened with', async () => {
    const app = await renderApp(setUp(waiting, linkedTo({ invite: INVITE })));
    expect(app.field('Invite').value).toBe(INVITE);
  });

  it('is unlocked first where it is registered with another organisation', async () => {
    const locked = { code: 'device/passphrase-needed', message: 'Locked.' };
    const app = await renderApp(
      setUp(waiting, {
        organisations: twoOrganisations(null),
        device: { status: 'unregistered', because: locked },
      }),
    );
    expect(app.button('Unlock')).toBeDefined();
  });

  it('cannot be left, registered or revoked, and says why', async () => {
    const device = aRegisteredDevice();
    const held = { status: 'registered' as const, organisation };
    const registered = await renderApp(setUp(held, { device, session: aSession() }));
    await registered.click('This device');
    expect(registered.text()).toContain('set up this computer, so you cannot leave it here');
    expect(registered.button('Leave this organisation…')).toBeUndefined();
    await registered.unmount();
    const revoked = { ...device, status: 'revoked' as const, because };
    const gone = await renderApp(setUp(held, { device: revoked }));
    expect(gone.text()).toContain('so you cannot leave it here');
    expect(gone.button('Leave this organisation…')).toBeUndefined();
    const free = await renderApp(setUp({ status: 'not-set' }, { device: revoked }));
    expect(free.button('Leave this organisation…')).toBeDefined();
  });

  it('has its form as ever where the file is ignored, with the reason', async () => {
    const snapshot = aFreshSnapshot();
    const ignored = { code: 'managed/file-ignored', message: 'Others may write it.' } as const;
    const managed = { status: 'ignored' as const, because: ignored };
    const app = await renderApp({ ...snapshot, slices: { ...snapshot.slices, managed } });
    expect(app.text()).toContain('Others may write it.');
    expect(app.field('Invite').value).toBe('');
  });
});
