// Device registration over EST: what an invite is good for, and what a device is afterwards.
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { aSigningRequest, readBundle } from '../support/certificates.ts';
import { call } from '../support/https.ts';
import { codeOf, enrol, openIdOf, registerDevice, signIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const aCode = async () => codeOf(await edge.edge.createInvite());

test('cacerts holds the root that the invite names', async () => {
  const answer = await call(`${edge.edge.document.issuer}/.well-known/est/cacerts`, {
    root: edge.edge.root,
  });
  expect(answer.headers['content-type']).toContain('application/pkcs7-mime');
  const [fingerprints] = [
    readBundle(answer.body).map((pem) =>
      Buffer.from(new X509Certificate(pem).fingerprint256.replaceAll(':', ''), 'hex').toString(
        'base64url',
      ),
    ),
  ];
  expect(fingerprints).toContain(edge.edge.rootFingerprint);
});

test('csrattrs asks for a key on P-256, in DER that other clients read', async () => {
  const answer = await call(`${edge.edge.document.est.device}/csrattrs`, { root: edge.edge.root });
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.headers['content-type']).toContain('application/csrattrs');
  const parsed = spawnSync('openssl', ['asn1parse', '-inform', 'DER'], {
    input: Buffer.from(answer.body, 'base64'),
    encoding: 'utf8',
  });
  expect(parsed.status).toBe(0);
  for (const name of ['id-ecPublicKey', 'prime256v1', 'ecdsa-with-SHA256']) {
    expect(parsed.stdout).toContain(name);
  }
});

test('an invite gives a certificate with the identity that the edge chose', async () => {
  const { request } = await aSigningRequest();
  const answer = await enrol(edge, { code: await aCode(), request });
  expect(answer.status).toBe(200);
  const [leaf, intermediate] = readBundle(answer.body).map((pem) => new X509Certificate(pem));
  const device = (await edge.edge.devices()).at(-1)!;
  expect(leaf!.subject).toBe(`CN=ManagedDevice-${device.id}`);
  expect(leaf!.subjectAltName).toBe(`URI:urn:banyan:device:${device.id}`);
  expect(leaf!.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(leaf!.verify(intermediate!.publicKey)).toBe(true);
  expect(intermediate!.verify(new X509Certificate(edge.edge.root).publicKey)).toBe(true);
  expect(device).toMatchObject({ name: 'adam-thinkpad', platform: 'Linux' });
});

test('a wrong, a used and an expired code get the same answer', async () => {
  const { request } = await aSigningRequest();
  const used = await aCode();
  await enrol(edge, { code: used, request });
  const expired = codeOf(await edge.edge.createInvite(-1));
  const answers = await Promise.all(
    ['WRNG-WRNG-WRNG', used, expired].map((code) => enrol(edge, { code, request })),
  );
  const seen = answers.map(({ status, body }) => {
    const { correlation_id: _, ...rest } = JSON.parse(body) as Record<string, unknown>;
    return JSON.stringify({ status, rest });
  });
  expect(answers[0]?.status).toBe(401);
  expect(new Set(seen).size).toBe(1);
});

test('of several requests with one code exactly one registers a device', async () => {
  const before = (await edge.edge.devices()).length;
  const code = await aCode();
  const requests = await Promise.all(Array.from({ length: 6 }, () => aSigningRequest()));
  const answers = await Promise.all(requests.map(({ request }) => enrol(edge, { code, request })));
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
    200, 401, 401, 401, 401, 401,
  ]);
  expect((await edge.edge.devices()).length).toBe(before + 1);
});

test.each([
  ['no request', { request: 'bm90IGEgcmVxdWVzdA==' }],
  ['facts that are no JSON', { facts: '{' }],
  [
    'an ownership that does not exist',
    { facts: '{"name":"a","ownership":"Mine","platform":"linux"}' },
  ],
])('%s gets 400 and leaves the code good', async (_, change) => {
  const code = await aCode();
  const { request } = await aSigningRequest();
  expect((await enrol(edge, { code, request, ...change })).status).toBe(400);
  expect((await enrol(edge, { code, request })).status).toBe(200);
});

