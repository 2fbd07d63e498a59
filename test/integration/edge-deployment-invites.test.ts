// Deployment invites: one link for many devices, counted, bounded, taken back, and every use of it written down.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { parseInvite } from '../../src/shared/protocol/invite.ts';
import { aSigningRequest } from '../support/certificates.ts';
import { codeOf, enrol, registerDevice } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const DAY = 24 * 3600;
async function aDeployment(uses: number, lifetimeSeconds = DAY) {
  const made = await edge.edge.createDeploymentInvite({ name: 'Laptops', uses, lifetimeSeconds });
  return { ...made, code: codeOf(made.invite) };
}
const use = async (code: string): Promise<number> =>
  (await enrol(edge, { code, request: (await aSigningRequest()).request })).status;
const listed = async (id: string) => (await edge.edge.invites()).find((each) => each.id === id);

async function audited(data: string, invite: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(data, 'audit.jsonl'), 'utf8');
  const lines = text.trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((entry) => entry['invite'] === invite);
}

test('a deployment invite is a link as any other, good for as many devices as it says', async () => {
  const { id, invite, code } = await aDeployment(3);
  expect(parseInvite(invite).rootFingerprint).toBe(edge.edge.rootFingerprint);
  const before = (await edge.edge.devices()).length;
  for (let made = 1; made <= 3; made += 1) {
    expect(await use(code)).toBe(200);
    expect(await listed(id)).toMatchObject({ used: made, uses: 3 });
  }
  expect(await listed(id)).toMatchObject({ name: 'Laptops', state: 'used-up' });
  expect(await use(code)).toBe(401);
  const devices = (await edge.edge.devices()).slice(before);
  expect(new Set(devices.map((device) => device.id)).size).toBe(3);
});

test('of many devices at once at the limit, exactly as many as are left get a certificate', async () => {
  const { id, code } = await aDeployment(2);
  expect(await use(code)).toBe(200);
  const answers = await Promise.all(Array.from({ length: 6 }, () => use(code)));
  expect(answers.toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401, 401, 401]);
  expect(await listed(id)).toMatchObject({ used: 2, state: 'used-up' });
});

test('a request that cannot be used costs no use', async () => {
  const { id, code } = await aDeployment(1);
  expect((await enrol(edge, { code, request: 'bm90IGEgcmVxdWVzdA==' })).status).toBe(400);
  expect(await listed(id)).toMatchObject({ used: 0, state: 'open' });
  expect(await use(code)).toBe(200);
});

test('one that was taken back registers nobody, and what it has registered stays', async () => {
  const { id, code } = await aDeployment(10);
  expect(await use(code)).toBe(200);
  expect(await edge.edge.revokeInvite(id)).toBe(true);
  expect(await use(code)).toBe(401);
  expect(await listed(id)).toMatchObject({ state: 'revoked', used: 1 });
  expect((await edge.edge.devices()).at(-1)).not.toHaveProperty('revoked');
  expect(await edge.edge.revokeInvite('no-such-invite')).toBe(false);
});

test('one whose time is over registers nobody', async () => {
  const { id, code } = await aDeployment(10, 1);
  await until(async () => ((await listed(id))?.state === 'expired' ? true : undefined));
  expect(await use(code)).toBe(401);
});

test.each([
  { name: '', uses: 1, lifetimeSeconds: 1 },
  { name: 'a', uses: 0, lifetimeSeconds: 1 },
  { name: 'a', uses: 1.5, lifetimeSeconds: 1 },
  { name: 'a', uses: 1e9, lifetimeSeconds: 1 },
  { name: 'a', uses: 1, lifetimeSeconds: 0 },
  { name: 'a', uses: 1, lifetimeSeconds: 10 * 366 * DAY },
])('%j is no deployment', async (wish) => {
  await expect(edge.edge.createDeploymentInvite(wish)).rejects.toThrow('A deployment invite has');
});

test('is listed without its code, and an invite for one person is not', async () => {
  const { id, code } = await aDeployment(1);
  const before = (await edge.edge.invites()).length;
  await registerDevice(edge);
  const all = await edge.edge.invites();
  expect(all).toHaveLength(before);
  expect(all.map((each) => each.id)).toContain(id);
  expect(JSON.stringify(all)).not.toContain(code);
});

test('each use and each refusal is in the audit, by id, never by code', async () => {
  const own = await startEdge();
  onTestFinished(() => own.stop());
  const { id, invite } = await own.edge.createDeploymentInvite({
    name: 'Audited',
    uses: 1,
    lifetimeSeconds: DAY,
  });
  const { request } = await aSigningRequest();
  const code = codeOf(invite);
  await enrol(own, { code, request });
  await enrol(own, { code, request });
  await own.edge.revokeInvite(id);
  await enrol(own, { code, request });
  const [device] = await own.edge.devices();
  const entries = await until(async () => {
    const found = await audited(own.data, id);
    return found.length === 3 ? found : undefined;
  });
  expect(entries).toMatchObject([
    { event: 'registration', allowed: true, device: device!.id, from: '127.0.0.1' },
    { event: 'registration', allowed: false, code: 'invite_used_up' },
    { event: 'registration', allowed: false, code: 'invite_revoked' },
  ]);
  expect(JSON.stringify(entries)).not.toContain(code);
});

test('computers that try a used-up one again and again do not slow down the others', async () => {
  const { code } = await aDeployment(1);
  await use(code);
  for (let tries = 0; tries < 30; tries += 1) expect(await use(code)).toBe(401);
  const startedAt = performance.now();
  await registerDevice(edge);
  expect(performance.now() - startedAt).toBeLessThan(900);
});

test('uses are counted on by a restarted edge', async () => {
  const first = await startEdge();
  const { id, invite } = await first.edge.createDeploymentInvite({
    name: 'Restarted',
    uses: 2,
    lifetimeSeconds: DAY,
  });
  const { request } = await aSigningRequest();
  expect((await enrol(first, { code: codeOf(invite), request })).status).toBe(200);
  await first.edge.stop(0);
  const second = await startEdge({ data: first.data });
  onTestFinished(async () => {
    await second.stop();
    await first.stop();
  });
  expect(await second.edge.invites()).toContainEqual(
    expect.objectContaining({ id, used: 1, state: 'open' }),
  );
  expect((await enrol(second, { code: codeOf(invite), request })).status).toBe(200);
  expect((await enrol(second, { code: codeOf(invite), request })).status).toBe(401);
});
