// That a change of the settings holds, and is announced, where it is made and at every other edge of the organisation.
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createChanges } from '../../../src/edge/changes.ts';
import { openSettings } from '../../../src/edge/settings.ts';
import { createMemoryStore } from '../../../src/edge/store/memory-store.ts';
import { createTestPki } from '../../support/pki.ts';

let pem = '';
beforeAll(async () => {
  pem = (await createTestPki('Manager')).root;
});

/** Of two edges on one store; `seen` is what the first holds each time that it announces a change. */
async function twoEdges() {
  const store = createMemoryStore();
  const changes = createChanges();
  const defaults = { trustToken: 86_400 };
  const here = await openSettings(store, changes, defaults);
  const there = await openSettings(store, createChanges(), defaults);
  const holds = () => [
    here.trustTokenSeconds() / 3600,
    here.allowsUnregisteredDevices(),
    here.deviceManagers().map(({ name }) => name),
  ];
  const seen: unknown[] = [];
  changes.on(({ type }) => void seen.push([type, ...holds()]));
  return { here, there, seen };
}
type Edge = Awaited<ReturnType<typeof twoEdges>>['here'];
const CHANGES: ((edge: Edge) => Promise<unknown>)[] = [
  (edge) => edge.setTokenLifetime(2),
  (edge) => edge.setUnregisteredDevices('allowed'),
  (edge) => edge.addDeviceManager({ name: 'jamf', pem, ownership: 'Other' }),
  (edge) => edge.setUnregisteredDevices('dropped'),
  (edge) => edge.removeDeviceManager('jamf'),
];
const SEEN = [
  ['rules-changed', 2, false, []],
  ['rules-changed', 2, true, []],
  ['rules-changed', 2, true, ['jamf']],
  ['rules-changed', 2, false, ['jamf']],
  ['rules-changed', 2, false, []],
];

test('each change is announced once it holds', async () => {
  const { here, seen } = await twoEdges();
  for (const change of CHANGES) await change(here);
  expect(seen).toEqual(SEEN);
});

test('what another edge has changed holds and is announced once it is read again', async () => {
  const { here, there, seen } = await twoEdges();
  for (const change of CHANGES) {
    await change(there);
    await here.reread();
  }
  expect(seen).toEqual(SEEN);
});

test('an authority whose certificate has ended is not taken', async () => {
  const { here, seen } = await twoEdges();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400 * 86_400_000 });
  onTestFinished(() => void vi.useRealTimers());
  const added = here.addDeviceManager({ name: 'jamf', pem, ownership: 'Other' });
  await expect(added).rejects.toThrow(/^It has ended on /);
  expect([here.deviceManagers(), seen]).toEqual([[], []]);
});