test('a request signed by another key proves no possession', async () => {
  const [mine, theirs] = [await aSigningRequest(), await aSigningRequest()];
  const der = Buffer.from(mine.request, 'base64');
  const other = Buffer.from(theirs.request, 'base64');
  // The signature is at the end; the longer of the two is cut from neither, so replace only the last bytes.
  other.subarray(-20).copy(der, der.length - 20);
  const answer = await enrol(edge, { code: await aCode(), request: der.toString('base64') });
  expect(answer.status).toBe(400);
});

test('a body that is far too large is not read', async () => {
  const answer = await enrol(edge, { code: await aCode(), request: 'A'.repeat(200_000) });
  expect(answer.status).toBe(413);
});

test('a renewed certificate has the owner as UPN and goes on refreshing', async () => {
  const device = await registerDevice(edge);
  await signIn(edge, device);
  const { key, request } = await aSigningRequest();
  const answer = await device.call(`${edge.edge.document.est.device_renewal}/simplereenroll`, {
    method: 'POST',
    headers: { 'content-type': 'application/pkcs10' },
    body: request,
  });
  expect(answer.status).toBe(200);
  const certificates = readBundle(answer.body);
  expect(new X509Certificate(certificates[0]!).subjectAltName).toContain('dana@demo.example');
  const renewed = await openIdOf(edge, device.id, { key, cert: certificates.join('\n') });
  await expect(renewed.start()).resolves.toContain('/auth?');
});

test('renewal without a certificate is refused', async () => {
  const { request } = await aSigningRequest();
  const answer = await call(`${edge.edge.document.est.device_renewal}/simplereenroll`, {
    root: edge.edge.root,
    method: 'POST',
    headers: { 'content-type': 'application/pkcs10' },
    body: request,
  });
  expect(answer.status).toBe(401);
});

test('renewal is for a device that is accepted, and for a request of the right kind', async () => {
  const device = await registerDevice(edge);
  const { request } = await aSigningRequest();
  const renew = async (type: string) => {
    const { status } = await device.call(
      `${edge.edge.document.est.device_renewal}/simplereenroll`,
      { method: 'POST', headers: { 'content-type': type }, body: request },
    );
    return status;
  };
  expect(await renew('text/plain')).toBe(400);
  expect(await renew('application/pkcs10; charset=us-ascii')).toBe(200);
  const ask = callsTo(edge.data);
  const reason = 'Lost.';
  await ask('device.ban', { device: device.id, banned: true, reason, by: 'test' });
  expect(await renew('application/pkcs10')).toBe(403);
  await ask('device.ban', { device: device.id, banned: false, reason, by: 'test' });
  expect(await renew('application/pkcs10')).toBe(200);
  await edge.edge.revokeDevice(device.id, reason);
  expect(await renew('application/pkcs10')).toBe(403);
});

test('an unregistered device is no device any more', async () => {
  const device = await registerDevice(edge);
  const url = `${edge.edge.document.command_center}/device`;
  expect((await device.call(url, { method: 'DELETE' })).status).toBe(204);
  expect((await device.call(url, { method: 'DELETE' })).status).toBe(403);
  const openId = await openIdOf(edge, device.id, device.identity);
  await expect(openId.start()).rejects.toMatchObject({ error: 'invalid_client' });
});

test('a request for another host name is refused', async () => {
  const answer = await call(`${edge.edge.document.issuer}/.well-known/banyan-app.json`, {
    root: edge.edge.root,
    headers: { host: 'evil.example' },
  });
  expect(answer.status).toBe(421);
});

test('a request that names two hosts is refused, though one is right (RFC 9112 3.2)', async () => {
  const { hostname, port, host } = new URL(edge.edge.document.issuer);
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: hostname,
    ca: edge.edge.root,
  });
  socket.end(
    `GET /.well-known/banyan-app.json HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n\r\n`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
});

test('an expired DeviceCert signs nobody in', async () => {
  const short = await startEdge({ lifetimes: { deviceCert: 2 } });
  try {
    const device = await registerDevice(short);
    const openId = await openIdOf(short, device.id, device.identity);
    await expect(openId.start()).resolves.toContain('/auth?');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await expect(openId.start()).rejects.toMatchObject({ error: 'invalid_client' });
  } finally {
    await short.stop();
  }
});
