// What an edge remembers when it is started again on its folder, and how it starts and stops.
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { refreshTokenGrant } from 'openid-client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { aSigningRequest } from '../support/certificates.ts';
import { codeOf, enrol, openIdOf, registerDevice, signIn } from '../support/scripted-device.ts';
import { startEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';
import type { InviteRecord } from '../../src/edge/store/store.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'banyan-restart-'));
});
afterAll(() => rm(data, { recursive: true }));

test('a device and its sign-in outlive a restart', async () => {
  const first = await startEdge({ data });
  const device = await registerDevice(first);
  const { tokens } = await signIn(first, device);
  await first.stop();

  const second = await startEdge({ data });
  expect(second.edge.rootFingerprint).toBe(first.edge.rootFingerprint);
  const openId = await openIdOf(second, device.id, device.identity);
  const renewed = await refreshTokenGrant(openId.config, tokens.refresh_token!);
  expect(renewed.claims()?.sub).toBe('u-dana');
  await second.stop();
});

test('an invite whose claim was never settled, since the edge was killed, is good again', async () => {
  const first = await startEdge({ data });
  const code = codeOf(await first.edge.createInvite());
  await first.stop();
  const path = join(data, 'state.json');
  const state = JSON.parse(await readFile(path, 'utf8')) as {
    collections: { invites: Record<string, InviteRecord> };
  };
  for (const invite of Object.values(state.collections.invites)) {
    if (invite.uses.made === 0) invite.claims = { dead: Date.now() / 1000 + 2 };
  }
  await writeFile(path, JSON.stringify(state));

  const second = await startEdge({ data });
  const { request } = await aSigningRequest();
  expect((await enrol(second, { code, request })).status).toBe(401);
  await until(async () => (await enrol(second, { code, request })).status === 200);
  expect((await enrol(second, { code, request })).status).toBe(401);
  await second.stop();
});

test('what a killed edge had half written is removed, and nothing else', async () => {
  const leftovers = ['state.json.0123456789ab.tmp', 'authority/trust-key.pem.ba9876543210.tmp'];
  const theirs = 'notes.tmp';
  for (const name of [...leftovers, theirs])
    await writeFile(join(data, name), 'x', { mode: 0o600 });
  await (await startEdge({ data })).stop();
  const names = await readdir(data, { recursive: true });
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([theirs]);
});

test('a folder whose issuer.json is gone, or another one, is refused, and the right one is taken again', async () => {
  const issuer = join(data, 'issuer.json');
  const own = await readFile(issuer, 'utf8');
  await rm(issuer);
  const refused = { code: 'edge/authority-differs' };
  await expect(startEdge({ data })).rejects.toMatchObject(refused);
  await expect(stat(issuer)).rejects.toThrow('ENOENT');
  const other = await startEdge();
  await other.edge.stop();
  await writeFile(issuer, await readFile(join(other.data, 'issuer.json'), 'utf8'), { mode: 0o600 });
  await other.stop();
  await expect(startEdge({ data })).rejects.toMatchObject(refused);
  await writeFile(issuer, own);
  await (await startEdge({ data })).stop();
});

test('a store from before the key of the issuer was noted takes the one that is there', async () => {
  const path = join(data, 'state.json');
  const settings = async () => {
    const state = JSON.parse(await readFile(path, 'utf8')) as {
      collections: { settings: Record<string, Record<string, string>> };
    };
    return { state, organisation: state.collections.settings['organisation']! };
  };
  const { state, organisation } = await settings();
  const { issuerFingerprint, ...before } = organisation;
  expect(issuerFingerprint).toMatch(/^[\w-]{43}$/);
  state.collections.settings['organisation'] = before;
  await writeFile(path, JSON.stringify(state));
  await (await startEdge({ data })).stop();
  expect((await settings()).organisation).toEqual(organisation);
});

test("the root's key is kept nowhere", async () => {
  const rootKey = new X509Certificate(await readFile(join(data, 'authority/root-cert.pem')))
    .publicKey;
  const names = await readdir(data, { recursive: true });
  const keys = names.filter((name) => name.endsWith('-key.pem'));
  // Of the authority's two certificates, of the issuer, and of the SSH authority.
  expect(keys).toHaveLength(4);
  for (const name of keys) {
    const key = createPublicKey(await readFile(join(data, name)));
    // Keys of two kinds cannot be compared.
    const isRoot = key.asymmetricKeyType === rootKey.asymmetricKeyType && key.equals(rootKey);
    expect(`${name} ${isRoot}`).toBe(`${name} false`);
  }
});

test('keys and state are readable by their owner only', async () => {
  for (const name of await readdir(data, { recursive: true })) {
    const info = await stat(join(data, name));
    expect(`${name} ${(info.mode & 0o077).toString(8)}`).toBe(`${name} 0`);
  }
});

test('a port that is taken fails the start with the reason and leaves nothing listening', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  await expect(startEdge({ data, accessTierPort: port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  holder.close();
  const again = await startEdge({ data, accessTierPort: port });
  expect(again.edge.accessTierPort).toBe(port);
  await again.stop();
});

test('stopping does not wait for who never shakes hands', async () => {
  const edge = await startEdge({ data });
  const idle = connect(edge.edge.accessTierPort, '127.0.0.1');
  await once(idle, 'connect');
  const started = Date.now();
  await edge.stop();
  expect(Date.now() - started).toBeLessThan(2_000);
  idle.destroy();
});

/** Once the server has the connection, and nothing more. */
async function dialled(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  return socket;
}

test.each([0, 1_000])(
  'stopping after a sign-in (drain %d ms) does not wait for what browser and app hold open',
  async (drainMs) => {
    const edge = await startEdge({ data });
    const device = await registerDevice(edge);
    const { trustToken } = await signIn(edge, device);
    const { issuer, command_center } = edge.edge.document;
    const [open = 0, mutual = 0, browser = 0] = [issuer, command_center, edge.browserOrigin].map(
      (url) => Number(new URL(url).port),
    );
    // A browser keeps the connection that it had a page from, and opens others before it has anything to ask.
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const asked = get(`${edge.browserOrigin}/device`, { agent });
    const [page] = (await once(asked, 'response')) as [IncomingMessage];
    await once(page.resume(), 'end');
    for (const port of [open, mutual, browser]) await dialled(port);
    // An app that shakes hands just then, and asks for events that nobody will send any more.
    const late = await dialled(mutual);
    await wait(50);
    const begun = performance.now();
    const stopped = edge.stop(drainMs);
    await wait(100);
    const app = connectTls({
      socket: late,
      servername: new URL(command_center).hostname,
      ca: edge.edge.root,
      ...device.identity,
    }).on('error', () => {});
    app.once('secureConnect', () => {
      app.write(
        `GET ${new URL(command_center).pathname}/events HTTP/1.1\r\nHost: ${new URL(command_center).host}\r\n` +
          `Authorization: Bearer ${trustToken}\r\n\r\n`,
      );
    });
    await stopped;
    expect(performance.now() - begun).toBeLessThan(3_000);
  },
);
