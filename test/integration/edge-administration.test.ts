// What an administrator asks of a running edge: documents with versions and places of mistakes, people and devices whose
// access ends at once, settings, and the audit of all that.
import { appendFileSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { connect as connectSocket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { signInWithoutBrowser } from '../../scripts/lib/approve-sign-in.mjs';
import { type Call, callsTo } from '../../src/edge/administration/control-client.ts';
import { controlSocketOf } from '../../src/edge/administration/data-lock.ts';
import type { AuditLine } from '../../src/edge/audit/audit.ts';
import type { DocumentError } from '../../src/edge/administration/document-error.ts';
import { demoServiceId } from '../../src/edge/demo/documents.ts';
import { openEvents } from '../support/event-stream.ts';
import { createTestPki } from '../support/pki.ts';
import {
  exchange,
  openIdOf,
  registerDevice,
  type ScriptedDevice,
  signIn,
  type SignedIn,
  enrol,
  codeOf,
} from '../support/scripted-device.ts';
import { aSigningRequest } from '../support/certificates.ts';
import { call as request, fetchUnder, type Identity } from '../support/https.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';
import { signInOn, webBrowser } from '../support/web-browser.ts';
import { startWebBench } from '../support/web-service.ts';

const by = 'test';
const reason = 'Because.';
const DANA = 'dana@demo.example';
const ECHO = demoServiceId('echo');

let edge: TestEdge;
let ask: Call;
beforeAll(async () => {
  edge = await startEdge();
  ask = callsTo(edge.data);
});
afterAll(() => edge.stop());

const newPerson = async (): Promise<SignedIn> => signIn(edge, await registerDevice(edge));

/** A connection through the Access Tier that echoes. */
async function openEcho({ trust }: { trust: Identity }): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: edge.edge.accessTierPort,
    servername: 'echo.demo.localhost',
    ca: edge.edge.root,
    ...trust,
  });
  socket.on('error', () => {});
  return socket;
}
async function echoes(socket: TLSSocket): Promise<boolean> {
  const answer = Promise.race([
    once(socket, 'data').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.write('x');
  return answer;
}
const endsSoon = (socket: TLSSocket): Promise<unknown> => {
  socket.resume();
  return Promise.race([
    socket.destroyed || once(socket, 'close'),
    new Promise((_, reject) => setTimeout(() => reject(new Error('still open')), 1_000)),
  ]);
};

const putText = (kind: 'service' | 'role' | 'policy', text: string) =>
  ask('document.put', { kind, text, file: 'file.json', by });
const put = (kind: 'service' | 'role' | 'policy', document: object) =>
  putText(kind, JSON.stringify(document, null, 2));
const service = (name: string, backend: object, tags: object = {}) => ({
  kind: 'BanyanService',
  apiVersion: 'rbac.banyanops.com/v1',
  type: 'origin',
  metadata: {
    name,
    cluster: 'demo',
    tags: { domain: `${name}.demo.localhost`, service_app_type: 'GENERIC', ...tags },
  },
  spec: { backend },
});
const role = (name: string, spec: object) => ({ kind: 'BanyanRole', metadata: { name }, spec });
const policy = (name: string, ...roles: string[]) => ({
  kind: 'BanyanPolicy',
  metadata: { name },
  spec: { access: [{ roles }] },
});

describe('documents', () => {
  test('are inserted, overwritten and counted; what this edge does not know is kept', async () => {
    const document = { ...service('counted', { http_connect: true }), x_note: { kept: [1, null] } };
    expect(await put('service', document)).toMatchObject({
      version: 1,
      created: true,
      changedBy: by,
    });
    // The same again is no change.
    expect(await put('service', document)).toMatchObject({ version: 1, created: false });
    document.x_note.kept.push(2);
    expect(await put('service', document)).toMatchObject({ version: 2, created: false });
    const shown = await ask('document.show', { kind: 'service', id: 'counted' });
    expect(shown.definition).toEqual(document);
  });

  test('that are stored though they hardly do what was meant say so', async () => {
    const backend = {
      http_connect: true,
      dns_overrides: { 'a.lab': '10.0.0.1' },
      allow_patterns: [{ hostnames: ['a.lab'], cidrs: ['10.1.0.0/16'] }],
    };
    const [warning] = (await put('service', service('hardly', backend))).warnings ?? [];
    expect(warning).toContain('allow_patterns[0] lets nothing through');
    expect(await put('service', service('hardly', { http_connect: true }))).not.toHaveProperty(
      'warnings',
    );
  });

  test('with fields that nobody reads say so, and those that look misspelt are refused', async () => {
    const policyWith = (conditions: object) => {
      const spec = {
        access: [{ roles: [], rules: { conditions } }],
        exception: { src_addr: ['::/0'] },
      };
      return { kind: 'BanyanPolicy', metadata: { name: 'Slip', tags: { by: 'us' } }, spec };
    };
    await expect(put('policy', policyWith({ trust_levl: 'High' }))).rejects.toMatchObject({
      problems: [
        {
          path: 'spec.access[0].rules.conditions.trust_levl',
          line: 15,
          reason: 'is not read here: did you mean "trust_level"?',
        },
      ],
    });
    expect((await put('policy', policyWith({ trust_level: 'High' }))).warnings).toEqual([
      'spec.exception is not read here.',
    ]);
    await expect(put('role', role('Slip', { groups: ['Ops'] }))).rejects.toMatchObject({
      problems: [{ path: 'spec.groups', reason: expect.stringContaining('"group"') as string }],
    });
    expect((await put('role', role('Slip', { mdm_present: false }))).warnings).toEqual([
      'It has no condition: everybody is of this role.',
    ]);
    expect(await put('role', role('Slip', { mdm_present: true }))).not.toHaveProperty('warnings');
    const backend = { http_connect: true };
    await expect(
      put('service', service('slip', { ...backend, whitelsit: ['a.lab'] })),
    ).rejects.toMatchObject({ problems: [{ path: 'spec.backend.whitelsit' }] });
    const odd = service('slip', backend, { icon: 'tree' });
    expect(await put('service', odd)).not.toHaveProperty('warnings');
    const slip = { ...odd, metadata: { ...odd.metadata, autoron: true } };
    expect((await put('service', slip)).warnings).toEqual([
      'metadata.autoron is not read here: did you mean "autorun"?',
    ]);
    const web = service('slips', { target: { name: '10.0.0.1', port: '80' } });
    web.metadata.tags.service_app_type = 'WEB';
    const http_settings = { headers: { 'X-Who': '{{.Emial}}' } };
    const said = (await put('service', { ...web, spec: { ...web.spec, http_settings } })).warnings;
    expect(said).toEqual([
      expect.stringMatching(/^spec\.http_settings\.headers\.X-Who: \{\{\.Emial\}\} is no variable/),
    ]);
  });

  test.for<[string, object, unknown[]]>([
    [
      'a misspelt field that is needed',
      { domain: undefined, domian: 'a.lab' },
      [
        ['metadata.tags.domain', 'is missing'],
        ['metadata.tags.domian', 'is not read here: did you mean "domain"?'],
      ],
    ],
    [
      'values that are none',
      { domain: 'a b', app_listen_port: 70_000, user_facing: 'yes' },
      [
        ['metadata.tags.domain', 'is neither a DNS name nor *. and one of two labels at least'],
        ['metadata.tags.app_listen_port', 'is no port: they are numbers from 1 to 65535'],
        ['metadata.tags.user_facing', 'is neither true nor false'],
      ],
    ],
  ])('%s are refused in words', async ([, tags, expected]) => {
    const refused = put('service', service('words', { http_connect: true }, tags));
    const { problems } = (await refused.catch((error: unknown) => error)) as DocumentError;
    expect(problems.map(({ path, reason: why }) => [path, why])).toEqual(expected);
  });

  test('that exist already are not created once more', async () => {
    const text = JSON.stringify(role('Once', {}));
    const onlyNew = { kind: 'role', text, file: 'f', onlyNew: true, by } as const;
    await ask('document.put', onlyNew);
    await expect(ask('document.put', onlyNew)).rejects.toMatchObject({ code: 'edge/in-use' });
  });

  test.each<[string, string, object]>([
    [
      'a CIDR that is none',
      '{"kind":"BanyanService",\n"metadata":{"name":"a","cluster":"c","tags":{"domain":"a.b","service_app_type":"GENERIC"}},\n"spec":{"backend":{"http_connect":true,\n"allow_patterns":[{"cidrs":["10.0.0.0/8",\n  "10.0.0.0/99"]}]}}}',
      {
        path: 'spec.backend.allow_patterns[0].cidrs[1]',
        line: 5,
        column: 3,
        reason: 'is not an address or a CIDR',
      },
    ],
    ['no JSON', '{"kind": "BanyanService",}', { line: 1, column: 26 }],
    ['another kind', '{\n"kind": "BanyanRole"}', { path: 'kind', line: 2 }],
    [
      'another version of the format',
      JSON.stringify({ ...service('v', { http_connect: true }), apiVersion: 'v2' }),
      { path: 'apiVersion', reason: 'has to be "rbac.banyanops.com/v1"' },
    ],
    [
      'the domain of another service',
      JSON.stringify(service('thief', { http_connect: true }, { domain: 'echo.demo.localhost' })),
      { path: 'metadata.tags.domain', reason: `is the domain of ${ECHO} already` },
    ],
    [
      'domains to proxy for Kubernetes',
      JSON.stringify(
        service('k', { http_connect: true }, { service_app_type: 'K8S', include_domains: ['x'] }),
      ),
      { path: 'metadata.tags.include_domains' },
    ],
  ])(
    'with %s are refused with path, line and reason, and nothing is stored',
    async (_, text, told) => {
      const before = await ask('document.list', { kind: 'service' });
      const refusal = await putText('service', text).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'edge/document-invalid',
        problems: [told],
        message: expect.stringMatching(/^file\.json:\d+:\d+: /) as string,
      });
      expect(await ask('document.list', { kind: 'service' })).toEqual(before);
    },
  );

  test('refer to what there is: a policy to its roles, an attachment to both', async () => {
    await expect(put('policy', policy('p', 'Nobody'))).rejects.toMatchObject({
      problems: [{ path: 'spec.access[0].roles[0]', reason: 'there is no role "Nobody"' }],
    });
    const attach = (to: string, what: string) =>
      ask('attachment.put', { policy: what, service: to, enforcing: true, by });
    await expect(attach('nothing', 'engineers')).rejects.toMatchObject({ code: 'edge/not-found' });
    await expect(attach(ECHO, 'nothing')).rejects.toMatchObject({ code: 'edge/not-found' });
  });

  test('refer to what there is when several change at once, too', async () => {
    for (let round = 0; round < 5; round += 1) {
      await put('role', role('Contested', {}));
      await Promise.allSettled([
        put('policy', policy('contested', 'Contested')),
        ask('document.delete', { kind: 'role', id: 'Contested', by }),
      ]);
      const { documents } = await ask('document.list', { kind: 'role' });
      const hasRole = documents.some(({ id }) => id === 'Contested');
      const { documents: policies } = await ask('document.list', { kind: 'policy' });
      expect(policies.some(({ id }) => id === 'contested') && !hasRole).toBe(false);
      await ask('document.delete', { kind: 'policy', id: 'contested', by }).catch(() => {});
      await ask('document.delete', { kind: 'role', id: 'Contested', by }).catch(() => {});
    }
  });

  test('that are used are not removed, and a service only when it is off', async () => {
    const remove = (kind: 'service' | 'role' | 'policy', id: string) =>
      ask('document.delete', { kind, id, by });
    await expect(remove('role', 'Engineers')).rejects.toThrow('used by policies: engineers');
    await expect(remove('policy', 'finance')).rejects.toThrow('used by services: payroll.demo.bnn');
    await expect(remove('service', 'payroll')).rejects.toThrow('disable it first');
    await ask('document.enable', { kind: 'service', id: 'payroll', enabled: false, by });
    await remove('service', 'payroll');
    await remove('policy', 'finance');
    await remove('role', 'Accountants');
    const { attachments } = await ask('attachment.list', {});
    expect(attachments.map((each) => each.service)).not.toContain('payroll.demo.bnn');
    await expect(remove('service', 'payroll')).rejects.toMatchObject({ code: 'edge/not-found' });
  });
});

