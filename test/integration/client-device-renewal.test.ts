// DeviceCerts of a few seconds at a real edge: renewed by EST while everything goes on, told when not, over when over.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { Slices } from '../../src/shared/ipc/contract.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

async function registered(lifetimes: { deviceCert: number; trustToken?: number }) {
  const notices: string[] = [];
  const edge = await startEdge({ lifetimes });
  const client = await startClient({
    ports: { notifier: { show: ({ title }) => void notices.push(title) } },
  });
  onTestFinished(async () => {
    await client.stop();
    await edge.stop();
  });
  await client.register(await edge.edge.createInvite());
  return { edge, client, notices };
}

const facts = ({ device }: Slices) => (device.status === 'registered' ? device : undefined);
const endOf = (client: TestClient): number =>
  facts(client.slices())?.device.certificateExpiresAt ?? 0;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('is renewed while session, refresh token and a running connection go on', async () => {
  const { edge, client } = await registered({ deviceCert: 6, trustToken: 5 });
  await client.signIn();
  const tunnel = await client.call('tunnel.open', { service: 'echo.demo.bnn' });
  const socket = connect(tunnel.status === 'open' ? tunnel.address.port : 0, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const echo = async (text: string): Promise<string> => {
    socket.write(text);
    return String((await once(socket, 'data'))[0]);
  };
  expect(await echo('before')).toBe('before');
  const [id, end] = [facts(client.slices())?.device.id, endOf(client)];
  const seen = new Set<string>();
  client.client.subscribe(() => seen.add(client.slices().session.status));

  await client.until((slices) => (facts(slices)?.device.certificateExpiresAt ?? 0) > end);
  expect(facts(client.slices())?.device.id).toBe(id);
  expect(await echo('after')).toBe('after');
  // Past the end of the first certificate and of the first token.
  await pause(6_500);
  await client.call('catalog.refresh', {});
  expect(await echo('later')).toBe('later');
  expect([...seen].every((status) => ['signed-in', 'renewing'].includes(status))).toBe(true);
  expect(await edge.edge.devices()).toHaveLength(1);
});

it('is renewed by the next start when that is overdue', async () => {
  const { client } = await registered({ deviceCert: 9 });
  const end = endOf(client);
  await client.stop();
  await pause(6_500);
  const again = await client.restart();
  onTestFinished(() => again.stop());
  await again.until((slices) => (facts(slices)?.device.certificateExpiresAt ?? 0) > end);
});

it('that cannot be renewed is told before its end, in the window and by a notice', async () => {
  const { edge, client, notices } = await registered({ deviceCert: 6 });
  const end = endOf(client);
  await edge.stop();
  await client.until((slices) => facts(slices)?.renewalFailed !== undefined);
  expect(Date.now()).toBeLessThan(end);
  expect(facts(client.slices())?.renewalFailed).toMatchObject({ code: 'device/renewal-failed' });
  await pause(Math.max(0, end - Date.now() + 200));
  expect(notices).toEqual(['The certificate of this device ends soon']);
});

it('that has ended says what to do, and a new invite helps', async () => {
  const { edge, client } = await registered({ deviceCert: 2 });
  await client.stop();
  await pause(2_500);
  const again = await client.restart();
  onTestFinished(() => again.stop());
  await again.until(
    (slices) => facts(slices)?.renewalFailed?.code === 'device/certificate-expired',
  );
  await expect(again.call('session.signIn', { openBrowser: true })).rejects.toMatchObject({
    code: 'device/certificate-expired',
  });
  await again.call('device.unregister', {});
  await again.register(await edge.edge.createInvite());
  expect(again.slices().device).not.toHaveProperty('renewalFailed');
});
