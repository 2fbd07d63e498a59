// Administration over the network, asked by real curl over real TLS: the endpoints and records that existing clients of this
// interface know, who may ask, and every refusal.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { type Call, callsTo } from '../../src/edge/administration/control-client.ts';
import { demoServiceId } from '../../src/edge/demo/documents.ts';
import { createRoutes } from '../../src/edge/rest/routes.ts';
import { type CurlAnswer, curlUnder, type CurlWish } from '../support/curl.ts';
import { missing } from '../support/foreign-servers.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

const why = missing('curl');
beforeEach((context) => {
  if (why !== null) context.skip(why);
});

const by = 'test';
const JSON_BODY = ['Content-Type: application/json'];
const FORM_BODY = ['Content-Type: application/x-www-form-urlencoded'];

interface Bench {
  edge: TestEdge;
  ask: Call;
  origin: string;
  /** With a key that may write, unless another one is named; '' sends none. */
  rest: (path: string, wish?: CurlWish & { key?: string }) => Promise<CurlAnswer>;
  newKey: (role: 'read' | 'write', name?: string) => Promise<string>;
}

let keys = 0;
async function startBench(options: Parameters<typeof startEdge>[0] = {}): Promise<Bench> {
  const edge = await startEdge({ ...options, ports: { rest: { port: 0 } } });
  const ask = callsTo(edge.data);
  const origin = `https://demo.localhost:${edge.edge.restPort}`;
  const curl = curlUnder(edge.edge.root, edge.data);
  const newKey: Bench['newKey'] = async (role, name = `key-${(keys += 1)}`) =>
    (await ask('api-key.create', { name, role, days: 1, by })).key;
  const writer = await newKey('write', 'terraform');
  const rest: Bench['rest'] = (at, { key = writer, headers = [], ...wish } = {}) =>
    curl(`${origin}${at}`, {
      ...wish,
      headers: [...headers, ...(key === '' ? [] : [`Authorization: Bearer ${key}`])],
    });
  return { edge, ask, origin, rest, newKey };
}

let bench: Bench;
beforeAll(async () => {
  if (why === null) bench = await startBench();
});
afterAll(() => (why === null ? bench.edge.stop() : undefined));

const rest: Bench['rest'] = (at, wish) => bench.rest(`/api/v1${at}`, wish);
const list = async (at: string): Promise<Record<string, unknown>[]> => {
  const { status, json } = await rest(at);
  expect(status).toBe(200);
  return json as Record<string, unknown>[];
};
const post = (at: string, document: unknown) =>
  rest(at, { method: 'POST', headers: JSON_BODY, data: JSON.stringify(document) });

/** As the public provider for infrastructure as code writes them. */
const role = (name: string, spec: object = {}) => ({
  apiVersion: 'rbac.banyanops.com/v1',
  kind: 'BanyanRole',
  metadata: { id: '', name, description: `about ${name}`, tags: { template: 'USER' } },
  type: 'origin',
  spec: { container_fqdn: null, label_selector: [], group: ['Engineering'], email: null, ...spec },
});
const policy = (name: string, roles: string[], web = false) => ({
  apiVersion: 'rbac.banyanops.com/v1',
  kind: 'BanyanPolicy',
  metadata: { id: '', name, description: '', tags: { template: 'USER' } },
  type: 'USER',
  spec: {
    access: [{ roles, rules: { l7_access: [], conditions: { trust_level: '' } } }],
    exception: { src_addr: [] },
    options: { disable_tls_client_authentication: web, l7_protocol: web ? 'http' : '' },
  },
});
const service = (name: string, more: object = {}) => ({
  kind: 'BanyanService',
  apiVersion: 'rbac.banyanops.com/v1',
  type: 'origin',
  metadata: {
    name,
    description: 'R&D &amp; <more>',
    cluster: 'demo',
    friendly_name: `The ${name}`,
    tags: {
      template: 'TCP_USER',
      user_facing: 'true',
      protocol: 'tcp',
      domain: `${name}.demo.localhost`,
      port: '8443',
      icon: '',
      service_app_type: 'GENERIC',
      banyanproxy_mode: 'TCP',
      app_listen_port: '',
      allow_user_override: true,
    },
  },
  spec: {
    attributes: {
      tls_sni: [`${name}.demo.localhost`],
      host_tag_selector: [{ 'com.banyanops.hosttag.site_name': '*' }],
    },
    backend: { target: { name: '127.0.0.1', port: '9', tls: false }, connector_name: '' },
    client_cidrs: [],
  },
  x_unknown: { kept: [1, null] },
  ...more,
});
const problemOf = ({ json }: CurlAnswer) => json as Record<string, unknown>;