describe('a change while people are connected', () => {
  test('of what concerns them ends their connections within a second, and no others', async () => {
    const dana = await newPerson();
    const socket = await openEcho(dana);
    expect(await echoes(socket)).toBe(true);
    const events = await openEvents(edge, dana);
    onTestFinished(() => events.close());
    await put('role', role('Bystanders', { group: ['Nobody'] }));
    expect(await echoes(socket)).toBe(true);
    await ask('document.enable', { kind: 'role', id: 'Engineers', enabled: false, by });
    await endsSoon(socket);
    expect(await events.next('connection.denied')).toMatchObject({
      service: 'echo.demo.bnn',
      code: 'role',
      reason: expect.stringContaining('role') as string,
    });
    expect(await echoes(await openEcho(dana))).toBe(false);
    await ask('document.enable', { kind: 'role', id: 'Engineers', enabled: true, by });
    expect(await echoes(await openEcho(dana))).toBe(true);
  });

  test('Permissive lets everybody in and notes who would not be; Enforcing ends that', async () => {
    const dana = await newPerson();
    await put('policy', policy('bystanders', 'Bystanders'));
    const attach = (what: string, enforcing: boolean) =>
      ask('attachment.put', { policy: what, service: 'echo', enforcing, by });
    onTestFinished(async () => void (await attach('engineers', true)));
    await attach('bystanders', false);
    const socket = await openEcho(dana);
    expect(await echoes(socket)).toBe(true);
    await until(async () => {
      const { entries } = await ask('audit.list', { last: 50, event: 'connection' });
      return entries.some(
        ({ allowed, code, device }) => allowed && code === 'role' && device === dana.device.id,
      );
    });
    await attach('bystanders', true);
    await endsSoon(socket);
  });

  test('of groups counts at once, though certificates carry those of before', async () => {
    const dana = await newPerson();
    const events = await openEvents(edge, dana);
    onTestFinished(() => events.close());
    const socket = await openEcho(dana);
    expect(await echoes(socket)).toBe(true);
    await ask('user.groups', { email: DANA, groups: [], by });
    await endsSoon(socket);
    await events.next('catalog.changed');
    await ask('user.groups', { email: DANA, groups: ['Engineering'], by });
    expect(await echoes(await openEcho(dana))).toBe(true);
  });
});

