// @vitest-environment happy-dom
import { afterEach, expect, it } from 'vitest';
import { alwaysConnected } from '../../../src/renderer/link.ts';
import { type FakeRooms, fakeRooms } from '../../fakes/fake-rooms.ts';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

let app: RenderedApp;
afterEach(() => app.unmount());

const show = async (rooms: FakeRooms) => {
  app = await renderApp(aSnapshot(), () => {}, alwaysConnected, undefined, rooms);
};
const title = () => document.querySelector('h1')?.textContent;

it('Back and Forward walk the pages that were seen', async () => {
  const rooms = fakeRooms();
  await show(rooms);
  await app.click('This device');
  await app.click('Settings');
  expect(rooms.length()).toBe(3);
  await app.act(() => rooms.go(-1));
  expect(title()).toBe('This device');
  await app.act(() => rooms.go(-1));
  expect(title()).toBe('Services');
  await app.act(() => rooms.go(2));
  expect(title()).toBe('Settings');
  expect(rooms.length()).toBe(3);
});

it('a press of the page that is shown is no step', async () => {
  const rooms = fakeRooms();
  await show(rooms);
  await app.click('Services');
  expect(rooms.length()).toBe(1);
});

it('a reload stays on its page', async () => {
  const rooms = fakeRooms();
  await show(rooms);
  await app.click('Settings');
  await app.unmount();
  await show(rooms);
  expect(title()).toBe('Settings');
});

it.each([{ page: 'lobby' }, { page: 7 }, 'settings', null])(
  'begins with the services where the history holds %j',
  async (state) => {
    await show(fakeRooms(state));
    expect(title()).toBe('Services');
  },
);
