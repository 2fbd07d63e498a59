// A real RDP client, started with the .rdp file that the app has written, shows what a real RDP server draws.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { publishTyped } from '../support/collection.ts';
import { startDisplay } from '../support/display.ts';
import { findProgram, freePort, missing } from '../support/foreign-servers.ts';
import { startRemoteDesktop } from '../support/remote-desktop.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { join } from '../support/two-organisations.ts';
import { until } from '../support/until.ts';

const id = 'desktop.demo.bnn';

/** Its .rdp file; connected. */
async function connected(target: number): Promise<{ file: string; port: number }> {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const tags = {
    service_app_type: 'RDP',
    banyanproxy_mode: 'TCP',
    app_listen_port: String(await freePort()),
    rdp_settings: ['desktopwidth:i:640', 'desktopheight:i:480', 'audiomode:i:2'],
  };
  await publishTyped(edge, 'desktop', tags, { target: { name: '127.0.0.1', port: target } });
  const home = tempDir();
  const programs = { personFolder: home, banyanproxy: null, downloads: () => home };
  const client = await startClient({ ports: { programs } });
  onTestFinished(() => client.stop());
  await join(client, edge);
  await client.call('tunnel.open', { service: id });
  const { file } = await client.call('program.saveRdp', { service: id });
  return { file, port: Number(tags.app_listen_port) };
}

function startXfreerdp(args: readonly string[], display: string) {
  const child = spawn(findProgram('xfreerdp') ?? 'xfreerdp', args, {
    env: { PATH: process.env['PATH'], HOME: tempDir(), DISPLAY: display },
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { said: () => said };
}

it('shows a remote desktop through the local port', async (context) => {
  const reason = missing('xfreerdp', 'xrdp', 'Xvfb', 'openssl');
  if (reason) context.skip(reason);
  const desktop = await startRemoteDesktop();
  const { file, port } = await connected(desktop.port);
  const pixels = tempDir();
  const display = await startDisplay(pixels);
  const client = startXfreerdp([file, '/sec:tls', '/cert:ignore'], display);

  // As the client paints a pixel: blue, green, red, opaque; a row of them is no accident.
  const pixel = Buffer.from([...desktop.colour.toReversed(), 0xff]);
  const row = Buffer.concat(Array.from({ length: 100 }, () => pixel));
  await until(() => {
    const shown = readFileSync(path.join(pixels, 'Xvfb_screen0')).includes(row);
    return Promise.resolve(shown);
  }).catch((error: unknown) => {
    throw new Error(`${client.said()}\n${desktop.log()}`, { cause: error });
  });
  expect(readFileSync(file, 'utf8')).toContain(`full address:s:127.0.0.1:${port}\r\n`);
  expect(desktop.log()).toContain('TLS connection established');
});