describe('records', () => {
  test('a service is inserted, listed, overwritten, disabled, enabled and deleted, and its versions are counted', async () => {
    const made = await post('/insert_registered_service', service('ledger'));
    expect(made.status).toBe(200);
    expect(made.json).toMatchObject({
      ServiceID: 'ledger.demo.bnn',
      ServiceName: 'ledger',
      FriendlyName: 'The ledger',
      ClusterName: 'demo',
      ServiceType: 'origin',
      ServiceVersion: 1,
      Description: 'R&D &amp; <more>',
      CreatedBy: 'api-key terraform',
      LastUpdatedBy: 'api-key terraform',
      DeletedAt: 0,
      UserFacing: 'TRUE',
      Protocol: 'tcp',
      Domain: 'ledger.demo.localhost',
      Port: 8443,
      Enabled: 'TRUE',
      OIDCEnabled: 'FALSE',
      IsDefault: false,
    });
    const { CreatedAt, ServiceSpec } = made.json as { CreatedAt: number; ServiceSpec: string };
    expect(Math.abs(CreatedAt / 1e9 - Date.now() / 1000)).toBeLessThan(60);
    expect(made.text).toContain(`"CreatedAt":${Math.round(CreatedAt / 1e9)}000000000`);
    // Unknown fields are kept, and a client that undoes HTML's escapes reads the same as one that does not.
    expect(JSON.parse(ServiceSpec)).toEqual(service('ledger'));
    expect(ServiceSpec).not.toContain('&');

    // The same again is no change; another one is the next version.
    expect(problemOf(await post('/insert_registered_service', service('ledger')))).toMatchObject({
      ServiceVersion: 1,
    });
    const changed = await post('/insert_registered_service', { ...service('ledger'), more: 1 });
    expect(changed.json).toMatchObject({ ServiceVersion: 2, CreatedAt });

    const at = '?ServiceID=ledger.demo.bnn';
    expect(await list(`/registered_services${at}`)).toHaveLength(1);
    expect(await list('/registered_services?FriendlyName=The%20ledger')).toHaveLength(1);
    expect(await list('/registered_services?ServiceID=ledger')).toEqual([]);
    expect((await list('/registered_services')).length).toBeGreaterThan(3);

    const inUse = await rest(`/delete_registered_service${at}`, { method: 'DELETE' });
    expect([inUse.status, problemOf(inUse)['code']]).toEqual([409, 'edge/in-use']);
    const off = await rest(`/disable_registered_service${at}`, { method: 'POST' });
    expect(off.json).toEqual({ Message: 'The service ledger.demo.bnn is disabled.' });
    expect(await list(`/registered_services${at}`)).toMatchObject([{ Enabled: 'FALSE' }]);
    await rest(`/enable_registered_service${at}`, { method: 'POST' });
    expect(await list(`/registered_services${at}`)).toMatchObject([{ Enabled: 'TRUE' }]);
    await rest(`/disable_registered_service${at}`, { method: 'POST' });
    const gone = await rest(`/delete_registered_service${at}`, { method: 'DELETE' });
    expect(gone.json).toEqual({ Message: 'The service ledger.demo.bnn is deleted.' });
    expect(await list(`/registered_services${at}`)).toEqual([]);
  });

  test('roles and policies have a UUID that stays theirs, and are asked for by it or by name', async () => {
    const made = problemOf(await post('/insert_security_role', role('Auditors')));
    expect(made).toMatchObject({
      RoleID: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ) as string,
      RoleName: 'Auditors',
      RoleVersion: 1,
      Description: 'about Auditors',
      Enabled: 'TRUE',
    });
    expect(JSON.parse(String(made['RoleSpec']))).toEqual(role('Auditors'));
    const byId = `RoleID=${String(made['RoleID'])}`;
    expect(await list(`/security_roles?${byId}`)).toMatchObject([{ RoleName: 'Auditors' }]);
    expect(await list('/security_roles?RoleID=Auditors')).toMatchObject([
      { RoleID: made['RoleID'] },
    ]);
    const again = problemOf(
      await post('/insert_security_role', role('Auditors', { mdm_present: true })),
    );
    expect(again).toMatchObject({ RoleID: made['RoleID'], RoleVersion: 2 });
    await rest(`/disable_security_role?${byId}`, { method: 'POST' });
    expect(await list(`/security_roles?${byId}`)).toMatchObject([{ Enabled: 'FALSE' }]);
    await rest(`/enable_security_role?${byId}`, { method: 'POST' });
    expect(await list(`/security_roles?${byId}`)).toMatchObject([{ Enabled: 'TRUE' }]);

    const used = problemOf(await post('/insert_security_policy', policy('auditing', ['Auditors'])));
    expect(used).toMatchObject({ PolicyName: 'auditing', PolicyVersion: 1 });
    await post('/insert_security_policy', policy('auditing-web', ['Auditors'], true));
    const named = async (query: string) =>
      (await list(`/security_policies?${query}`)).map((each) => each['PolicyName']);
    expect(await named(`PolicyID=${String(used['PolicyID'])}`)).toEqual(['auditing']);
    expect(await named('ServiceType=WEB')).toContain('auditing-web');
    expect(await named('ServiceType=TCP')).toContain('auditing');
    expect(await named('ServiceType=TCP')).not.toContain('auditing-web');
    expect((await rest('/security_policies?ServiceType=SSH')).status).toBe(400);
    expect(await list('/registered_services?DefaultServices=true')).toEqual([]);
    expect(await list('/registered_services?DefaultServices=false')).not.toEqual([]);

    const inUse = await rest(`/delete_security_role?${byId}`, { method: 'DELETE' });
    expect([inUse.status, problemOf(inUse)['code']]).toEqual([409, 'edge/in-use']);
    for (const name of ['auditing', 'auditing-web']) {
      const deleted = await rest(`/delete_security_policy?PolicyID=${name}`, { method: 'DELETE' });
      expect(deleted.status).toBe(200);
    }
    expect((await rest(`/delete_security_role?${byId}`, { method: 'DELETE' })).status).toBe(200);
    expect(await list(`/security_roles?${byId}`)).toEqual([]);
  });

  test('a policy is attached Enforcing or Permissive, by query, by form and by document, and detached', async () => {
    await post('/insert_security_role', role('Attached'));
    const { PolicyID } = problemOf(
      await post('/insert_security_policy', policy('attached', ['Attached'])),
    );
    await post('/insert_registered_service', service('target'));
    const id = 'target.demo.bnn';
    const record = {
      PolicyID,
      PolicyName: 'attached',
      ServiceID: id,
      AttachedToID: id,
      AttachedToName: 'target',
      AttachedToType: 'service',
      AttachedBy: 'api-key terraform',
    };
    const of = `/policy/attachment/service/${id}`;
    expect(await list(of)).toEqual([]);
    const query = `PolicyID=${String(PolicyID)}&ServiceID=${id}`;
    const attached = await rest(`/insert_security_attach_policy?${query}&Enabled=TRUE`, {
      method: 'POST',
    });
    expect(attached.json).toMatchObject({ ...record, Enabled: 'TRUE' });
    // Two slashes, as a client writes them that ends its address with one.
    const form = await bench.rest('//api/v1/insert_security_attach_policy', {
      method: 'POST',
      headers: FORM_BODY,
      data: `${query}&Enabled=FALSE`,
    });
    expect(form.json).toMatchObject({ ...record, Enabled: 'FALSE' });
    expect(await list(of)).toMatchObject([{ ...record, Enabled: 'FALSE' }]);
    const { attachments } = await bench.ask('attachment.list', {});
    expect(attachments.find((each) => each.service === id)?.mode).toBe('Permissive');
    const put = await rest(`/policy/${String(PolicyID)}/attach`, {
      method: 'PUT',
      headers: JSON_BODY,
      data: JSON.stringify({
        attached_to_id: id,
        attached_to_type: 'service',
        enabled: 'TRUE',
        IsEnabled: true,
      }),
    });
    expect(put.json).toMatchObject({ ...record, Enabled: 'TRUE' });
    expect(await list(`/security_attach_policies?PolicyID=${String(PolicyID)}`)).toHaveLength(1);
    expect((await list('/policy/attachment')).length).toBeGreaterThan(1);
    // Nothing of the kind is an empty list: a client asks this of a policy's id, and of a kind that is not there.
    expect(await list(`/policy/attachment/service/${String(PolicyID)}`)).toEqual([]);
    expect(await list(`/policy/attachment/service_tunnel/${String(PolicyID)}`)).toEqual([]);

    const other = await rest(`/delete_security_attach_policy?PolicyID=engineers&ServiceID=${id}`, {
      method: 'DELETE',
    });
    expect(other.status).toBe(404);
    const detached = await rest(`/delete_security_attach_policy?${query}`, { method: 'DELETE' });
    expect(detached.json).toEqual({ Message: `The policy attached is detached from ${id}.` });
    expect(await list(of)).toEqual([]);
  });

  test('what is asked for at the terminal is what is asked for here, and the audit names the key', async () => {
    await post('/insert_security_role', role('Audited'));
    const [line] = (await bench.ask('audit.list', { last: 1, event: 'change' })).entries;
    expect(line).toMatchObject({
      action: 'role.put',
      subject: 'Audited',
      version: 1,
      by: 'api-key terraform',
    });
    const { documents } = await bench.ask('document.list', { kind: 'role' });
    expect(documents).toContainEqual(
      expect.objectContaining({ id: 'Audited', changedBy: 'api-key terraform' }),
    );
  });

  test('a client that exchanges its key for an access token first gets one that works', async () => {
    const { json } = await rest('/refresh_token', { method: 'POST' });
    const token = (json as { Message: string }).Message;
    expect((await rest('/security_roles', { key: token })).status).toBe(200);
  });

  test('HEAD answers as GET without the list; JSON is not kept by anybody', async () => {
    const head = await rest('/security_roles', { method: 'HEAD' });
    const get = await rest('/security_roles');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(get.text)));
    expect(get.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(get.headers).not.toHaveProperty('set-cookie');
    expect(get.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('documents that cannot be used', () => {
  test('are refused with path, line and reason, and nothing is stored', async () => {
    const text =
      '{"kind":"BanyanRole",\n"metadata":{"name":"Broken"},\n"spec":{"group":\n  "no list"}}';
    const refused = await rest('/insert_security_role', {
      method: 'POST',
      headers: JSON_BODY,
      data: text,
    });
    expect(refused.status).toBe(400);
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(refused.json).toMatchObject({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      code: 'edge/document-invalid',
      advice: 'Correct what is named and try again; nothing was stored.',
      problems: [{ path: 'spec.group', line: 3 }],
      correlation_id: expect.any(String) as string,
    });
    expect(problemOf(refused)['Message']).toBe(problemOf(refused)['detail']);
    expect(problemOf(refused)['detail']).toContain('request body:3:');
    expect(await list('/security_roles?RoleID=Broken')).toEqual([]);
  });

  test('of which there is too much is refused', async () => {
    const group = Array.from({ length: 60_000 }, () => 1);
    const large = await post('/insert_security_role', role('Large', { group }));
    expect([large.status, problemOf(large)['detail']]).toEqual([
      400,
      expect.stringContaining('it has more than 10000 values') as string,
    ]);
  });

  test.each<[string, string, string, string, number, string]>([
    ['no JSON', 'POST', '/insert_security_role', '{', 400, 'edge/document-invalid'],
    [
      'another kind',
      'POST',
      '/insert_registered_service',
      JSON.stringify(role('Other')),
      400,
      'edge/document-invalid',
    ],
    [
      'a role that is not there',
      'POST',
      '/insert_security_policy',
      JSON.stringify(policy('p', ['Nobody'])),
      400,
      'edge/document-invalid',
    ],
    [
      'a tunnel',
      'PUT',
      '/policy/engineers/attach',
      '{"attached_to_id":"a","attached_to_type":"service_tunnel","enabled":"TRUE"}',
      400,
      'edge/document-invalid',
    ],
    [
      'a service that is not there',
      'PUT',
      '/policy/engineers/attach',
      '{"attached_to_id":"a","attached_to_type":"service","enabled":"TRUE"}',
      404,
      'edge/not-found',
    ],
    [
      'an unknown mode',
      'PUT',
      '/policy/engineers/attach',
      `{"attached_to_id":"${demoServiceId('echo')}","attached_to_type":"service","enabled":"perhaps"}`,
      400,
      'edge/value-invalid',
    ],
  ])('%s', async (_, method, at, data, status, code) => {
    const refused = await rest(at, { method, headers: JSON_BODY, data });
    expect([refused.status, problemOf(refused)['code']]).toEqual([status, code]);
  });

  test.each<[string, string, string, number, string]>([
    ['no id', 'DELETE', '/delete_registered_service', 400, 'edge/value-invalid'],
    [
      'an id twice',
      'DELETE',
      '/delete_registered_service?ServiceID=a&ServiceID=b',
      400,
      'edge/request-invalid',
    ],
    [
      'the beginning of an id',
      'POST',
      '/disable_registered_service?ServiceID=echo',
      404,
      'edge/not-found',
    ],
    [
      'a role that is not there',
      'POST',
      '/enable_security_role?RoleID=Nobody',
      404,
      'edge/not-found',
    ],
    [
      'a mode that is missing',
      'POST',
      `/insert_security_attach_policy?PolicyID=engineers&ServiceID=${demoServiceId('echo')}`,
      400,
      'edge/value-invalid',
    ],
    ['a path that is not there', 'GET', '/endusers', 404, 'edge/request-invalid'],
    ['a path that is no URL', 'GET', '/policy/attachment/service/%zz', 400, 'edge/request-invalid'],
  ])('%s', async (_, method, at, status, code) => {
    const refused = await rest(at, { method });
    expect([refused.status, problemOf(refused)['code']]).toEqual([status, code]);
  });

  test('another method is named those that there are; a preflight of a browser gets nothing', async () => {
    const refused = await rest('/security_roles', { method: 'DELETE' });
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'GET, HEAD']);
    const preflight = await rest('/insert_security_role', {
      method: 'OPTIONS',
      key: '',
      headers: ['Origin: https://evil.example', 'Access-Control-Request-Method: POST'],
    });
    expect(preflight.status).toBe(401);
    expect(
      Object.keys(preflight.headers).filter((name) => name.startsWith('access-control')),
    ).toEqual([]);
  });

  test('another type, an encoding, and more than is read are refused', async () => {
    const as = (type: string, data = JSON.stringify(role('Typed')), ...more: string[]) =>
      rest('/insert_security_role', {
        method: 'POST',
        headers: [`Content-Type: ${type}`, ...more],
        data,
      });
    expect((await as('text/plain')).status).toBe(415);
    expect((await as('application/x-www-form-urlencoded')).status).toBe(415);
    expect((await as('application/json', undefined, 'Content-Encoding: gzip')).status).toBe(415);
    // None at all is a client of this interface.
    expect(
      (
        await rest('/insert_security_role', {
          method: 'POST',
          headers: ['Content-Type:'],
          data: JSON.stringify(role('Typed')),
        })
      ).status,
    ).toBe(200);
    expect((await as('application/json; charset=utf-8')).status).toBe(200);
    const large = JSON.stringify({ ...role('Large'), filler: 'x'.repeat(1100 * 1024) });
    for (const more of [[], ['Transfer-Encoding: chunked']]) {
      const refused = await as('application/json', large, ...more);
      expect([refused.status, problemOf(refused)['code']]).toEqual([413, 'edge/request-invalid']);
      expect(refused.headers['connection']).toBe('close');
    }
    expect(await list('/security_roles?RoleID=Large')).toEqual([]);
  });

  test('a server of another name is not this one', async () => {
    const refused = await rest('/security_roles', { headers: ['Host: evil.example'] });
    expect(refused.status).toBe(421);
    // Nor one that is asked for together with another (RFC 9112 3.2).
    const { edge: own, origin } = bench;
    const socket = connect({
      host: '127.0.0.1',
      port: own.edge.restPort!,
      servername: 'demo.localhost',
      ca: own.edge.root,
    });
    const head = ['GET /api/v1/security_roles HTTP/1.1', `Host: ${new URL(origin).host}`];
    socket.end([...head, 'Host: evil.example', 'Connection: close', '', ''].join('\r\n'));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
    // And by TLS it has no certificate for any other.
    const { edge } = bench;
    const other = `https://other.localhost:${edge.edge.restPort}/api/v1/security_roles`;
    await expect(curlUnder(edge.edge.root, edge.data)(other)).rejects.toThrow();
  });
});

describe('keys', () => {
  const routes = createRoutes({} as Parameters<typeof createRoutes>[0]);

  test.each(routes.map(({ method, path: at, role: needed }) => [method, at, needed] as const))(
    '%s %s asks for a key of the role %s',
    async (method, pattern, needed) => {
      // Each from a bench of fresh attempts: many bad keys of one address have to wait.
      const at = pattern.replaceAll('*', 'x');
      const none = await bench.rest(at, { method, key: '' });
      expect([none.status, problemOf(none)['code']]).toEqual([401, 'edge/key-refused']);
      expect(none.headers['www-authenticate']).toBe('Bearer realm="banyan-edge"');
      const reader = await bench.rest(at, { method, key: await readerOf() });
      expect(reader.status === 403).toBe(needed === 'write');
      if (needed === 'write') {
        expect(problemOf(reader)['code']).toBe('edge/key-role');
        expect(reader.headers['www-authenticate']).toContain(
          'error="insufficient_scope", scope="write"',
        );
      }
      const writer = await bench.rest(at, { method });
      expect([401, 403]).not.toContain(writer.status);
    },
  );
  let reader: Promise<string> | undefined;
  const readerOf = (): Promise<string> => (reader ??= bench.newKey('read', 'reader'));

  test('one that may only read fills no audit by trying to write, and still reads', async () => {
    const key = await bench.newKey('read', 'trying');
    const statuses: number[] = [];
    for (let tries = 0; tries < 60; tries += 1) {
      const { status } = await rest('/insert_security_role', { method: 'POST', key });
      statuses.push(status);
    }
    expect(statuses.slice(0, 49).every((status) => status === 403)).toBe(true);
    expect(statuses.at(-1)).toBe(429);
    const { entries } = await bench.ask('audit.list', { last: 1_000, event: 'api-key' });
    const noted = entries.filter((entry) => entry['by'] === 'api-key trying').length;
    expect(noted).toBe(statuses.filter((status) => status === 403).length);
    expect(noted).toBeLessThan(55);
    expect((await rest('/security_roles', { key })).status).toBe(200);
  });

  test('every administration call that REST carries is one of these, and what makes keys is none', () => {
    expect(
      routes
        .filter(({ method, role: needed }) => method !== 'GET' && needed !== 'write')
        .map(({ path: at }) => at),
    ).toEqual(['/api/v1/refresh_token']);
    expect(routes.some(({ path: at }) => /key|user|settings|invite/.test(at))).toBe(false);
  });

  test('are shown once; the folder of the edge and the list hold nothing to sign in with', async () => {
    const key = await bench.newKey('write', 'shown-once');
    const secret = key.replace('bnn_shown-once_', '');
    expect(secret).toHaveLength(43);
    await rest('/security_roles', { key });
    expect(readFileSync(path.join(bench.edge.data, 'state.json'), 'utf8')).not.toContain(secret);
    expect(readFileSync(path.join(bench.edge.data, 'audit.jsonl'), 'utf8')).not.toContain(secret);
    const { keys: listed } = await bench.ask('api-key.list', {});
    expect(JSON.stringify(listed)).not.toContain(secret);
    const mine = listed.find(({ name }) => name === 'shown-once');
    expect(mine).toMatchObject({ role: 'write', createdBy: by });
    expect(mine?.lastUsedAt).toBeGreaterThan(Date.now() / 1000 - 60);
    await expect(bench.newKey('read', 'shown-once')).rejects.toMatchObject({ code: 'edge/in-use' });
  });

  test('one that is revoked or has run out is good for nothing from then on', async () => {
    const key = await bench.newKey('write', 'leaving');
    expect((await rest('/security_roles', { key })).status).toBe(200);
    await bench.ask('api-key.revoke', { name: 'leaving', by });
    const refused = await rest('/security_roles', { key });
    expect([refused.status, problemOf(refused)['code']]).toEqual([401, 'edge/key-refused']);
    expect(refused.headers['www-authenticate']).toContain('error="invalid_token"');
    const entries = await bench.ask('audit.list', { last: 1, event: 'api-key' });
    expect(entries.entries).toMatchObject([
      {
        allowed: false,
        code: 'edge/key-refused',
        by: 'api-key leaving',
        correlation_id: problemOf(refused)['correlation_id'],
      },
    ]);

    const late = await bench.newKey('read', 'expiring');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3600 * 1000 });
    onTestFinished(() => void vi.useRealTimers());
    expect((await rest('/security_roles', { key: late })).status).toBe(401);
  });

  test('one that is revoked while its document is still being sent changes nothing', async () => {
    const key = await bench.newKey('write', 'in-between');
    const body = JSON.stringify(role('InBetween'));
    const socket = connect({
      host: '127.0.0.1',
      port: bench.edge.edge.restPort ?? 0,
      servername: 'demo.localhost',
      ca: bench.edge.edge.root,
    });
    onTestFinished(() => void socket.destroy());
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(
      `POST /api/v1/insert_security_role HTTP/1.1\r\nHost: demo.localhost\r\nAuthorization: Bearer ${key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 10)}`,
    );
    // Its use is noted before its body is read.
    await vi.waitFor(async () => {
      const { keys: listed } = await bench.ask('api-key.list', {});
      expect(listed.find(({ name }) => name === 'in-between')?.lastUsedAt).toBeGreaterThan(0);
    });
    await bench.ask('api-key.revoke', { name: 'in-between', by });
    socket.write(body.slice(10));
    await vi.waitFor(() => expect(answer).toContain('HTTP/1.1 401'));
    expect(await list('/security_roles?RoleID=InBetween')).toEqual([]);
  });

  test.each([
    ['a wrong secret', `bnn_terraform_${'A'.repeat(43)}`],
    ['an unknown name', `bnn_nobody_${'A'.repeat(43)}`],
    ['nothing like a key', 'abc'],
  ])('with %s are refused', async (_, key) => {
    const own = await startBench();
    onTestFinished(() => own.edge.stop());
    const refused = await own.rest('/api/v1/security_roles', { key });
    expect([refused.status, problemOf(refused)['code']]).toEqual([401, 'edge/key-refused']);
  });

  test('many bad ones of one address have to wait; those that were good from there do not', async () => {
    const own = await startBench();
    onTestFinished(() => own.edge.stop());
    const ask = (key?: string) =>
      own.rest('/api/v1/security_roles', key === undefined ? {} : { key });
    expect((await ask()).status).toBe(200);
    // Its name is no secret: who knows it must not shut out the program that has the key.
    const guess = (at: number) => `bnn_${at < 4 ? `guess-${at}` : 'terraform'}_${'A'.repeat(43)}`;
    const statuses: number[] = [];
    for (let at = 0; at < 8; at += 1) statuses.push((await ask(guess(at))).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const waiting = await ask(guess(9));
    expect(Number(waiting.headers['retry-after'])).toBeGreaterThan(0);
    expect(problemOf(waiting)['code']).toBe('edge/too-many-attempts');
    expect((await ask()).status).toBe(200);
    // What waits is not written down, or guessing would fill the disk.
    const { entries } = await own.ask('audit.list', { last: 100, event: 'api-key' });
    expect(entries).toHaveLength(5);
    await delay(1_100);
    expect((await ask(guess(10))).status).toBe(401);
  });

  test('there is no such port unless it is asked for', async () => {
    const other = await startEdge();
    onTestFinished(() => other.stop());
    expect(other.edge.restPort).toBeNull();
  });
});

test(
  'whoever opens a connection and says nothing, or says it slowly, is cut',
  { timeout: 60_000 },
  async () => {
    const open = () =>
      connect({
        host: '127.0.0.1',
        port: bench.edge.edge.restPort ?? 0,
        servername: 'demo.localhost',
        ca: bench.edge.edge.root,
      }).on('error', () => {});
    const silent = open();
    const slow = open();
    slow.write('GET /api/v1/security_roles HTTP/1.1\r\nHost: demo.localhost\r\n');
    const dripping = setInterval(() => slow.writable && slow.write('X-A: b\r\n'), 500);
    onTestFinished(() => clearInterval(dripping));
    const ended = (socket: ReturnType<typeof open>) =>
      new Promise<void>((resolve) => {
        socket.resume();
        socket.once('close', () => resolve());
      });
    await Promise.all([ended(silent), ended(slow)]);
  },
);
