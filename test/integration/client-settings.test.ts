// What settings do to a running client, against a real edge.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { publishService, startBackend } from '../support/collection.ts';
import { scriptedEngine } from '../fakes/scripted-engine.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

it('come back after a restart, and are told to every front end', async () => {
  const client = await startClient();
  const told: unknown[] = [];
  client.client.subscribe((name, { value }) => {
    if (name === 'settings.changed') told.push(value);
  });
  const answer = await client.call('settings.change', { theme: 'dark', startHidden: true });
  expect(answer.values).toMatchObject({ theme: 'dark', startHidden: true });
  expect(told).toEqual([answer]);
  const again = await client.restart();
  onTestFinished(() => again.stop());
  expect(again.slices().settings.values).toMatchObject({ theme: 'dark', startHidden: true });
});

it('let other users of the computer in only while that is asked for', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const backend = await startBackend(() => {});
  onTestFinished(() => backend.stop());
  await publishService(edge, 'own', backend.port);
  const engine = scriptedEngine();
  const client = await startClient({ ports: { createEngine: engine.create } });
  onTestFinished(() => client.stop());
  await client.register(await edge.edge.createInvite());
  await client.call('settings.change', { anyLocalUser: true });
  await client.signIn();
  await client.call('tunnel.open', { service: 'echo.demo.bnn' });
  await client.call('settings.change', { anyLocalUser: false });
  await client.call('tunnel.open', { service: 'own.demo.bnn' });
  expect(engine.specs).toMatchObject([{ localUsers: 'anyone' }, { localUsers: 'own' }]);
});

it('keep a proxy password in the private file, and show, log and tell it nowhere', async () => {
  const client = await startClient();
  onTestFinished(() => client.stop());
  const heard: string[] = [];
  client.client.subscribe((name, payload) => void heard.push(JSON.stringify([name, payload])));
  const proxy = { kind: 'own', address: 'proxy.example:3128', user: 'zoe' } as const;
  const answer = await client.call('settings.change', { proxy: { ...proxy, password: 'hunter2' } });
  expect(answer.values.proxy).toEqual({ ...proxy, hasPassword: true });
  expect(readFileSync(path.join(client.home, 'settings.json'), 'utf8')).toContain('hunter2');
  const log = await client.call('activity.log', { after: 0 });
  const said = JSON.stringify([heard, answer, client.client.snapshot(), client.log.lines, log]);
  expect(said).not.toContain('hunter2');
});

it('keep the favourites of each organisation, and forget them with it', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const client = await startClient();
  const starred = (slices: ReturnType<typeof client.slices>) =>
    Object.values(slices.settings.values.favourites).flat();
  await expect(
    client.call('service.star', { service: 'api.demo.bnn', isFavourite: true }),
  ).rejects.toMatchObject({ code: 'device/not-registered' });
  await client.register(await edge.edge.createInvite());
  for (const service of ['api.demo.bnn', 'echo.demo.bnn', 'api.demo.bnn']) {
    await client.call('service.star', { service, isFavourite: true });
  }
  await client.call('service.star', { service: 'echo.demo.bnn', isFavourite: false });
  expect(starred(client.slices())).toEqual(['api.demo.bnn']);
  const again = await client.restart();
  onTestFinished(() => again.stop());
  expect(starred(again.slices())).toEqual(['api.demo.bnn']);
  await again.call('device.unregister', {});
  expect(starred(again.slices())).toEqual([]);
});

it('tell a proxy that cannot be used once, however often it is looked at, and again after it was put right', async () => {
  const told: string[] = [];
  const client = await startClient({
    ports: {
      notifier: { show: ({ title }) => void told.push(title) },
      environment: { https_proxy: 'socks9://proxy.example' },
    },
  });
  onTestFinished(() => client.stop());
  const look = () => client.call('settings.change', { proxy: { kind: 'system' } });
  await look();
  await look();
  expect(told).toEqual(['The proxy setting cannot be used']);
  await client.call('settings.change', { proxy: { kind: 'none' } });
  await look();
  expect(told).toHaveLength(2);
});
