// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { aService, aSnapshot, linkedTo } from '../../fixtures/snapshots.ts';
import type { FakeBridge } from '../../fakes/fake-bridge.ts';
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
