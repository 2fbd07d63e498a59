// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { defaultSettings, type ShownSettings } from '../../../src/shared/model/settings.ts';
import { aRegisteredDevice, aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const ledger = aService({ name: 'ledger', friendlyName: 'Ledger' });
const asked = aService({ name: 'asked', friendlyName: 'Asked', autorun: true });
const wiki = aService({ name: 'wiki', friendlyName: 'Wiki', type: 'WEB' });
const { organisation } = aRegisteredDevice();

const chosen = (
  own: Record<string, boolean>,
  change: Partial<ShownSettings['values']> = {},
  managed: ShownSettings['managed'] = null,
): ShownSettings => ({
  managed,
  values: { ...defaultSettings, ownAutoConnect: { [organisation.id]: own }, ...change },
});
const show = (settings: ShownSettings) =>
  renderApp(
    aSnapshot({ catalog: { status: 'current', services: [ledger, asked, wiki] }, settings }),
    (fake) => fake.hang('service.autoConnect'),
  );
const pressed = (mark: HTMLButtonElement | undefined) => mark?.getAttribute('aria-pressed');
const theSwitch = () => document.querySelector<HTMLElement>('.details [role=switch]');

it('a person switches it in the row, and only what the client says counts', async () => {
  const app = await show(chosen({}));
  const mark = () => app.button('Connect automatically: Ledger');
  expect(pressed(mark())).toBe('false');
  await app.click('Connect automatically: Ledger');
  const input = { service: ledger.id, isOn: true };
  expect(app.fake.calls.at(-1)).toEqual({ name: 'service.autoConnect', input });
  expect(pressed(mark())).toBe('false');
  const value = chosen({ [ledger.id]: true });
  await app.act(() => app.fake.emit('settings.changed', { revision: 99, value }));
  expect(pressed(mark())).toBe('true');
  // Nothing that could be connected: nothing to switch.
  expect(app.button('Connect automatically: Wiki')).toBeUndefined();
});

it('the details say what it means, and whose wish it is', async () => {
  const app = await show(chosen({}));
  await app.click('Details of Asked');
  expect(theSwitch()?.getAttribute('aria-checked')).toBe('true');
  expect(app.text()).toContain(
    'Connects by itself from your next sign-in on. Medsoft has asked for it.',
  );
  await app.act(() => theSwitch()?.click());
  const input = { service: asked.id, isOn: false };
  expect(app.fake.calls.at(-1)).toEqual({ name: 'service.autoConnect', input });
  const value = chosen({ [asked.id]: false });
  await app.act(() => app.fake.emit('settings.changed', { revision: 99, value }));
  expect(theSwitch()?.getAttribute('aria-checked')).toBe('false');
  expect(app.text()).toContain('Medsoft would have it connect by itself.');
});

it('where nothing connects by itself, the details say so and lead to the settings', async () => {
  const app = await show(chosen({ [ledger.id]: true }, { autoConnect: false }));
  expect(app.button('Connect automatically: Ledger')).toBeUndefined();
  await app.click('Details of Ledger');
  expect(app.text()).toContain('Switched off for every service in the settings.');
  await app.click('Open settings');
  expect(document.querySelector('h1')?.textContent).toBe('Settings');
});

it('where the organisation has switched it off, nobody can switch it on', async () => {
  const managed = { by: 'Medsoft IT', locked: ['autoConnect' as const] };
  const app = await show(chosen({ [ledger.id]: true }, { autoConnect: false }, managed));
  await app.click('Details of Ledger');
  expect(theSwitch()?.getAttribute('aria-checked')).toBe('false');
  expect(theSwitch()?.hasAttribute('data-disabled')).toBe(true);
  expect(app.text()).toContain('Medsoft IT has switched this off for every service.');
});

it('a choice that could not be kept says so in the row', async () => {
  const app = await renderApp(
    aSnapshot({ catalog: { status: 'current', services: [ledger] }, settings: chosen({}) }),
    (fake) =>
      fake.answer('service.autoConnect', () => {
        throw Object.assign(new Error('full'), { code: 'client/storage-failed' });
      }),
  );
  await app.click('Connect automatically: Ledger');
  expect(document.querySelector('.row-error')).not.toBeNull();
});
