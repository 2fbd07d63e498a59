// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { aService, aSnapshot, linkedTo } from '../../fixtures/snapshots.ts';
import type { FakeBridge } from '../../fakes/fake-bridge.ts';
import { fakeLink } from '../../fakes/fake-link.ts';
import { renderApp } from '../../support/render-app.tsx';

const wiki = aService({ name: 'wiki', friendlyName: 'Wiki', type: 'WEB' });
const slices = { catalog: { status: 'current' as const, services: [wiki] } };

describe('a web service', () => {
  it('is opened by its button in the list, and there is nothing to connect', async () => {
    const app = await renderApp(aSnapshot(slices), (fake) => fake.hang('service.open'));
    expect(app.button('Connect Wiki')).toBeUndefined();
    await app.click('Open Wiki');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'service.open', input: { service: wiki.id } });
  });

  it('says in its row and in its details why it could not be opened', async () => {
    const app = await renderApp(aSnapshot(slices), (fake) =>
      fake.refuse('service.open', 'web/no-browser', 'No browser could be started.'),
    );
    await app.click('Open Wiki');
    expect(app.text()).toContain('No browser could be started.');
    await app.click('Details of Wiki');
    expect(app.text()).toContain('It opens in your browser');
  });

  it('cannot be opened by who is not signed in', async () => {
    const session = {
      status: 'expired',
      because: { code: 'identity/session-expired', message: '' },
    };
    const app = await renderApp(aSnapshot({ ...slices, session: session as never }));
    expect(app.button('Open Wiki')?.disabled).toBe(true);
  });
});

describe('a link that asks for a web service', () => {
  const asked = () =>
    aSnapshot({ ...slices, ...linkedTo({ service: { wants: 'open', service: wiki.id } }) });
  /** As the client tells it. */
  const answered = (fake: FakeBridge): void =>
    fake.emit('links.changed', { revision: 2, value: linkedTo({}).links });
  const dialog = () => document.querySelector('[role="alertdialog"]')?.textContent ?? '';
  const names = (app: Awaited<ReturnType<typeof renderApp>>) =>
    app.fake.calls.map(({ name }) => name).filter((name) => name !== 'app.snapshot');

  it('opens nothing by itself, and asks with the name of the service', async () => {
    const app = await renderApp(asked());
    expect(dialog()).toContain('Open Wiki?');
    expect(names(app)).toEqual([]);
  });

  it('opens it on a yes', async () => {
    const app = await renderApp(asked(), (fake) =>
      fake.answer('service.open', () => answered(fake)),
    );
    await app.click('Open');
    await app.act(() => {});
    expect(names(app)).toEqual(['service.open']);
    expect(dialog()).toBe('');
  });

  it('keeps the question and says why, when it could not be opened', async () => {
    const app = await renderApp(asked(), (fake) =>
      fake.refuse('service.open', 'tunnel/denied', 'Not with this device.'),
    );
    await app.click('Open');
    expect(dialog()).toContain('Not with this device.');
  });

  it('forgets it on a no', async () => {
    const app = await renderApp(asked(), (fake) =>
      fake.answer('link.dismiss', () => answered(fake)),
    );
    await app.click('Cancel');
    await app.act(() => {});
    expect(app.fake.calls.at(-1)).toEqual({ name: 'link.dismiss', input: { asksFor: 'service' } });
    expect(dialog()).toBe('');
  });

  it('that wants a connection connects on a yes, and shows how to use it', async () => {
    const database = aService({ name: 'db', friendlyName: 'Ledger', type: 'DATABASE' });
    const listed = { catalog: { status: 'current' as const, services: [wiki, database] } };
    const snapshot = aSnapshot({
      ...listed,
      ...linkedTo({ service: { wants: 'connect', service: database.id } }),
    });
    const app = await renderApp(snapshot, (fake) => {
      fake.answer('tunnel.open', () => {
        answered(fake);
        return { status: 'closed' } as const;
      });
    });
    expect(dialog()).toContain('Connect Ledger?');
    expect(names(app)).toEqual([]);
    const yes = document.querySelector<HTMLElement>('[role="alertdialog"] .primary');
    await app.act(() => yes?.click());
    expect(app.fake.calls).toContainEqual({ name: 'tunnel.open', input: { service: database.id } });
    expect(dialog()).toBe('');
    expect(app.text()).toContain('How to use it');
  });
});

describe('a browser tab', () => {
  afterEach(() => void vi.restoreAllMocks());

  function newTab() {
    const tab = { opener: window, location: { replace: vi.fn() }, close: vi.fn() };
    const opened = vi.spyOn(window, 'open').mockReturnValue(tab as unknown as Window);
    return { tab, opened };
  }

  it('opens a web service in a tab of its own, which cannot reach back', async () => {
    const { tab, opened } = newTab();
    const url = 'https://banyan.example/ticket/once';
    const answers = (fake: FakeBridge) => fake.answer('service.page', () => ({ url }));
    const app = await renderApp(aSnapshot(slices), answers, fakeLink());
    await app.click('Open Wiki');
    expect(app.fake.calls.at(-1)).toEqual({ name: 'service.page', input: { service: wiki.id } });
    expect(opened).toHaveBeenCalledOnce();
    expect(tab.location.replace).toHaveBeenCalledExactlyOnceWith(url);
    expect(tab.opener).toBeNull();
  });

  it('leaves no empty tab where there is no page, and says why', async () => {
    const { tab } = newTab();
    const app = await renderApp(
      aSnapshot(slices),
      (fake) => fake.refuse('service.page', 'organisation/unreachable', 'Nothing answers.'),
      fakeLink(),
    );
    await app.click('Open Wiki');
    expect(tab.close).toHaveBeenCalledOnce();
    expect(app.text()).toContain('Nothing answers.');
  });

  it('says so where it may open none, and asks for no page', async () => {
    vi.spyOn(window, 'open').mockReturnValue(null);
    const app = await renderApp(aSnapshot(slices), () => {}, fakeLink());
    await app.click('Open Wiki');
    expect(app.text()).toContain('Allow this page to open tabs');
    expect(app.fake.calls.map(({ name }) => name)).not.toContain('service.page');
  });

  it('leads a new tab to the sign-in page once that is known, and drops it where none comes', async () => {
    const { tab } = newTab();
    const session = { status: 'signed-out' } as const;
    const app = await renderApp(
      aSnapshot({ session }),
      (fake) => fake.hang('session.signIn'),
      fakeLink(),
    );
    await app.click('Sign in with your browser');
    expect(app.fake.calls.at(-1)).toEqual({
      name: 'session.signIn',
      input: { openBrowser: false },
    });
    expect(tab.location.replace).not.toHaveBeenCalled();
    const prompt = { by: 'browser', url: 'https://sign-in.example/' } as const;
    const value = { status: 'signing-in', before: session, startedAt: 0, prompt } as const;
    await app.act(() => app.fake.emit('session.changed', { revision: 2, value }));
    expect(tab.location.replace).toHaveBeenCalledExactlyOnceWith(prompt.url);
    await app.unmount();

    const refused = newTab();
    const again = await renderApp(
      aSnapshot({ session }),
      (fake) => fake.refuse('session.signIn', 'organisation/unreachable', 'Nothing answers.'),
      fakeLink(),
    );
    await again.click('Sign in with your browser');
    expect(refused.tab.close).toHaveBeenCalledOnce();
  });
});
