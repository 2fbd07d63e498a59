// The list of revoked DeviceCerts (RFC 5280 5), read as programs do that know nothing of us: curl fetches it from the address in the
// certificate, openssl judges by it.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openAuthority, type RevokedCertificate } from '../../src/edge/authority/authority.ts';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { aSigningRequest, readBundle } from '../support/certificates.ts';
import { missing } from '../support/foreign-servers.ts';
import { registerDevice, type ScriptedDevice } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const by = 'test';

beforeEach((context) => {
  const why = missing('curl', 'openssl');
  if (why !== null) context.skip(why);
});

async function bench() {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const folder = tempDir();
  const openssl = (args: string[], input?: string | Buffer) =>
    execFileSync('openssl', args, { cwd: folder, input, stdio: ['pipe', 'pipe', 'pipe'] });
  const [leaf = ''] = pems((await registerDevice(edge)).identity.cert);
  const stated = openssl(['x509', '-noout', '-ext', 'crlDistributionPoints'], leaf).toString();
  const [, address = ''] = /URI:(\S+)/.exec(stated) ?? [];
  expect(address).toBe(`${edge.edge.document.issuer}/crl/device.crl`);
  writeFileSync(path.join(folder, 'root.pem'), edge.edge.root);
  const fetchList = async () => {
    const quiet = ['--silent', '--show-error', '--noproxy', '*', '--cacert', 'root.pem'];
    const told = ['--output', 'list.der', '--write-out', '%{http_code} %{content_type}'];
    // Not in this thread: the edge is in it.
    const { stdout } = await run('curl', [...quiet, ...told, address], { cwd: folder });
    expect(stdout).toBe('200 application/pkix-crl');
  };
  /** What openssl says of a certificate by the newest list. */
  const verdict = async (identity: ScriptedDevice['identity']): Promise<string> => {
    await fetchList();
    const [own = '', intermediate = ''] = pems(identity.cert);
    writeFileSync(path.join(folder, 'own.pem'), own);
    writeFileSync(path.join(folder, 'intermediate.pem'), intermediate);
    openssl(['crl', '-inform', 'DER', '-in', 'list.der', '-out', 'list.pem']);
    const files = ['-CAfile', 'root.pem', '-untrusted', 'intermediate.pem', '-CRLfile', 'list.pem'];
    const said = spawnSync('openssl', ['verify', '-crl_check', ...files, 'own.pem'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (said.status === 0) return 'good';
    return /error \d+ at 0 depth lookup: (.*)/.exec(said.stderr)?.[1] ?? said.stderr;
  };
  const text = async (): Promise<string> => {
    await fetchList();
    return openssl(['crl', '-inform', 'DER', '-in', 'list.der', '-noout', '-text']).toString();
  };
  return { edge, verdict, text, openssl };
}

const pems = (bundle: string): string[] =>
  bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

async function renewed(
  edge: TestEdge,
  device: ScriptedDevice,
): Promise<ScriptedDevice['identity']> {
  const { key, request } = await aSigningRequest();
  const { status, body } = await device.call(
    `${edge.edge.document.est.device_renewal}/simplereenroll`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64' },
      body: request,
    },
  );
  expect(status).toBe(200);
  return { key, cert: readBundle(body).join('\n') };
}

test('openssl finds a DeviceCert good until its device is revoked, each that it has been given', async () => {
  const { edge, verdict } = await bench();
  const [device, other] = [await registerDevice(edge), await registerDevice(edge)];
  const successor = await renewed(edge, device);
  for (const each of [device.identity, successor, other.identity]) {
    await until(async () => (await verdict(each)) === 'good');
  }
  await edge.edge.revokeDevice(device.id, 'Stolen.');
  await until(async () => (await verdict(device.identity)) === 'certificate revoked');
  expect(await verdict(successor)).toBe('certificate revoked');
  expect(await verdict(other.identity)).toBe('good');
});

test('a banned one is on hold until the ban is lifted, an unregistered one is revoked', async () => {
  const { edge, verdict, text } = await bench();
  const ask = callsTo(edge.data);
  const device = await registerDevice(edge);
  const ban = (banned: boolean) =>
    ask('device.ban', { device: device.id, banned, reason: 'Lent.', by });
  await ban(true);
  await until(async () => (await verdict(device.identity)) === 'certificate revoked');
  expect(await text()).toContain('Certificate Hold');
  await ban(false);
  await until(async () => (await verdict(device.identity)) === 'good');

  const { status } = await device.call(`${edge.edge.document.command_center}/device`, {
    method: 'DELETE',
  });
  expect(status).toBe(204);
  await until(async () => (await verdict(device.identity)) === 'certificate revoked');
  expect(await text()).toContain('Cessation Of Operation');
});

test('the list is signed by the intermediate, numbered upwards, and says when the next one comes', async () => {
  const { edge, verdict, text, openssl } = await bench();
  const device = await registerDevice(edge);
  await edge.edge.revokeDevice(device.id, 'Stolen.');
  await until(async () => (await verdict(device.identity)) === 'certificate revoked');
  // Says so on the error output only, and fails otherwise.
  openssl([
    'crl',
    '-inform',
    'DER',
    '-in',
    'list.der',
    '-noout',
    '-verify',
    '-CAfile',
    'intermediate.pem',
  ]);
  const first = await text();
  const numberOf = (said: string) => Number(/CRL Number:\s*(\d+|0x[0-9A-F]+)/i.exec(said)?.[1]);
  expect(first).toMatch(/Next Update: \w+ /);
  expect(first.match(/Revocation Date: (.*)/)?.[1]).toBeTruthy();
  await until(async () => numberOf(await text()) > numberOf(first));
  expect((await text()).match(/Revocation Date: (.*)/)?.[1]).toBe(
    first.match(/Revocation Date: (.*)/)?.[1],
  );
});

test('a device that renews without end is told to stop, and the store does not grow', async () => {
  const { edge } = await bench();
  const device = await registerDevice(edge);
  const { request } = await aSigningRequest();
  const statuses: number[] = [];
  while (statuses.length < 60 && statuses.at(-1) !== 429) {
    const answer = await device.call(`${edge.edge.document.est.device_renewal}/simplereenroll`, {
      method: 'POST',
      headers: { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64' },
      body: request,
    });
    statuses.push(answer.status);
  }
  expect(statuses).toHaveLength(50);
  expect(statuses.at(-1)).toBe(429);
});

// Here, where the stack is that of the main thread as in an edge: that of the unit tests is four times as large.
test('a list of more certificates than one call takes arguments is written', async () => {
  const authority = await openAuthority(tempDir(), 'Demo');
  const revoked: RevokedCertificate = { serial: '01', at: 1_700_000_000, why: 'revoked' };
  const list = await authority.listRevoked(Array.from({ length: 150_000 }, () => revoked));
  expect(list.length).toBeGreaterThan(150_000 * 30);
});
