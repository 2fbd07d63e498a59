// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { defaultSettings } from '../../../src/shared/model/settings.ts';
import { aRegisteredDevice, aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const bastion = aService({ name: 'bastion', friendlyName: 'Bastion', type: 'SSH' });
const ledger = aService({ name: 'ledger', friendlyName: 'Ledger' });
const others = ['web', 'wiki'].map((name) => aService({ name, friendlyName: `A ${name}` }));
const { organisation } = aRegisteredDevice();

const starred = (services: readonly string[]) => ({
  managed: null,
  values: { ...defaultSettings, favourites: { [organisation.id]: services } },
});
const names = (): (string | null)[] =>
  [...document.querySelectorAll('.row-open')].map(({ textContent }) => textContent);

it('a star is kept by the client, puts the service first, and can be filtered for', async () => {
  const catalog = { status: 'current' as const, services: [bastion, ledger, ...others] };
  const app = await renderApp(aSnapshot({ catalog, settings: starred([]) }), (fake) =>
    fake.hang('service.star'),
  );
  expect(names()).toEqual(['A web', 'A wiki', 'Bastion', 'Ledger']);
  expect(app.button('Favourite: Ledger')?.getAttribute('aria-pressed')).toBe('false');
  // There before the star: what is pressed must not move.
  expect(app.button('All 4')).toBeDefined();
  await app.click('Favourite: Ledger');
  expect(app.fake.calls.at(-1)).toEqual({
    name: 'service.star',
    input: { service: ledger.id, isFavourite: true },
  });
  // Only what the client says counts.
  expect(names()).toEqual(['A web', 'A wiki', 'Bastion', 'Ledger']);
  await app.act(() =>
    app.fake.emit('settings.changed', { revision: 99, value: starred([ledger.id]) }),
  );
  expect(names()).toEqual(['Ledger', 'A web', 'A wiki', 'Bastion']);
  expect(app.button('Favourite: Ledger')?.getAttribute('aria-pressed')).toBe('true');
  await app.click('Favourites 1');
  expect(names()).toEqual(['Ledger']);
  // Nothing has failed and nothing is denied: nobody is offered to see that.
  expect(app.button('Failed 0') ?? app.button('Not available 0')).toBeFalsy();
});
