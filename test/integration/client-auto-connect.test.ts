// Which services connect by themselves after a sign-in: a person's own word, against a real edge.
import { expect, it, onTestFinished } from 'vitest';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

const SERVICE = 'echo.demo.bnn';

async function aRegisteredClient() {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const client = await startClient();
  await client.register(await edge.edge.createInvite());
  return client;
}
const statusIn = (client: TestClient) => client.slices().tunnels.states[SERVICE]?.status;

it('a service that a person switches on connects at the next sign-in and not before, also after a restart', async () => {
  const client = await aRegisteredClient();
  await client.signIn();
  await client.call('service.autoConnect', { service: SERVICE, isOn: true });
  await client.call('catalog.refresh', {});
  expect(statusIn(client)).toBeUndefined();
  await client.call('session.signOut', {});
  const again = await client.restart();
  onTestFinished(() => again.stop());
  await again.signIn();
  await again.until(({ tunnels }) => tunnels.states[SERVICE]?.status === 'open');

  await again.call('service.autoConnect', { service: SERVICE, isOn: false });
  expect(statusIn(again)).toBe('open'); // what is connected stays
  await again.call('session.signOut', {});
  await again.signIn();
  await again.call('catalog.refresh', {});
  expect(statusIn(again)).toBeUndefined();
});

it('only what can be connected can be switched on, and leaving the organisation forgets it', async () => {
  const client = await aRegisteredClient();
  onTestFinished(() => client.stop());
  await client.signIn();
  const choose = (service: string) => client.call('service.autoConnect', { service, isOn: true });
  await expect(choose('nobody.demo.bnn')).rejects.toMatchObject({
    code: 'catalog/service-not-found',
  });
  await expect(choose('wiki.demo.bnn')).rejects.toMatchObject({
    code: 'web/opens-in-browser',
  });
  await choose(SERVICE);
  const kept = () => Object.values(client.slices().settings.values.ownAutoConnect);
  expect(kept()).toEqual([{ [SERVICE]: true }]);
  await client.call('device.unregister', {});
  expect(kept()).toEqual([]);
});
