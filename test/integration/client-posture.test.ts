// The posture of a real client at a real edge: what it reports, what that opens and closes, and what the person sees.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { PostureReport } from '../../src/shared/model/posture.ts';
import { aReport } from '../support/posture.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

const VAULT = 'vault.demo.bnn';

async function reporting(options: Parameters<typeof startEdge>[0] = {}) {
  const edge = await startEdge(options);
  const computer: { is: Partial<PostureReport> } = { is: {} };
  const client = await startClient({
    ports: {
      posture: (applications) =>
        Promise.resolve(
          aReport({
            applications: Object.fromEntries(applications.map((name) => [name, name === 'falcon'])),
            ...computer.is,
          }),
        ),
    },
  });
  onTestFinished(async () => {
    await client.stop();
    await edge.stop();
  });
  await client.register(await edge.edge.createInvite());
  const posture = () => {
    const { device } = client.slices();
    return device.status === 'registered' ? device.posture : undefined;
  };
  return { edge, client, computer, posture };
}

it('is reported by itself after registration, and shown with the level', async () => {
  const { client, posture } = await reporting();
  await client.until(
    ({ device }) => device.status === 'registered' && Boolean(device.posture?.verdict),
  );
  expect(posture()?.verdict).toEqual({ trustLevel: 'High', failed: [], unknown: [] });
});

it('opens and closes services, and ends what runs within two seconds', async () => {
  const { client, computer, posture } = await reporting();
  computer.is = { FirewallEnabled: 'false' };
  await client.call('device.checkPosture', {});
  expect(posture()?.verdict).toMatchObject({ trustLevel: 'Medium', failed: ['FirewallEnabled'] });
  await client.signIn();
  const access = () => client.slices().catalog.services.find(({ id }) => id === VAULT)?.access;
  expect(access()).toMatchObject({ status: 'denied', code: 'trust_level' });

  computer.is = {};
  await client.call('device.checkPosture', {});
  await client.until(() => access()?.status === 'allowed');
  const tunnel = await client.call('tunnel.open', { service: VAULT });
  const port = tunnel.status === 'open' ? tunnel.address.port : 0;
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'data');

  computer.is = { DiskEncryptionEnabled: 'false' };
  const before = performance.now();
  const closed = once(socket, 'close');
  await client.call('device.checkPosture', {});
  await closed;
  expect(performance.now() - before).toBeLessThan(2_000);
  await client.until(() => access()?.status === 'denied');
});

it('names programs that the organisation misses', async () => {
  const { client, posture } = await reporting({
    posture: { effects: { OrgPreferredAppsRunning: 'Low' }, applications: ['falcon', 'osqueryd'] },
  });
  await client.call('device.checkPosture', {});
  expect(posture()).toMatchObject({
    report: { applications: { falcon: true, osqueryd: false } },
    verdict: { trustLevel: 'Low', failed: ['OrgPreferredAppsRunning'] },
  });
});

it('of a device that is held down says why, at once where that closes a service, and when it is over', async () => {
  const { edge, client, posture } = await reporting();
  const [device] = await edge.edge.devices();
  await edge.edge.capTrustLevel(device!.id, 'Low', 'Ask the help desk.');
  await client.call('device.checkPosture', {});
  expect(posture()?.verdict).toMatchObject({ trustLevel: 'Low', capReason: 'Ask the help desk.' });
  await client.signIn();
  await client.until(({ catalog }) => catalog.status === 'current');
  for (const level of [null, 'Low'] as const) {
    await edge.edge.capTrustLevel(device!.id, level, 'Ask the help desk.');
    const before = performance.now();
    await client.until(() => posture()?.verdict?.trustLevel === (level ?? 'High'));
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(posture()?.verdict?.capReason).toBe(level ? 'Ask the help desk.' : undefined);
  }
});

it('that nobody answers is said to be so, and keeps nothing from working', async () => {
  const { edge, client, posture } = await reporting();
  await edge.stop();
  await client.call('device.checkPosture', {});
  expect(posture()).toMatchObject({ because: { code: 'organisation/unreachable' } });
  const again = await client.restart();
  onTestFinished(() => again.stop());
  expect(again.slices().device).toMatchObject({ status: 'registered' });
});
