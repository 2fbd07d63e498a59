// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { type StateName, windowStates } from '../../fixtures/window-states.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

let app: RenderedApp;
afterEach(() => app.unmount());

const shown = async (name: StateName) => {
  app = await renderApp(windowStates[name].snapshot, (fake) => fake.hang('session.signIn'));
};

describe('a session that ends soon', () => {
  it('says when and why above the services, and is extended by the ordinary sign-in', async () => {
    await shown('services-ending');
    expect(app.text()).toContain('Your session ends soon: 9 min left');
    expect(app.text()).toContain('banyan.medsoft.example did not answer.');
    expect(app.button('Connect Bastion')).toBeDefined();
    await app.click('Extend');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'session.signIn', input: { openBrowser: true } });
  });

  it('keeps the services usable while that runs, and can be left as it is', async () => {
    await shown('services-extending');
    expect(app.button('Connect Bastion')).toBeDefined();
    await app.click('Cancel');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'session.cancelSignIn', input: {} });
  });
});

describe('a sign-in at another device', () => {
  it('is offered while the page in the browser waits', async () => {
    await shown('sign-in-waiting');
    await app.click('Use another device');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'session.signInWithCode', input: {} });
  });

  it.each(['sign-in-code', 'services-expired-code'] as const)(
    'shows page, code and picture: %s',
    async (name) => {
      await shown(name);
      expect(app.text()).toContain('https://sign-in.example/device');
      expect(app.button('Copy the code WDJB-MJHT')).toBeDefined();
      expect(document.querySelector('svg.qr-code path')?.getAttribute('d')).toContain(
        'M2 2h1v1h-1z',
      );
      expect(app.button('Cancel')).toBeDefined();
      expect(app.text()).not.toContain('Use another device');
    },
  );
});

describe('a sign-in that its person has cancelled', () => {
  it('leaves the page as it was: nobody has to be told what they have just done', async () => {
    const because = { code: 'identity/sign-in-cancelled' as const, message: 'It was cancelled.' };
    app = await renderApp(aSnapshot({ session: { status: 'signed-out', because } }));
    expect(app.text()).not.toContain('cancelled');
    expect(app.button('Sign in with your browser')).toBeDefined();
  });
});
