// Posture at the edge: what a report is worth, who is told, and what a change does to connections that run.
import { once } from 'node:events';
import { connect } from 'node:tls';
import { beforeAll, afterAll, expect, test } from 'vitest';
import type { PostureReport } from '../../src/shared/model/posture.ts';
import { openEvents } from '../support/event-stream.ts';
import { call } from '../support/https.ts';
import { sendReport } from '../support/posture.ts';
import {
  registerDevice,
  type ScriptedDevice,
  signIn,
  type SignedIn,
} from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
let dana: SignedIn;
beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
});
afterAll(() => edge.stop());

const report = async (
  device: ScriptedDevice,
  change: Partial<PostureReport> = {},
): Promise<unknown> => {
  const { status, body } = await sendReport(edge, device, change);
  expect(status).toBe(200);
  return JSON.parse(body);
};
const vaultOf = async (person: SignedIn): Promise<unknown> => {
  const { body } = await person.device.call(`${edge.edge.document.command_center}/services`, {
    headers: { authorization: `Bearer ${person.trustToken}` },
  });
  const { services } = JSON.parse(body) as { services: { name: string; access: unknown }[] };
  return services.find(({ name }) => name === 'vault')?.access;
};

async function openVault() {
  const socket = connect({
    host: '127.0.0.1',
    port: edge.edge.accessTierPort,
    servername: 'vault.demo.localhost',
    ca: edge.edge.root,
    ...dana.trust,
  });
  socket.on('error', () => {});
  const get = async (): Promise<string> => {
    socket.write('GET / HTTP/1.1\r\nhost: vault\r\n\r\n');
    return String((await once(socket, 'data'))[0]);
  };
  expect(await get()).toContain('200 OK');
  return socket;
}

test('is answered with the level and the names of what failed, never with the rule', async () => {
  expect(
    await report(dana.device, { FirewallEnabled: 'false', ScreenLockEnabled: 'unknown' }),
  ).toEqual({
    version: 1,
    trust_level: 'Medium',
    failed: ['FirewallEnabled'],
    unknown: ['ScreenLockEnabled'],
    applications: [],
  });
});

test('that becomes good opens a service, and tells the device', async () => {
  await report(dana.device, { FirewallEnabled: 'false' });
  const events = await openEvents(edge, dana);
  expect(await vaultOf(dana)).toMatchObject({ status: 'denied', code: 'trust_level' });
  expect(await report(dana.device)).toMatchObject({ trust_level: 'High', failed: [] });
  await events.next('catalog.changed');
  expect(await vaultOf(dana)).toEqual({ status: 'allowed' });
  await report(dana.device);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(events.seen).toEqual(['catalog.changed']);
  events.close();
});

test('that becomes bad ends a running connection within two seconds, and closes the service', async () => {
  await report(dana.device);
  const socket = await openVault();
  const before = performance.now();
  await report(dana.device, { DiskEncryptionEnabled: 'false' });
  await once(socket, 'close');
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(await vaultOf(dana)).toMatchObject({ status: 'denied', code: 'trust_level' });
});

test("is held down by an administrator's cap, at once and with the reason, until it is lifted", async () => {
  await report(dana.device);
  const socket = await openVault();
  await edge.edge.capTrustLevel(dana.device.id, 'Low', 'Seen in two countries.');
  await once(socket, 'close');
  expect(await report(dana.device)).toMatchObject({
    trust_level: 'Low',
    failed: [],
    cap_reason: 'Seen in two countries.',
  });
  await edge.edge.capTrustLevel(dana.device.id, null, '');
  expect(await vaultOf(dana)).toEqual({ status: 'allowed' });
});

test('that grows old closes a running connection when it is judged again', async () => {
  const short = await startEdge({
    lifetimes: { judgement: 1 },
    posture: { staleAfterSeconds: 3 },
  });
  try {
    const person = await signIn(short, await registerDevice(short));
    await sendReport(short, person.device);
    const socket = connect({
      host: '127.0.0.1',
      port: short.edge.accessTierPort,
      servername: 'vault.demo.localhost',
      ca: short.edge.root,
      ...person.trust,
    });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    const before = performance.now();
    await once(socket, 'close');
    expect(performance.now() - before).toBeGreaterThan(500);
  } finally {
    await short.stop();
  }
});

test.each([
  ['no JSON', '{'],
  ['a factor of no known value', '{"version":1,"factors":{"FirewallEnabled":"maybe"}}'],
  ['another version', '{"version":2}'],
])('%s gets 400 and changes nothing', async (_, body) => {
  await report(dana.device);
  expect((await sendReport(edge, dana.device, {}, body)).status).toBe(400);
  expect(await vaultOf(dana)).toEqual({ status: 'allowed' });
});

test('needs the certificate of a device that is accepted', async () => {
  const url = `${edge.edge.document.command_center}/device/posture`;
  const anonymous = await call(url, { root: edge.edge.root, method: 'PUT', body: '{}' });
  expect(anonymous.status).toBe(401);
  const other = await registerDevice(edge);
  await edge.edge.revokeDevice(other.id, 'Lost.');
  expect((await sendReport(edge, other)).status).toBe(403);
});

test('may name programs to look for, whose absence counts', async () => {
  const asking = await startEdge({
    posture: { effects: { OrgPreferredAppsRunning: 'Low' }, applications: ['Falcon'] },
  });
  try {
    const device = await registerDevice(asking);
    const answer = async (applications: Record<string, boolean>): Promise<unknown> =>
      JSON.parse((await sendReport(asking, device, { applications })).body);
    expect(await answer({})).toMatchObject({ trust_level: 'Medium', applications: ['Falcon'] });
    expect(await answer({ Falcon: false })).toMatchObject({
      trust_level: 'Low',
      failed: ['OrgPreferredAppsRunning'],
    });
    expect(await answer({ Falcon: true })).toMatchObject({ trust_level: 'High' });
  } finally {
    await asking.stop();
  }
});
