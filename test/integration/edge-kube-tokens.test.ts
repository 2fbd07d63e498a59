// Tokens for one cluster: for whom, for what, and at which other doors they are worth nothing.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { tokenRevocation } from 'openid-client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { publishTyped } from '../support/collection.ts';
import { call } from '../support/https.ts';
import { createTestPki } from '../support/pki.ts';
import { exchange, registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
let dana: SignedIn;
beforeAll(async () => {
  edge = await startEdge();
  const { root } = await createTestPki('Cluster');
  const backend = {
    http_connect: true,
    allow_patterns: [{ hostnames: ['kube.corp.test'], cidrs: [], ports: { port_list: [443] } }],
  };
  const tags = { service_app_type: 'K8S', banyanproxy_mode: 'CHAIN' };
  for (const name of ['mykube', 'money', 'later', 'off']) {
    await publishTyped(edge, name, { ...tags, kube_ca_key: root }, backend);
  }
  await publishTyped(edge, 'foreign', tags, backend);
  const attached = (PolicyID: string, name: string) => ({
    PolicyID,
    ServiceID: `${name}.demo.bnn`,
    Enabled: 'TRUE',
  });
  await edge.edge.apply({
    attachments: [attached('finance', 'money'), attached('engineers-on-trusted-devices', 'later')],
  });
  await edge.edge.setServiceEnabled('off.demo.bnn', false);
  dana = await signIn(edge, await registerDevice(edge));
});
afterAll(() => edge.stop());

async function ask(name: string, person = dana, token = person.trustToken) {
  const answer = await person.device.call(`${edge.edge.document.command_center}/kube-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ service: `${name}.demo.bnn` }),
  });
  const said = JSON.parse(answer.body) as { token?: string; expires_at?: number; code?: string };
  return { status: answer.status, ...said };
}

const audited = async () =>
  (await readFile(path.join(edge.data, 'audit.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'kube-token');

test('names the service, the person and her groups, for five minutes, by the keys that are published', async () => {
  const { issuer } = edge.edge.document;
  const { status, token = '', expires_at } = await ask('mykube');
  expect(status).toBe(201);
  const keys = await call(`${issuer}/jwks`, { root: edge.edge.root });
  const { payload } = await jwtVerify(
    token,
    createLocalJWKSet(JSON.parse(keys.body) as JSONWebKeySet),
    { issuer, audience: 'mykube.demo.bnn', algorithms: ['ES256'] },
  );
  expect(payload).toEqual({
    iss: issuer,
    aud: 'mykube.demo.bnn',
    sub: decodeJwt(dana.trustToken).sub,
    email: 'dana@demo.example',
    email_verified: true,
    name: expect.any(String) as string,
    groups: ['Engineering'],
    iat: expect.any(Number) as number,
    exp: expires_at,
  });
  expect(payload.exp! - payload.iat!).toBe(300);
});

test('names the groups of now, though the TrustToken has those of before', async () => {
  const put = (groups: string[]) =>
    callsTo(edge.data)('user.groups', { email: 'dana@demo.example', groups, by: 'test' });
  onTestFinished(async () => void (await put(['Engineering'])));
  await put(['Engineering', 'On call']);
  const { token = '' } = await ask('mykube');
  expect(decodeJwt(token)['groups']).toEqual(['Engineering', 'On call']);
  expect(decodeJwt(dana.trustToken)['groups']).toEqual(['Engineering']);
});

test('ends with the TrustToken that vouches for it', async () => {
  const short = await startEdge({ lifetimes: { trustToken: 60 } });
  try {
    const { root } = await createTestPki('Cluster');
    await publishTyped(
      short,
      'mykube',
      { service_app_type: 'K8S', banyanproxy_mode: 'CHAIN', kube_ca_key: root },
      {
        http_connect: true,
        allow_patterns: [{ hostnames: ['k.test'], cidrs: [], ports: { port_list: [443] } }],
      },
    );
    const person = await signIn(short, await registerDevice(short));
    const answer = await person.device.call(`${short.edge.document.command_center}/kube-token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${person.trustToken}` },
      body: JSON.stringify({ service: 'mykube.demo.bnn' }),
    });
    const { expires_at } = JSON.parse(answer.body) as { expires_at: number };
    expect(expires_at).toBe(decodeJwt(person.trustToken).exp);
  } finally {
    await short.stop();
  }
});

test.each([
  ['a role that she does not have', 'money', 'role'],
  ['a device that is not trusted enough', 'later', 'trust_level'],
  ['a service that is switched off', 'off', 'service_disabled'],
])('%s is refused, with its code, and audited', async (_, name, code) => {
  expect(await ask(name)).toMatchObject({ status: 403, code });
  expect((await audited()).at(-1)).toMatchObject({
    allowed: false,
    code,
    service: `${name}.demo.bnn`,
    device: dana.device.id,
    person: 'dana@demo.example',
  });
});

test.each([
  ['a cluster that signs people in itself', 'foreign'],
  ['a server', 'echo'],
  ['a web service', 'wiki'],
  ['nothing', 'nowhere'],
])('there is none for %s', async (_, name) => {
  expect(await ask(name)).toMatchObject({ status: 404, code: 'service_unknown' });
});

test('it is no TrustToken: not for the list, not for a certificate, not for another one like it', async () => {
  const { token = '' } = await ask('mykube');
  expect((await exchange(edge, dana.device, token)).answer.status).toBe(401);
  const list = await dana.device.call(`${edge.edge.document.command_center}/services`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(list.status).toBe(401);
  expect((await ask('mykube', dana, token)).status).toBe(401);
});

test('is audited once where it is given, and no line has it', async () => {
  const before = (await audited()).length;
  const { token = '' } = await ask('mykube');
  const lines = await audited();
  expect(lines).toHaveLength(before + 1);
  expect(lines.at(-1)).toMatchObject({ allowed: true, service: 'mykube.demo.bnn' });
  expect(await readFile(path.join(edge.data, 'audit.jsonl'), 'utf8')).not.toContain(token);
});

test('whose session has ended, or whose device is revoked, gets none', async () => {
  const left = await signIn(edge, await registerDevice(edge));
  await tokenRevocation(left.openId.config, left.tokens.refresh_token!);
  expect(await ask('mykube', left)).toMatchObject({ status: 401, code: 'session_ended' });
  const lost = await signIn(edge, await registerDevice(edge));
  await edge.edge.revokeDevice(lost.device.id, 'Lost.');
  expect(await ask('mykube', lost)).toMatchObject({ status: 403, code: 'device_revoked' });
});
