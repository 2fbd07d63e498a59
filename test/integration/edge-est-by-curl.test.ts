// EST (RFC 7030) as programs speak it that know nothing of us: openssl makes the key and the request, curl sends it.
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { missing } from '../support/foreign-servers.ts';
import { codeOf } from '../support/scripted-device.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);

beforeEach((context) => {
  const why = missing('curl', 'openssl');
  if (why !== null) context.skip(why);
});

test('curl and openssl alone register a device, trust nothing but the root, and are let in at the port for devices', async () => {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const folder = tempDir();
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  const { est, command_center } = edge.edge.document;
  const curl = (...args: string[]) => {
    const always = ['--silent', '--show-error', '--noproxy', '*', '--cacert', 'root.pem'];
    // Not in this thread: the edge is in it.
    return run('curl', [...always, ...args], { cwd: folder }).then(({ stdout }) => stdout);
  };
  writeFileSync(file('root.pem'), edge.edge.root);
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'key.pem');
  openssl(
    'req',
    '-new',
    '-key',
    'key.pem',
    '-subj',
    '/CN=anything',
    '-outform',
    'DER',
    '-out',
    'csr.der',
  );
  openssl('base64', '-in', 'csr.der', '-out', 'csr.b64');

  // RFC 7030 4.1: what the server vouches with.
  const authorities = await curl(`${est.device}/cacerts`);
  writeFileSync(file('ca.b64'), authorities);
  openssl('base64', '-d', '-in', 'ca.b64', '-out', 'ca.p7');
  expect(openssl('pkcs7', '-inform', 'DER', '-in', 'ca.p7', '-print_certs')).toContain('Demo Root');

  // RFC 7030 4.2.
  const code = codeOf(await edge.edge.createInvite());
  const answer = await curl(
    '--user',
    `invite:${code}`,
    '--header',
    'Content-Type: application/pkcs10',
    '--header',
    'Content-Transfer-Encoding: base64',
    '--header',
    // The one thing that is ours: what the device says of itself.
    `Banyan-Device: ${JSON.stringify({ name: 'bench', ownership: 'Other', platform: 'linux', serial_number: 'S1' })}`,
    '--data-binary',
    '@csr.b64',
    `${est.device}/simpleenroll`,
  );
  writeFileSync(file('answer.b64'), answer);
  openssl('base64', '-d', '-in', 'answer.b64', '-out', 'answer.p7');
  openssl('pkcs7', '-inform', 'DER', '-in', 'answer.p7', '-print_certs', '-out', 'cert.pem');
  expect(openssl('x509', '-in', 'cert.pem', '-noout', '-subject')).toContain('ManagedDevice-');

  const asked = (...more: string[]) =>
    curl(...more, '--output', 'out', '--write-out', '%{http_code}', `${command_center}/services`);
  // 401 both times, for other reasons: without the certificate, and with it for want of a TrustToken.
  expect(await asked()).toBe('401');
  const named = await curl('--key', 'key.pem', '--cert', 'cert.pem', `${command_center}/services`);
  expect(named).toContain('A TrustToken is needed.');
});
