// The proof that a browser brings back from the port for devices, and the device as it is when the proof is used.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import type { DeviceRecord } from '../../../../src/edge/store/store.ts';
import { createBrowserDevices } from '../../../../src/edge/trust-provider/browser-devices.ts';

const MAC: DeviceRecord = {
  id: 'jamf:mac-1',
  name: 'mac-1',
  ownership: 'Corporate Dedicated',
  platform: 'macOS',
  serialNumber: 'C02',
  registeredAt: 0,
  manager: 'jamf',
};

async function started() {
  const store = createMemoryStore();
  const set = (change: Partial<DeviceRecord>) =>
    store.put('devices', MAC.id, { ...MAC, ...change });
  await set({});
  const managers = [{ name: 'jamf' }];
  const devices = createBrowserDevices({
    store,
    volatile: createMemoryStore(),
    identify: { device: () => Promise.resolve(MAC) },
    deviceManagers: () => managers,
    mutualOrigin: 'https://team.localhost:8441',
    pageOf: (interaction) => `https://team.localhost:8440/interaction/${interaction}`,
    life: 60,
  });
  const server = createServer((request, response) => void devices.show(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const at = `http://127.0.0.1:${port}/browser-device?interaction=a`;
  const { headers } = await fetch(at, { redirect: 'manual' });
  const proof = new URL(headers.get('location') ?? '').searchParams.get('certificate');
  const shown = async (interaction = 'a') => (await devices.of(interaction))?.id ?? null;
  return { devices, managers, proof: proof ?? '', set, shown };
}

test('stands for its device in its own sign-in alone', async () => {
  const { devices, proof, shown } = await started();
  await devices.arrived('b', proof);
  expect(await shown('b')).toBeNull();
  await devices.arrived('a', proof);
  expect(await shown()).toBe(MAC.id);
});

test.for<[string, Partial<DeviceRecord>]>([
  ['banned', { banned: 'Lost.' }],
  ['revoked', { revoked: 'Sold.' }],
  ['of no Device Manager', { manager: 'intune' }],
])('stands for nothing once the device is %s', async ([, change]) => {
  const { devices, proof, set, shown } = await started();
  await devices.arrived('a', proof);
  await set(change);
  expect(await shown()).toBeNull();
  await set({});
  expect(await shown()).toBe(MAC.id);
});

test('stands for nothing once its Device Manager is not trusted any more', async () => {
  const { devices, managers, proof, shown } = await started();
  await devices.arrived('a', proof);
  managers.pop();
  expect(await shown()).toBeNull();
  expect(devices.wayFrom('a')).toBeNull();
});

test('stands for nothing a minute after it was made', async () => {
  const { devices, proof, shown } = await started();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
  onTestFinished(() => void vi.useRealTimers());
  await devices.arrived('a', proof);
  expect(await shown()).toBeNull();
});
