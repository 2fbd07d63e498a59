// A running client on a computer that moves and wakes: what it shows is true again within five seconds.
import { expect, it, onTestFinished } from 'vitest';
import { scriptedEngine } from '../fakes/scripted-engine.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

it('another network: ways are checked, the catalogue is read, and the organisation is heard again', async () => {
  const edge = await startEdge();
  const engine = scriptedEngine();
  let addresses = ['eth0=10.0.0.7'];
  const machine = { steadyMs: () => performance.now(), addresses: () => addresses };
  const client = await startClient({ ports: { createEngine: engine.create, machine } });
  onTestFinished(async () => {
    await client.stop();
    await edge.stop();
  });
  await client.register(await edge.edge.createInvite());
  await client.signIn();
  await client.call('tunnel.open', { service: 'echo.demo.bnn' });

  const movedAt = performance.now();
  addresses = ['wlan0=192.168.1.5'];
  await until(() => Promise.resolve(engine.checks === 1));
  expect(performance.now() - movedAt).toBeLessThan(5_000);
  client.client.wokeUp();
  await until(() => Promise.resolve(engine.checks === 2));

  const { device } = client.slices();
  const id = device.status === 'registered' ? device.device.id : '';
  // Time for the stream to be open again; a gap would be healed by the catalogue, which does not carry this.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await edge.edge.endSessions(id, 'An administrator ended it.');
  const { session } = await client.until(({ session: now }) => now.status === 'expired', 3_000);
  expect(session).toMatchObject({ because: { code: 'identity/session-expired' } });
});
