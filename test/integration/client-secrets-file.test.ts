// A device without a keychain: its secrets in a file, from registration through restarts to the end.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

const PASSPHRASE = 'correct horse battery';
let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

async function registered() {
  const client = await startClient();
  onTestFinished(() => client.stop());
  await client.register(await edge.edge.createInvite(), 'file', PASSPHRASE);
  return client;
}

it('is registered, signed in, and back after a restart once the passphrase is given', async () => {
  const client = await registered();
  expect(client.slices().device).toMatchObject({ status: 'registered', secrets: 'file' });
  await client.signIn();
  const again = await client.restart();
  onTestFinished(() => again.stop());
  expect(again.slices().device).toMatchObject({
    status: 'unregistered',
    because: { code: 'device/passphrase-needed' },
  });
  // Locked, so nothing of the session is to be had.
  expect(existsSync(path.join(again.home, 'login-key.pem'))).toBe(false);

  const before = readFileSync(path.join(again.home, 'secrets.bin'));
  await expect(
    again.call('device.unlock', { passphrase: 'correct horse batterx' }),
  ).rejects.toMatchObject({ code: 'device/passphrase-wrong' });
  expect(readFileSync(path.join(again.home, 'secrets.bin'))).toEqual(before);
  expect(again.slices().device).toMatchObject({ because: { code: 'device/passphrase-needed' } });

  expect(await again.call('device.unlock', { passphrase: PASSPHRASE })).toMatchObject({
    status: 'registered',
  });
  await again.until(({ session }) => session.status === 'signed-in');
  expect(existsSync(path.join(again.home, 'login-key.pem'))).toBe(true);
});

it('uses up no invite without a passphrase, or with one that is too short', async () => {
  const client = await startClient();
  onTestFinished(() => client.stop());
  const invite = await edge.edge.createInvite();
  await expect(client.register(invite, 'file')).rejects.toMatchObject({
    code: 'device/passphrase-needed',
  });
  await expect(client.register(invite, 'file', 'short')).rejects.toMatchObject({
    code: 'usage/invalid-input',
  });
  expect(existsSync(path.join(client.home, 'secrets.bin'))).toBe(false);
  await client.register(invite, 'file', PASSPHRASE);
});

it('leaves no file behind a registration that failed, or that was given up', async () => {
  const client = await registered();
  await client.call('device.unregister', {});
  const secrets = path.join(client.home, 'secrets.bin');
  expect(existsSync(secrets)).toBe(false);
  const spent = await edge.edge.createInvite(-1);
  await expect(client.register(spent, 'file', PASSPHRASE)).rejects.toMatchObject({
    code: 'device/invite-refused',
  });
  expect(existsSync(secrets)).toBe(false);
});
