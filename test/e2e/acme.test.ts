// The built programs and a certificate from an ACME directory: the edge that orders it, and banyanproxy that trusts it.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { acmeServer, acmeServerMissing } from '../support/acme-server.ts';
import { startBackend } from '../support/collection.ts';
import { freePort } from '../support/foreign-servers.ts';
import { startHosted } from '../support/hosted-edge.ts';
import { runProgram } from '../support/programs.ts';
import { registerDevice, signIn } from '../support/scripted-device.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const whyNot = acmeServerMissing();
beforeAll(() => ensureBuild(), 120_000);
beforeEach((context) => {
  if (whyNot !== null) context.skip(whyNot);
});

const FREE = '127.0.0.1:0';
const service = (port: number) =>
  JSON.stringify({
    kind: 'BanyanService',
    metadata: {
      name: 'pages',
      cluster: 'c',
      tags: { domain: 'pages.example.test', service_app_type: 'GENERIC' },
    },
    spec: {
      backend: { target: { name: '127.0.0.1', port } },
      cert_settings: { letsencrypt: true },
    },
  });

/** A configuration with this directory, and the Access Tier where it asks for proof. */
function withDirectory(server: { directory: string; root: string }, port: number, folder: string) {
  writeFileSync(path.join(folder, 'directory-root.pem'), server.root);
  return {
    listen: { public: FREE, mutual: FREE, access_tier: `127.0.0.1:${port}`, operations: FREE },
    acme: {
      directory: server.directory,
      contact: 'ops@example.com',
      terms_agreed: true,
      root_file: 'directory-root.pem',
    },
  };
}

test('the hosted edge orders by its configuration, and tells how it stands where services are shown', async () => {
  const port = await freePort();
  const server = await acmeServer({ tlsPort: port });
  await server.start();
  const folder = tempDir();
  const hosted = await startHosted(withDirectory(server, port, folder), folder);
  const refused = service(9).replace('pages.example.test', '*.pages.example.test');
  expect((await hosted.run(['service', 'put', '-'], refused)).stderr).toContain(
    'spec.cert_settings.letsencrypt',
  );
  expect((await hosted.run(['service', 'put', '-'], service(9))).stderr).toBe('');
  const shown = await until(async () => {
    const { stderr } = await hosted.run(['service', 'show', 'pages']);
    return stderr.includes(': until ') && stderr;
  });
  expect(shown).toMatch(/^Its certificate of https:\/\/127\.0\.0\.1:\d+\/dir: until \S+.*\.\n$/);
  const { certificate } = await hosted.ask(['service', 'show', 'pages']);
  expect(certificate).toMatchObject({ names: ['pages.example.test'] });
  const { stdout } = await hosted.run(['audit', '--event', 'certificate']);
  expect(stdout).toContain('pages');
}, 60_000);

test('it stops at once while a directory keeps it waiting, and its order is taken up at the next start', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port: there } = silent.address() as { port: number };
  const asked = once(silent, 'connection');
  const port = await freePort();
  const server = await acmeServer({ tlsPort: port });
  const folder = tempDir();
  const waiting = { directory: `https://127.0.0.1:${there}/dir`, root: server.root };
  const first = await startHosted(withDirectory(waiting, port, folder), folder);
  await first.run(['service', 'put', '-'], service(9));
  await asked;
  const at = Date.now();
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(Date.now() - at).toBeLessThan(5_000);

  await server.start();
  const again = await startHosted(withDirectory(server, port, folder), folder);
  await until(async () => {
    const { stderr } = await again.run(['service', 'show', 'pages']);
    return stderr.includes(': until ');
  });
}, 60_000);

test('banyanproxy reaches the service as one of a public authority, and not as one of the organisation', async () => {
  const port = await freePort();
  const server = await acmeServer({ tlsPort: port });
  const { issuedUnder } = await server.start();
  const { directory, root } = server;
  const edge = await startEdge({
    accessTierPort: port,
    acme: { directory, root, contact: 'ops@example.com' },
  });
  onTestFinished(() => edge.stop());
  const backend = await startBackend((socket) => void socket.end('hello'));
  onTestFinished(() => backend.stop());
  const ask = callsTo(edge.data);
  const by = 'test';
  const text = service(backend.port);
  await ask('document.put', { kind: 'service', text, file: 'service.json', onlyNew: true, by });
  const attached = { service: 'pages.c.bnn', policy: 'engineers', enforcing: true, by };
  await ask('attachment.put', attached);
  await until(async () => {
    const { certificate } = await ask('document.show', { kind: 'service', id: 'pages' });
    return certificate?.until;
  });
  const dana = await signIn(edge, await registerDevice(edge));
  const home = tempDir();
  const file = (name: string, content: string) => {
    writeFileSync(path.join(home, name), content);
    return path.join(home, name);
  };
  file('login-cacert.pem', edge.edge.root);
  file('login-key.pem', dana.trust.key);
  file('login-cert.pem', dana.trust.cert);
  const known = { NODE_EXTRA_CA_CERTS: file('public.pem', issuedUnder) };
  const args = ['--connect-to', `127.0.0.1:${port}`, 'pages.example.test', String(port)];
  const asPublic = await runProgram('banyanproxy', ['--system-ca', ...args], home, '', known);
  expect(asPublic).toMatchObject({ exit: 0, stdout: 'hello' });
  const asOwn = await runProgram('banyanproxy', args, home, '', known);
  expect(asOwn.exit).not.toBe(0);
  expect(asOwn.stdout).toBe('');
}, 60_000);
