// The person's catalogue and its events over real sockets.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { catalogDocument, decodeService } from '../../src/shared/protocol/catalog.ts';
import { openEvents } from '../support/event-stream.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
let dana: SignedIn;
beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
});
afterAll(() => edge.stop());

const fetchCatalog = (person: SignedIn, headers: Record<string, string> = {}) =>
  person.device.call(`${edge.edge.document.command_center}/services`, {
    headers: { authorization: `Bearer ${person.trustToken}`, ...headers },
  });

const entries = async (person: SignedIn) => {
  const { services } = catalogDocument.parse(JSON.parse((await fetchCatalog(person)).body));
  return services.map((entry) => {
    const decoded = decodeService(entry);
    if ('problem' in decoded) throw new Error(decoded.problem);
    return decoded.service;
  });
};

test('lists what Dana may use, what is closed for now with the reason, and nothing else', async () => {
  const services = await entries(dana);
  expect(services.map(({ name, access }) => `${name} ${access.status}`)).toEqual([
    'api allowed',
    'echo allowed',
    'lab allowed',
    'reports allowed',
    'vault denied',
    'wiki allowed',
  ]);
  const [, , lab, reports, vault] = services;
  expect(lab).toMatchObject({
    mode: 'CHAIN',
    domain: 'lab.demo.localhost',
    accessTier: { host: 'lab.demo.localhost', port: edge.edge.accessTierPort },
    assignedPort: null,
  });
  expect(lab?.allowedTargets[0]?.hostnames).toEqual(['alpha.lab.internal']);
  expect(reports).toMatchObject({ assignedPort: 18082, allowUserOverride: false });
  expect(vault?.access).toEqual({
    status: 'denied',
    code: 'trust_level',
    reason: expect.stringContaining('has to be at trust level High.') as string,
  });
});

test('a service whose roles fit the person on other devices only is listed, and no other role makes one so', async () => {
  const ask = callsTo(edge.data);
  const by = 'test';
  const role = (name: string, spec: object) =>
    ask('document.put', {
      kind: 'role',
      text: JSON.stringify({ kind: 'BanyanRole', metadata: { name }, spec }),
      file: `${name}.json`,
      onlyNew: false,
      by,
    });
  await role('Engineers-on-Mac', { email: ['dana@demo.example'], platform: ['macOS'] });
  await role('Finance-on-Mac', { group: ['Finance'], platform: ['macOS'] });
  const attach = (policy: string) =>
    ask('attachment.put', { service: 'api', policy, enforcing: true, by });
  for (const name of ['Engineers-on-Mac', 'Finance-on-Mac']) {
    const spec = { access: [{ roles: [name] }] };
    const text = JSON.stringify({ kind: 'BanyanPolicy', metadata: { name }, spec });
    await ask('document.put', { kind: 'policy', text, file: 'p.json', onlyNew: false, by });
  }
  const api = async () => (await entries(dana)).find(({ name }) => name === 'api')?.access;
  await attach('Engineers-on-Mac');
  expect(await api()).toEqual({
    status: 'denied',
    code: 'device',
    reason: 'You may use this service, but not from this device.',
  });
  await attach('Finance-on-Mac');
  expect(await api()).toBeUndefined();
  await attach('engineers');
  expect(await api()).toEqual({ status: 'allowed' });
});

test('an unchanged catalogue is not sent again', async () => {
  const { headers } = await fetchCatalog(dana);
  const again = await fetchCatalog(dana, { 'if-none-match': String(headers['etag']) });
  expect(again).toMatchObject({ status: 304, body: '' });
});

test.each([
  ['no token', ''],
  ['a token that is none', 'Bearer aaaa.bbbb.cccc'],
])('%s gets 401', async (_, authorization) => {
  const answer = await dana.device.call(`${edge.edge.document.command_center}/services`, {
    headers: authorization ? { authorization } : {},
  });
  expect(answer.status).toBe(401);
});

test("another device's token gets 401", async () => {
  const other = await registerDevice(edge);
  const answer = await other.call(`${edge.edge.document.command_center}/services`, {
    headers: { authorization: `Bearer ${dana.trustToken}` },
  });
  expect(answer.status).toBe(401);
});

test('a change is announced to those whose catalogue it changes', async () => {
  const events = await openEvents(edge, dana);
  await edge.edge.setServiceEnabled('payroll.demo.bnn', false);
  expect(events.seen).toEqual([]);
  await edge.edge.setServiceEnabled('api.demo.bnn', false);
  await events.next('catalog.changed');
  expect((await entries(dana)).map(({ name }) => name)).not.toContain('api');
  await edge.edge.setServiceEnabled('api.demo.bnn', true);
  await events.next('catalog.changed');
  events.close();
});

test('ending the session and revoking the device are told, then the stream ends', async () => {
  const person = await signIn(edge, await registerDevice(edge));
  const first = await openEvents(edge, person);
  await edge.edge.endSessions(person.device.id, 'Your administrator ended it.');
  expect(await first.next('session.ended')).toEqual({ reason: 'Your administrator ended it.' });
  await first.ended;
  expect((await fetchCatalog(person)).status).toBe(401);

  const again = await signIn(edge, person.device);
  const second = await openEvents(edge, again);
  await edge.edge.revokeDevice(person.device.id, 'Lost.');
  expect(await second.next('device.revoked')).toEqual({ reason: 'Lost.' });
  await second.ended;
  expect((await fetchCatalog(again)).status).toBe(403);
});

test('an event stream ends with the token it was opened with', async () => {
  const short = await startEdge({ lifetimes: { trustToken: 2 } });
  try {
    const person = await signIn(short, await registerDevice(short));
    const events = await openEvents(short, person);
    await events.ended;
    await expect(openEvents(short, person)).rejects.toThrow('401');
  } finally {
    await short.stop();
  }
});
