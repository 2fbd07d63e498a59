// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

const HEIGHT = 60;
beforeEach(() => {
  // happy-dom lays nothing out: every box is as high as a row, and what scrolls ten times that.
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(HEIGHT);
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(10 * HEIGHT);
});
afterEach(() => vi.restoreAllMocks());

const services = Array.from({ length: 2_000 }, (_, index) =>
  aService({
    name: `host-${index}`,
    friendlyName: `Host ${index}`,
    type: index % 4 === 0 ? 'SSH' : 'DATABASE',
  }),
);
const rows = () => [...document.querySelectorAll<HTMLElement>('.row')];
const names = () => rows().map((row) => row.querySelector('.row-open')?.textContent);

it('renders what is in sight of 2,000 services, and says how many there are', async () => {
  const app = await renderApp(aSnapshot({ catalog: { status: 'current', services } }));
  expect(rows().length).toBeGreaterThan(10);
  expect(rows().length).toBeLessThan(60);
  expect(names().slice(0, 3)).toEqual(['Host 0', 'Host 1', 'Host 2']);
  expect(rows()[2]?.getAttribute('aria-posinset')).toBe('3');
  expect(rows()[2]?.getAttribute('aria-setsize')).toBe('2000');
  await app.unmount();
});

it('narrows them to a kind and to what is searched', async () => {
  const app = await renderApp(aSnapshot({ catalog: { status: 'current', services } }));
  await app.click('SSH 500');
  expect(names().slice(0, 3)).toEqual(['Host 0', 'Host 4', 'Host 8']);
  await app.type('Find a service', '1996');
  expect(names()).toEqual(['Host 1996']);
  await app.type('Find a service', '1997');
  expect(app.text()).toContain('No service matches “1997”');
  await app.click('SSH 0');
  expect(names()).toEqual(['Host 1997']);
  await app.unmount();
});