describe('people', () => {
  const password = 'long enough';
  const form = (email: string, secret = password) => ({ fields: { email, password: secret } });

  test('are added, sign in, are disabled and come back', async () => {
    const email = 'eve@demo.example';
    await ask('user.add', { email, name: 'Eve', groups: ['Engineering'], password, by });
    const again = ask('user.add', {
      email: 'EVE@demo.example',
      name: 'E',
      groups: [],
      password,
      by,
    });
    await expect(again).rejects.toMatchObject({ code: 'edge/in-use' });
    const device = await registerDevice(edge);
    const eve = await signIn(edge, device, form(email));
    expect(decodeJwt(eve.trustToken)).toMatchObject({
      email,
      name: 'Eve',
      groups: ['Engineering'],
    });
    const socket = await openEcho(eve);
    expect(await echoes(socket)).toBe(true);
    const events = await openEvents(edge, eve);
    expect(await ask('user.enable', { email, enabled: false, by })).toMatchObject({ ended: 1 });
    expect(await events.next('session.ended')).toMatchObject({
      reason: 'Your account is switched off.',
    });
    await endsSoon(socket);
    await expect(signIn(edge, device, form(email))).rejects.toThrow('Your account is switched off');
    // Who does not know the password is not told.
    await expect(signIn(edge, device, form(email, 'wrong'))).rejects.toThrow(
      'or password is wrong',
    );
    await ask('user.enable', { email, enabled: true, by });
    await signIn(edge, device, form(email));
  });

  test('with a new password sign in with that only, and what was signed in before ends', async () => {
    const email = 'finn@demo.example';
    await ask('user.add', { email, name: 'Finn', groups: [], password, by });
    const device = await registerDevice(edge);
    await signIn(edge, device, form(email));
    const next = 'another password';
    expect(await ask('user.password', { email, password: next, by })).toMatchObject({ ended: 1 });
    await expect(signIn(edge, device, form(email))).rejects.toThrow('password is wrong');
    await signIn(edge, device, form(email, next));
    expect(await ask('user.delete', { email, by })).toMatchObject({ ended: 1 });
    await expect(signIn(edge, device, form(email, next))).rejects.toThrow('password is wrong');
  });

  test('no password is short, and none is ever shown or written down', async () => {
    const secret = 'do-not-write-this-down';
    const add = (email: string, given: string) =>
      ask('user.add', { email, name: 'G', groups: [], password: given, by });
    const refusal = await add('g@demo.example', '1234567').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'edge/value-invalid' });
    expect((refusal as Error).message).not.toContain('1234567');
    await add('g@demo.example', secret);
    const shown = JSON.stringify([
      await ask('user.list', {}),
      await ask('audit.list', { last: 1000 }),
    ]);
    expect(shown).not.toContain('scrypt');
    for (const text of [
      shown,
      readFileSync(path.join(edge.data, 'state.json'), 'utf8'),
      edge.logged.join(),
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('a policy for web services', () => {
  const put = (kind: 'policy' | 'service', definition: object) =>
    ask('document.put', {
      kind,
      text: JSON.stringify({ apiVersion: 'rbac.banyanops.com/v1', ...definition }),
      file: 'f.json',
      onlyNew: false,
      by,
    });
  const policy = (name: string, options: object) =>
    put('policy', {
      kind: 'BanyanPolicy',
      metadata: { name },
      spec: { options, access: [{ roles: ['Engineers'] }] },
    });
  const attach = (service: string, name: string) =>
    ask('attachment.put', { service, policy: name, enforcing: true, by });
  afterEach(() => attach('wiki', 'engineers'));

  test.each([
    ['judges requests', { l7_protocol: 'http' }, 'is for web services'],
    [
      'asks for no certificate',
      { disable_tls_client_authentication: true },
      'asks for no client certificate, which only web services can do without',
    ],
  ])('that %s is not attached to another one, and none becomes one', async (name, options, why) => {
    const id = name.replaceAll(' ', '-');
    await policy(id, options);
    await expect(attach('echo', id)).rejects.toMatchObject({
      code: 'edge/value-invalid',
      message: `The policy "${id}" ${why}, and ${ECHO} is GENERIC: make one for TCP.`,
    });
    await attach('wiki', id);

    await policy(`${id}-later`, {});
    await attach('echo', `${id}-later`);
    await expect(policy(`${id}-later`, options)).rejects.toMatchObject({
      code: 'edge/document-invalid',
      message: expect.stringContaining(`${why}, and ${ECHO} is GENERIC`) as string,
    });
    await attach('echo', 'engineers');

    const { definition } = await ask('document.show', { kind: 'service', id: 'wiki' });
    const wiki = definition as { metadata: { tags: object } };
    const tags = { ...wiki.metadata.tags, service_app_type: 'GENERIC' };
    await expect(
      put('service', { ...wiki, metadata: { ...wiki.metadata, tags } }),
    ).rejects.toMatchObject({
      code: 'edge/document-invalid',
      message: expect.stringContaining(`its policy "${id}" ${why}`) as string,
    });
  });
});

describe('devices', () => {
  const stateOf = async ({ id }: ScriptedDevice) =>
    (await ask('device.list', {})).devices.find((device) => device.id === id);

  test('that are banned lose their session, get none, and are as before when they are unbanned', async () => {
    const dana = await newPerson();
    const { device } = dana;
    const events = await openEvents(edge, dana);
    const socket = await openEcho(dana);
    expect(await echoes(socket)).toBe(true);
    const tab = webBrowser(edge.edge.root);
    const page = await tab.open(await (await openIdOf(edge, device.id, device.identity)).start());
    await ask('device.ban', { device: device.id, banned: true, reason: 'Lost on a train.', by });
    const { entries } = await ask('audit.list', { last: 1, about: device.id, event: 'change' });
    expect(entries).toMatchObject([{ action: 'device.ban', reason: 'Lost on a train.', by }]);
    // Not `device.revoked`: an app that hears that never asks again.
    expect(await events.next('session.ended')).toMatchObject({ reason: 'Lost on a train.' });
    await endsSoon(socket);
    expect(await stateOf(device)).toMatchObject({
      state: 'banned',
      why: 'Lost on a train.',
      sessions: 0,
    });
    // A page that was open says why.
    const [closed, posted] = [
      await tab.open(page.url),
      await tab.open(page.url, {
        method: 'POST',
        body: 'decision=sign-in',
        headers: { 'sec-fetch-site': 'same-origin' },
      }),
    ];
    for (const { status, body } of [closed, posted]) {
      expect([status, body]).toEqual([403, expect.stringContaining('Lost on a train.')]);
    }
    // Later not even the page is shown.
    const openId = await openIdOf(edge, device.id, device.identity);
    await expect(openId.start()).rejects.toThrow();
    const answer = await exchange(edge, device, dana.trustToken);
    expect(answer.answer.status).toBe(403);
    expect(answer.answer.body).toContain('Lost on a train.');
    expect(answer.answer.body).not.toContain('device_revoked');

    await ask('device.ban', { device: device.id, banned: false, reason, by });
    expect(await stateOf(device)).toMatchObject({ state: 'registered', why: '' });
    expect(await echoes(await openEcho(await signIn(edge, device)))).toBe(true);
  });

  test('without their certificate ask for a sign-in in vain, and in the audit', async () => {
    const { device } = await newPerson();
    await expect((await openIdOf(edge, device.id, undefined)).start()).rejects.toThrow();
    await until(async () => {
      const { entries } = await ask('audit.list', { last: 5, event: 'sign-in', refused: true });
      return entries.some(({ code }) => code === 'certificate_missing');
    });
  });

  test('sign in until the day that is set, as the list of sessions says', async () => {
    const { device } = await newPerson();
    const { sessions } = await ask('session.list', {});
    const session = sessions.find(({ deviceId }) => deviceId === device.id);
    expect(Math.round(((session?.until ?? 0) - (session?.since ?? 0)) / 86_400)).toBe(30);
  });

  test('that are revoked are told, and never come back', async () => {
    const dana = await newPerson();
    const events = await openEvents(edge, dana);
    await ask('device.revoke', { device: dana.device.id, reason: 'Stolen.', by });
    expect(await events.next('device.revoked')).toMatchObject({ reason: 'Stolen.' });
    await expect(
      ask('device.ban', { device: dana.device.id, banned: false, reason: '', by }),
    ).rejects.toMatchObject({ code: 'edge/device-revoked' });
    expect(await stateOf(dana.device)).toMatchObject({ state: 'revoked', why: 'Stolen.' });
    await expect(signIn(edge, dana.device)).rejects.toThrow();
  });

  test('are worth no more than their cap', async () => {
    const { device } = await newPerson();
    await ask('device.cap', { device: device.id, level: 'Low', reason, by });
    expect(await stateOf(device)).toMatchObject({ trustLevel: 'Low', cap: 'Low' });
    await ask('device.cap', { device: device.id, level: null, reason, by });
    expect(await stateOf(device)).toMatchObject({ cap: null });
    const unknown = ask('device.revoke', { device: 'nobody', reason, by });
    await expect(unknown).rejects.toMatchObject({ code: 'edge/not-found' });
  });
});

describe('sessions', () => {
  test('are listed by person and device, and end one by one', async () => {
    const device = await registerDevice(edge);
    const first = await signIn(edge, device);
    const other = await newPerson();
    const { sessions } = await ask('session.list', {});
    const mine = sessions.filter(({ deviceId }) => deviceId === device.id);
    expect(mine).toMatchObject([{ person: DANA }]);
    const [socket, untouched] = [await openEcho(first), await openEcho(other)];
    expect([await echoes(socket), await echoes(untouched)]).toEqual([true, true]);
    await ask('session.end', { session: mine[0]!.id, reason, by });
    await endsSoon(socket);
    expect(await echoes(untouched)).toBe(true);
    const again = ask('session.end', { session: mine[0]!.id, reason, by });
    await expect(again).rejects.toMatchObject({ code: 'edge/not-found' });
    expect(await ask('session.end', { device: other.device.id, reason, by })).toEqual({ ended: 1 });
  });

  test('of a whole person', async () => {
    const people = [await newPerson(), await newPerson()];
    const sockets = await Promise.all(people.map(openEcho));
    for (const socket of sockets) expect(await echoes(socket)).toBe(true);
    const { ended } = await ask('session.end', { email: DANA, reason, by });
    expect(ended).toBeGreaterThanOrEqual(2);
    await Promise.all(sockets.map(endsSoon));
    const both = ask('session.end', { email: DANA, device: 'x', reason, by });
    await expect(both).rejects.toMatchObject({ code: 'edge/value-invalid' });
  });
});

describe('invites', () => {
  test('for one device, and for a deployment that is counted and taken back', async () => {
    const listed = async (wanted: string) =>
      (await ask('invite.list', {})).invites.find(({ id }) => id === wanted);
    const single = await ask('invite.create', { hours: 1, by });
    expect(single.invite).toMatch(/^banyan:\/\/register/);
    expect(await listed(single.id)).toMatchObject({ name: null, uses: 1, used: 0, state: 'open' });
    const { entries } = await ask('audit.list', { last: 1, event: 'change' });
    expect(entries).toMatchObject([{ action: 'invite.create', subject: single.id }]);
    await ask('invite.revoke', { invite: single.id, by });
    expect(await listed(single.id)).toBeUndefined();
    const code = codeOf(single.invite);
    expect((await enrol(edge, { code, ...(await aSigningRequest()) })).status).toBe(401);

    const made = await ask('invite.deployment', { name: 'Autumn', uses: 3, days: 30, by });
    expect(await listed(made.id)).toMatchObject({
      name: 'Autumn',
      uses: 3,
      used: 0,
      state: 'open',
    });
    await ask('invite.revoke', { invite: made.id, by });
    expect(await listed(made.id)).toMatchObject({ state: 'revoked' });
    const tooMany = ask('invite.deployment', { name: 'x', uses: 1e9, days: 1, by });
    await expect(tooMany).rejects.toMatchObject({ code: 'edge/value-invalid' });
  });
});

describe('settings', () => {
  test.each([0, 1.99, 72.01, 100, NaN])('a token does not live %s hours', async (hours) => {
    const set = ask('settings.set', { tokenLifetimeHours: hours, by });
    await expect(set).rejects.toMatchObject({ code: 'edge/value-invalid' });
    expect(await ask('settings.show', {})).toMatchObject({ tokenLifetimeHours: 24 });
  });

  test('a token lives 24 hours, or 2 to 72 as set, and its TrustCert as long', async () => {
    const lifeOf = async (): Promise<number> => {
      const { exp = 0, iat = 0 } = decodeJwt((await newPerson()).trustToken);
      return (exp - iat) / 3600;
    };
    expect(await lifeOf()).toBe(24);
    for (const hours of [2, 72, 24]) {
      await ask('settings.set', { tokenLifetimeHours: hours, by });
      expect(await lifeOf()).toBe(hours);
    }
  });

  test('outlive a restart', async () => {
    const first = await startEdge();
    await callsTo(first.data)('settings.set', { tokenLifetimeHours: 5, by });
    await first.edge.stop();
    const second = await startEdge({ data: first.data });
    onTestFinished(async () => {
      await second.stop();
      await first.stop();
    });
    const settings = await callsTo(second.data)('settings.show', {});
    expect(settings).toMatchObject({ tokenLifetimeHours: 5, unregisteredDevices: 'dropped' });
  });

  test('unregistered devices are dropped until they are allowed, and then policy still decides', async () => {
    const bench = await startWebBench({ plainPages: false });
    onTestFinished(() => bench.stop());
    const set = (unregisteredDevices: 'dropped' | 'allowed') =>
      callsTo(bench.edge.data)('settings.set', { unregisteredDevices, by });
    const statusOf = async () =>
      (await webBrowser(bench.edge.edge.root).open(`${bench.origin('shop')}/`)).status;
    expect(await statusOf()).toBe(403);
    await set('allowed');
    const tab = webBrowser(bench.edge.edge.root);
    const page = await tab.open(`${bench.origin('shop')}/`);
    expect([page.status, page.body.includes('type="password"')]).toEqual([200, true]);
    // The role of this service is for known devices only.
    const end = await signInOn(tab, page);
    expect(end.status).toBe(403);
    expect(bench.received).toBe(0);
    await set('dropped');
    expect(await statusOf()).toBe(403);
    const { entries } = await callsTo(bench.edge.data)('audit.list', {
      last: 10,
      event: 'sign-in',
    });
    expect(entries.slice(-2)).toMatchObject([
      { allowed: true, person: DANA, service: 'shop.demo.bnn' },
      { allowed: false, code: 'device_unregistered', service: 'shop.demo.bnn' },
    ]);
  });
});

describe('a Device Manager', () => {
  const catalogue = (identity: Identity) =>
    request(`${edge.edge.document.command_center}/services`, { root: edge.edge.root, identity });

  async function trustedManager(name: string) {
    const pki = await createTestPki(`${name} CA`);
    const { key, certificate: cert } = await pki.issue({
      commonName: 'C02XL0AAJGH5',
      clientAuth: true,
    });
    const add = () =>
      ask('settings.ca.add', { name, pem: pki.root, ownership: 'Corporate Shared', by });
    return { pki, identity: { key, cert }, id: `${name}:C02XL0AAJGH5`, add };
  }

  test('whose CA is configured vouches for devices: device phase, sign-in, TrustCert, roles', async () => {
    const { identity, id, add } = await trustedManager('jamf');
    expect(await catalogue(identity)).toMatchObject({ status: 401 });
    await add();
    // Known now; it is the token that is missing.
    expect((await catalogue(identity)).body).toContain('A TrustToken is needed');
    const { devices } = await ask('device.list', {});
    expect(devices.find((device) => device.id === id)).toMatchObject({
      manager: 'jamf',
      name: 'C02XL0AAJGH5',
      ownership: 'Corporate Shared',
      serialNumber: 'C02XL0AAJGH5',
    });
    const device: ScriptedDevice = {
      id,
      identity,
      call: (url, options) => request(url, { ...options, root: edge.edge.root, identity }),
    };
    const dana = await signIn(edge, device);
    expect(decodeJwt(dana.trustToken)).toMatchObject({
      aud: id,
      device_id: id,
      'https://banyansecurity.io': { mdm_present: true, device_ownership: 'Corporate Shared' },
    });
    await put('role', role('Managed', { mdm_present: true }));
    await put('policy', policy('managed', 'Managed'));
    const attach = (name: string) =>
      ask('attachment.put', { policy: name, service: 'echo', enforcing: true, by });
    onTestFinished(async () => void (await attach('engineers')));
    await attach('managed');
    const socket = await openEcho(dana);
    expect(await echoes(socket)).toBe(true);
    expect(await echoes(await openEcho(await newPerson()))).toBe(false);

    await ask('settings.ca.remove', { name: 'jamf', by });
    await endsSoon(socket);
    expect(await catalogue(identity)).toMatchObject({ status: 401 });
    await expect(openIdOf(edge, id, identity).then((openId) => openId.start())).rejects.toThrow();
  });

  test('vouches for nothing by a certificate of another CA, an expired one, or as a TrustCert', async () => {
    const { pki, add } = await trustedManager('intune');
    await add();
    const stranger = await createTestPki('intune CA');
    const identityOf = async (from: typeof pki, lifeMs?: number) => {
      const issued = await from.issue({
        commonName: 'X1',
        clientAuth: true,
        ...(lifeMs !== undefined && { lifeMs }),
      });
      return { key: issued.key, cert: issued.certificate };
    };
    expect(await catalogue(await identityOf(stranger))).toMatchObject({ status: 401 });
    expect((await catalogue(await identityOf(pki, -1_000))).body).toContain('certificate_expired');
    expect(await echoes(await openEcho({ trust: await identityOf(pki) }))).toBe(false);
    // Nor by one that is not for clients, that names two devices, or one that could stand for something else in an id.
    for (const wrong of [
      { commonName: 'X2' },
      { commonName: 'X3, CN=X4', clientAuth: true },
      { commonName: 'jamf:X5', clientAuth: true },
    ]) {
      const issued = await pki.issue(wrong);
      const answer = await catalogue({ key: issued.key, cert: issued.certificate });
      expect([answer.status, answer.body]).toEqual([401, expect.stringContaining('_invalid')]);
    }
    const { devices } = await ask('device.list', {});
    expect(devices.filter(({ manager }) => manager === 'intune')).toEqual([]);
  });

  /** One connection that stays open; gives the answer to each request on it. */
  function heldConnection(identity: Identity): () => Promise<string> {
    const url = new URL(edge.edge.document.command_center);
    const socket = connect({
      host: '127.0.0.1',
      port: Number(url.port),
      servername: url.hostname,
      ca: edge.edge.root,
      ...identity,
    });
    onTestFinished(() => void socket.destroy());
    return async () => {
      socket.write(`GET ${url.pathname}/services HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`);
      return String((await once(socket, 'data'))[0]);
    };
  }

  test('that is no longer configured ends what its devices had open to the edge, too', async () => {
    const { identity, add } = await trustedManager('kept');
    await add();
    const ask401 = heldConnection(identity);
    expect(await ask401()).toContain('A TrustToken is needed');
    await ask('settings.ca.remove', { name: 'kept', by });
    expect(await ask401()).toContain('certificate_invalid');
  });

  test('with another CA under the same name accepts nothing of the old one, and what it says counts now', async () => {
    const old = await trustedManager('rotated');
    await old.add();
    const ask401 = heldConnection(old.identity);
    expect(await ask401()).toContain('A TrustToken is needed');
    await ask('settings.ca.remove', { name: 'rotated', by });
    const { pki, identity, id } = await trustedManager('rotated');
    const ownership = 'Employee Owned';
    await ask('settings.ca.add', { name: 'rotated', pem: pki.root, ownership, by });
    expect(await ask401()).toContain('certificate_invalid');
    expect(await catalogue(old.identity)).toMatchObject({ status: 401 });
    expect((await catalogue(identity)).body).toContain('A TrustToken is needed');
    const { devices } = await ask('device.list', {});
    expect(devices.filter((device) => device.id === id)).toMatchObject([{ ownership }]);
    const { entries } = await ask('audit.list', { last: 1_000, event: 'registration' });
    expect(entries.filter(({ device }) => device === id)).toHaveLength(1);
  });

  test('that is removed stays removed while another setting is changed, and of two that are added both stay', async () => {
    const names = async () =>
      (await ask('settings.show', {})).deviceManagers.map(({ name }) => name);
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map(trustedManager));
    await one!.add();
    await Promise.all([
      ask('settings.ca.remove', { name: 'one', by }),
      ask('settings.set', { tokenLifetimeHours: 8, by }),
    ]);
    expect(await names()).not.toContain('one');
    expect(await ask('settings.show', {})).toMatchObject({ tokenLifetimeHours: 8 });
    await Promise.all([two!.add(), three!.add()]);
    expect(await names()).toEqual(expect.arrayContaining(['two', 'three']));
    // The same name twice at once: the second is told that there is one already.
    const twice = await Promise.allSettled([one!.add(), one!.add()]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await names()).filter((name) => name === 'one')).toHaveLength(1);
  });

  test('cannot name a device that has registered itself', async () => {
    const { pki, add } = await trustedManager('evil');
    await add();
    const victim = await registerDevice(edge);
    const issued = await pki.issue({ commonName: victim.id, clientAuth: true });
    const identity = { key: issued.key, cert: issued.certificate };
    await expect(
      openIdOf(edge, victim.id, identity).then((openId) => openId.start()),
    ).rejects.toThrow();
    const openId = await openIdOf(edge, `evil:${victim.id}`, identity);
    await catalogue(identity);
    expect(
      await signInWithoutBrowser(await openId.start(), { fetch: fetchUnder(edge.edge.root) }),
    ).toContain('code=');
  });

  test.each<[string, string]>([
    ['no certificate', 'there are 0'],
    ['a leaf', 'not the certificate of an authority'],
    ['two', 'there are 2'],
  ])('is not configured by %s', async (what, told) => {
    const pki = await createTestPki();
    const { certificate } = await pki.issue({ commonName: 'leaf' });
    const leaf = certificate.replace(pki.root, '');
    const pem =
      { 'no certificate': 'x', 'a leaf': leaf, two: `${pki.root}\n${pki.root}` }[what] ?? '';
    const added = ask('settings.ca.add', { name: 'bad', pem, ownership: 'Other', by });
    await expect(added).rejects.toThrow(told);
  });
});

test('commands are answered while many connections to the control socket ask nothing', async () => {
  const idle = Array.from({ length: 80 }, () => {
    const socket = connectSocket(controlSocketOf(edge.data));
    socket.on('error', () => {}).resume();
    onTestFinished(() => void socket.destroy());
    return once(socket, 'connect');
  });
  await Promise.all(idle);
  const answers = Array.from({ length: 10 }, () => ask('status', {}));
  for (const status of await Promise.all(answers)) expect(status.pid).toBe(process.pid);
});

describe('the audit', () => {
  test('tells each change with who, what and which version, and decisions beside it', async () => {
    await put('role', role('Audited', {}));
    await newPerson().then(openEcho).then(echoes);
    const { entries } = await ask('audit.list', { last: 20 });
    expect(entries).toContainEqual(
      expect.objectContaining({
        event: 'change',
        action: 'role.put',
        subject: 'Audited',
        version: 1,
        by,
        allowed: true,
      }),
    );
    expect(entries.at(-1)).toMatchObject({ event: 'connection', allowed: true, service: ECHO });
  });

  test('tells who signed in, who did not and why, and no password that was typed as an e-mail', async () => {
    const device = await registerDevice(edge);
    const wrong = { fields: { email: 'hunter2-typed-here', password: 'x' } };
    await expect(signIn(edge, device, wrong)).rejects.toThrow();
    const fields = { email: DANA, password: 'wrong' };
    await expect(signIn(edge, device, { fields })).rejects.toThrow();
    await signIn(edge, device);
    const { entries } = await ask('audit.list', { last: 3, event: 'sign-in' });
    expect(entries).toMatchObject([
      { allowed: false, code: 'password_wrong', device: device.id },
      { allowed: false, code: 'password_wrong', device: device.id, person: DANA },
      { allowed: true, device: device.id, person: DANA },
    ]);
    expect(readFileSync(path.join(edge.data, 'audit.jsonl'), 'utf8')).not.toContain('hunter2');
  });

  test('filters, and counts from the newest', async () => {
    const { entries } = await ask('audit.list', { last: 3, event: 'change' });
    expect(entries.map(({ event }) => event)).toEqual(['change', 'change', 'change']);
    const refused = await ask('audit.list', { last: 100, refused: true });
    expect(refused.entries.every(({ allowed }) => !allowed)).toBe(true);
    const all = await ask('audit.list', { last: 10_000 });
    const { entries: hers } = await ask('audit.list', { last: 10_000, about: DANA });
    // What she did, and what was done about her.
    const ofHer = all.entries.filter(({ person, subject }) => person === DANA || subject === DANA);
    expect(hers).toEqual(ofHer);
    expect(ofHer.map(({ event }) => event)).toEqual(expect.arrayContaining(['sign-in', 'change']));
    expect(await ask('audit.list', { last: 5, about: 'nobody' })).toEqual({ entries: [] });
    expect(all.entries.slice(-2)).toEqual((await ask('audit.list', { last: 2 })).entries);
  });

  test('follows: what was, then what comes, each once', async () => {
    const told: AuditLine[] = [];
    const { entries } = await ask('audit.list', { last: 2, event: 'change' });
    void ask('audit.follow', { last: 2, event: 'change' }, (line) =>
      told.push(line as AuditLine),
    ).catch(
      () => {}, // ends with the edge
    );
    await until(async () => told.length === 2);
    for (const name of ['F1', 'F2', 'F3']) await put('role', role(name, {}));
    await until(async () => told.length === 5);
    expect(told.slice(0, 2)).toEqual(entries);
    expect(told.slice(2).map(({ subject }) => subject)).toEqual(['F1', 'F2', 'F3']);
  });

  test('that was cut in the middle of a line by a crash goes on with the next one', async () => {
    const first = await startEdge();
    const file = path.join(first.data, 'audit.jsonl');
    await callsTo(first.data)('settings.set', { tokenLifetimeHours: 5, by });
    await first.edge.stop();
    appendFileSync(file, '{"at":"2026-11-22T');
    const second = await startEdge({ data: first.data });
    onTestFinished(async () => {
      await second.stop();
      await first.stop();
    });
    await callsTo(second.data)('settings.set', { tokenLifetimeHours: 6, by });
    const { entries } = await callsTo(second.data)('audit.list', { last: 10 });
    expect(entries.map(({ subject }) => subject)).toEqual([
      'token lifetime 5 hours',
      'token lifetime 6 hours',
    ]);
  });
});
