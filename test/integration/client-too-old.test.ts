// An organisation that asks for a newer app after this device was registered, against a real edge.
import { expect, it, onTestFinished } from 'vitest';
import { trayFace } from '../../src/main/desktop/tray-items.ts';
import { tooOldRows } from '../../src/cli/commands/status.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

const message = 'Demo needs version 9.0.0 of this app or a newer one; this is 0.1.0.';

it('is told in so many words, keeps what is connected, and refuses a sign-in until it asks for less', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const { document } = edge.edge;
  const client = await startClient();
  onTestFinished(() => client.stop());
  await client.register(edge.invite);
  await client.signIn();
  await client.call('tunnel.open', { service: 'echo.demo.bnn' });

  document.minimum_app_version = '9.0.0';
  // Asked while the person extends the session; the answer counts from the next one on.
  await client.call('session.signIn', { openBrowser: true });
  const { device } = await client.until(({ device }) => 'tooOld' in device);
  expect(device).toMatchObject({ tooOld: { code: 'organisation/app-too-old', message } });
  expect(client.slices().tunnels.states['echo.demo.bnn']).toMatchObject({ status: 'open' });
  expect(trayFace(client.client.snapshot(), Date.now()).items[0]).toMatchObject({
    label: expect.stringContaining('This app is too old'),
  });

  expect(tooOldRows(device)).toEqual([
    ['Too old', expect.stringMatching(/^Demo needs version 9\.0\.0 .* Install the newest version/)],
  ]);

  // It is known at the next start, before anybody is asked.
  await client.call('session.signOut', {});
  const again = await client.restart();
  onTestFinished(() => again.stop());
  expect(again.slices().device).toMatchObject({ tooOld: { message } });
  await expect(again.call('session.signIn', { openBrowser: true })).rejects.toMatchObject({
    code: 'organisation/app-too-old',
    message,
  });
  expect(again.slices().session).toEqual({ status: 'signed-out' });

  document.minimum_app_version = '0.1.0';
  await again.signIn();
  expect(again.slices().device).not.toHaveProperty('tooOld');
  expect(again.slices().catalog.status).toBe('current');
}, 60_000);

it('is told the same of an organisation that describes itself in a newer way', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const client = await startClient();
  onTestFinished(() => client.stop());
  await client.register(edge.invite);
  Object.assign(edge.edge.document, { version: 2 });
  await expect(client.call('session.signIn', { openBrowser: true })).resolves.toBeDefined();
  const { device } = await client.until(({ device }) => 'tooOld' in device);
  expect(device).toMatchObject({
    tooOld: {
      code: 'organisation/app-too-old',
      message: expect.stringContaining('in a newer way than this app can read'),
    },
  });
}, 60_000);
