// Certificates of services from an ACME directory (HostedService spec: cert_settings.letsencrypt), against a directory that
// nobody here wrote.
import { execFile } from 'node:child_process';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { AcmeConfig } from '../../src/edge/acme/certificates.ts';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import type { AuditLine } from '../../src/edge/audit/audit.ts';
import type { DemoOptions } from '../../src/edge/demo.ts';
import { type AcmeServer, acmeServer, acmeServerMissing } from '../support/acme-server.ts';
import { startBackend } from '../support/collection.ts';
import { freePort } from '../support/foreign-servers.ts';
import { createTestPki } from '../support/pki.ts';
import { postgresMissing, startPostgresServer } from '../support/postgres.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const whyNot = acmeServerMissing();
beforeEach((context) => {
  if (whyNot !== null) context.skip(whyNot);
});

const by = 'test';
/** For tests that wait for what elsewhere takes hours. */
const FAST = { retryMs: 1_500, longestRetryMs: 60_000, leastMs: 0 };

interface Bench {
  edge: TestEdge;
  port: number;
  server: AcmeServer;
}

async function bench(
  wish: { tlsPort?: number; lifetimeSeconds?: number; pace?: object } = {},
): Promise<Bench> {
  const port = await freePort();
  const server = await acmeServer({ tlsPort: port, ...wish });
  return { edge: await edgeWith(server, port, { pace: wish.pace ?? FAST }), port, server };
}

async function edgeWith(
  server: Pick<AcmeServer, 'directory' | 'root'> & Pick<AcmeConfig, 'externalAccount'>,
  accessTierPort: number,
  { pace = FAST, ...options }: { pace?: object } & Partial<DemoOptions> = {},
): Promise<TestEdge> {
  const { directory, root, externalAccount } = server;
  const acme = { directory, root, externalAccount, contact: 'ops@example.com', pace };
  const ports = { operations: { port: 0 } };
  const edge = await startEdge({ accessTierPort, acme, ports, ...options });
  onTestFinished(() => edge.stop());
  return edge;
}

const put = (edge: TestEdge, name: string, more: { cert?: object; spec?: object } = {}) =>
  callsTo(edge.data)('document.put', {
    kind: 'service',
    text: JSON.stringify({
      kind: 'BanyanService',
      metadata: {
        name,
        cluster: 'demo',
        tags: { domain: `${name}.example.test`, service_app_type: 'GENERIC' },
      },
      spec: {
        backend: { target: { name: '127.0.0.1', port: 1 } },
        cert_settings: { letsencrypt: true, ...more.cert },
        ...more.spec,
      },
    }),
    file: 'service.json',
    onlyNew: false,
    by,
  });
const problemsOf = async (answer: Promise<unknown>): Promise<string> => {
  const error: unknown = await answer.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  return JSON.stringify((error as { problems?: unknown }).problems ?? String(error));
};
const stateOf = async (edge: TestEdge, name: string) =>
  (await callsTo(edge.data)('document.show', { kind: 'service', id: name })).certificate;
const audited = async (edge: TestEdge): Promise<AuditLine[]> =>
  (await callsTo(edge.data)('audit.list', { last: 50, refused: false, event: 'certificate' }))
    .entries;

/** What is shown there, or how it ended. */
async function shown(
  port: number,
  servername: string,
  more: ConnectionOptions = {},
): Promise<{ certificate: X509Certificate | null; socket: TLSSocket }> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername,
    rejectUnauthorized: false,
    ...more,
  });
  onTestFinished(() => void socket.destroy());
  const ended = new Promise<null>((resolve) => socket.once('error', () => resolve(null)));
  const closed = once(socket, 'close').then(() => null);
  const certificate = await Promise.race([
    once(socket, 'secureConnect').then(() => socket.getPeerX509Certificate() ?? null),
    ended,
    closed,
  ]).catch(() => null);
  return { certificate, socket };
}
/** Once there is one that this root vouches for. */
async function issued(port: number, servername: string, root?: string): Promise<X509Certificate> {
  return until(async () => {
    const more = root === undefined ? {} : { ca: root, rejectUnauthorized: true };
    const { certificate, socket } = await shown(port, servername, more);
    socket.destroy();
    return certificate;
  });
}

const run = (command: string, args: string[]) =>
  new Promise<{ exit: number; text: string }>((resolve) => {
    const child = execFile(command, args, { timeout: 10_000 }, (_, stdout, stderr) =>
      resolve({ exit: child.exitCode ?? -1, text: stdout + stderr }),
    );
    child.stdin?.end();
  });

/** Somebody who is let in to the service `pages`, which is made for that. */
async function whoMayUsePages(edge: TestEdge, backendPort: number): Promise<SignedIn> {
  await put(edge, 'pages', {
    spec: { backend: { target: { name: '127.0.0.1', port: backendPort } } },
  });
  await callsTo(edge.data)('attachment.put', {
    service: 'pages.demo.bnn',
    policy: 'engineers',
    enforcing: true,
    by,
  });
  return signIn(edge, await registerDevice(edge));
}

describe('a service with letsencrypt', () => {
  test('shows a certificate of the directory for all its names, and curl and openssl need no root of ours', async () => {
    const { edge, port, server } = await bench();
    const { issuedUnder } = await server.start();
    const backend = createHttpServer((_, response) => response.end('pages says hello\n'));
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void backend.close());
    const { port: backendPort } = backend.address() as AddressInfo;
    await put(edge, 'pages', {
      cert: { dns_names: ['first.example.test'] },
      spec: {
        attributes: { tls_sni: ['pages.example.test', 'also.example.test'] },
        backend: { target: { name: '127.0.0.1', port: backendPort } },
      },
    });
    await callsTo(edge.data)('attachment.put', {
      service: 'pages.demo.bnn',
      policy: 'engineers',
      enforcing: true,
      by,
    });
    const certificate = await issued(port, 'also.example.test', issuedUnder);
    expect(certificate.subjectAltName?.split(', ').toSorted()).toEqual([
      'DNS:also.example.test',
      'DNS:first.example.test',
      'DNS:pages.example.test',
    ]);

    const folder = tempDir();
    const file = (name: string, content: string) => {
      writeFileSync(path.join(folder, name), content);
      return path.join(folder, name);
    };
    const dana = await signIn(edge, await registerDevice(edge));
    const login = ['--key', file('login-key.pem', dana.trust.key)];
    login.push('--cert', file('login-cert.pem', dana.trust.cert));
    const publicRoot = file('public.pem', issuedUnder);
    const ours = file('login-cacert.pem', edge.edge.root);
    const there = ['--resolve', `pages.example.test:${port}:127.0.0.1`, '--noproxy', '*', '-sS'];
    const url = `https://pages.example.test:${port}/`;
    const known = await run('curl', [...there, ...login, '--cacert', publicRoot, url]);
    expect(known).toEqual({ exit: 0, text: 'pages says hello\n' });
    expect((await run('curl', [...there, ...login, '--cacert', ours, url])).exit).toBe(60);
    const who = ['-servername', 'pages.example.test', '-verify_hostname', 'pages.example.test'];
    const at = ['-connect', `127.0.0.1:${port}`, '-CAfile', publicRoot, '-verify_return_error'];
    const { text } = await run('openssl', ['s_client', ...at, ...who]);
    expect(text).toContain('Verify return code: 0 (ok)');

    const [entry] = await audited(edge);
    expect(entry).toMatchObject({ event: 'certificate', service: 'pages.demo.bnn', allowed: true });
    expect((await stateOf(edge, 'pages'))?.until).toBe(Date.parse(certificate.validTo) / 1000);
  }, 60_000);

  test('is told to apps as one of a public authority, before it has its certificate too', async () => {
    const { edge } = await bench();
    await put(edge, 'pages', { spec: { backend: { target: { name: '127.0.0.1', port: 9 } } } });
    await callsTo(edge.data)('attachment.put', {
      service: 'pages.demo.bnn',
      policy: 'engineers',
      enforcing: true,
      by,
    });
    const dana = await signIn(edge, await registerDevice(edge));
    const { body } = await dana.device.call(`${edge.edge.document.command_center}/services`, {
      headers: { authorization: `Bearer ${dana.trustToken}` },
    });
    const { services } = JSON.parse(body) as { services: { name: string; ca: string }[] };
    expect(services.find(({ name }) => name === 'pages')?.ca).toBe('system');
  });

  test('shows nothing while the directory is away, says why, and is served once it is back', async () => {
    const { edge, port, server } = await bench();
    await put(edge, 'pages');
    await until(async () => (await stateOf(edge, 'pages'))?.failed);
    const state = await stateOf(edge, 'pages');
    expect(state?.until).toBeUndefined();
    expect(state?.failed?.reason).toContain('the directory does not answer');
    expect((await shown(port, 'pages.example.test')).certificate).toBeNull();
    expect((await shown(port, 'echo.demo.localhost')).certificate).not.toBeNull();
    expect(edge.logged.join('\n')).toMatch(
      /error a certificate was not issued; the service cannot be reached .*the directory does not answer/,
    );
    expect((await audited(edge))[0]).toMatchObject({ allowed: false, service: 'pages.demo.bnn' });
    const operations = async (what: string) => {
      const answer = await fetch(`http://127.0.0.1:${edge.edge.operationsPort}/${what}`);
      return { status: answer.status, text: await answer.text() };
    };
    expect(await operations('health')).toEqual({
      status: 503,
      text: 'pages.demo.bnn has no certificate yet\n',
    });
    const { issuedUnder } = await server.start();
    const { validTo } = await issued(port, 'pages.example.test', issuedUnder);
    expect((await stateOf(edge, 'pages'))?.failed).toBeUndefined();
    expect(await operations('health')).toEqual({ status: 200, text: 'ok\n' });
    expect((await operations('metrics')).text).toContain(
      `banyan_edge_certificate_end_seconds{service="pages.demo.bnn"} ${Date.parse(validTo) / 1000}\n`,
    );
  }, 60_000);

  test('whose names lead elsewhere fails ever more rarely, and keeps no other one from its certificate', async () => {
    const elsewhere = await freePort();
    const { edge, port, server } = await bench({ tlsPort: elsewhere });
    const running = await server.start();
    await put(edge, 'pages');
    const times = (wanted: number) =>
      until(async () => ((await stateOf(edge, 'pages'))?.failed?.times ?? 0) >= wanted);
    await times(1);
    const began = Date.now();
    expect((await stateOf(edge, 'pages'))?.failed?.reason).toContain('pages.example.test: ');
    await times(2);
    expect(Date.now() - began).toBeGreaterThan(FAST.retryMs * 0.75 - 100);
    const { failed } = (await stateOf(edge, 'pages')) ?? {};
    // Twice as long, a quarter more or less.
    expect((failed?.nextOrder ?? 0) * 1000 - Date.now()).toBeGreaterThan(FAST.retryMs * 0.75);
    expect(running.said()).not.toContain('Issued certificate');
    expect((await shown(port, 'pages.example.test')).certificate).toBeNull();
    expect((await shown(port, 'echo.demo.localhost')).certificate).not.toBeNull();
  }, 60_000);

  test('comes back when a directory that wants nothing more says so, and not before', async () => {
    const pki = await createTestPki();
    const own = await pki.issue({ commonName: 'directory', ipAddresses: ['127.0.0.1'] });
    let asked = 0;
    const directory = createHttpsServer({ key: own.key, cert: own.certificate }, (_, response) => {
      asked += 1;
      response.writeHead(429, { 'Retry-After': '7200' });
      response.end(JSON.stringify({ type: 'rateLimited', detail: 'too many for today' }));
    });
    await new Promise<void>((resolve) => directory.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void directory.close());
    const url = `https://127.0.0.1:${(directory.address() as AddressInfo).port}/dir`;
    const edge = await edgeWith({ directory: url, root: pki.root }, 0);
    await put(edge, 'pages');
    const failed = await until(async () => (await stateOf(edge, 'pages'))?.failed);
    expect(failed.reason).toContain('too many for today');
    expect(failed.nextOrder - Date.now() / 1000).toBeGreaterThan(7_100);
    await delay(FAST.retryMs * 2);
    expect(asked).toBe(1);
  });

  test('gets a new one when a third of its life is left, and shows the old one until then; connections stay', async () => {
    const { edge, port, server } = await bench({ lifetimeSeconds: 12 });
    await server.start();
    const backend = await startBackend((socket) => void socket.pipe(socket));
    onTestFinished(() => backend.stop());
    const dana = await whoMayUsePages(edge, backend.port);
    const first = await issued(port, 'pages.example.test');
    const { socket } = await shown(port, 'pages.example.test', dana.trust);
    const renewed = await until(async () => {
      const now = await shown(port, 'pages.example.test');
      now.socket.destroy();
      expect(now.certificate).not.toBeNull();
      return now.certificate?.serialNumber !== first.serialNumber && now.certificate;
    });
    // Not at once either.
    expect(Date.parse(renewed.validFrom) - Date.parse(first.validFrom)).toBeGreaterThan(6_000);
    expect(Date.parse(renewed.validFrom)).toBeLessThan(Date.parse(first.validTo));
    socket.write('still here');
    expect(String((await once(socket, 'data'))[0])).toBe('still here');
  }, 60_000);

  test('keeps certificate and account over a restart, and no key can be read in the store', async () => {
    const { edge, port, server } = await bench();
    const running = await server.start();
    await put(edge, 'pages');
    const before = await issued(port, 'pages.example.test');
    await edge.edge.stop();
    const again = await edgeWith(server, port, { data: edge.data });
    expect((await shown(port, 'pages.example.test')).certificate?.serialNumber).toBe(
      before.serialNumber,
    );
    await put(again, 'other');
    await issued(port, 'other.example.test');
    expect(running.said().match(/Issued certificate/g)).toHaveLength(2);
    expect(running.said()).not.toContain('There are now 2 accounts');
    const kept = readFileSync(path.join(edge.data, 'state.json'), 'utf8');
    expect(kept).toContain('BEGIN CERTIFICATE');
    expect(kept).not.toContain('PRIVATE KEY');
  }, 60_000);

  test('that is removed is forgotten with its key, and its name answers no more', async () => {
    const { edge, port, server } = await bench();
    await server.start();
    await put(edge, 'pages');
    await issued(port, 'pages.example.test');
    const ask = callsTo(edge.data);
    await ask('document.enable', { kind: 'service', id: 'pages', enabled: false, by });
    await ask('document.delete', { kind: 'service', id: 'pages', by });
    expect((await shown(port, 'pages.example.test')).certificate).toBeNull();
    await until(async () => {
      const kept = readFileSync(path.join(edge.data, 'state.json'), 'utf8');
      return !kept.includes('BEGIN CERTIFICATE');
    });
  }, 60_000);

  test('that this version cannot read keeps its certificate, for the one that can', async () => {
    const data = tempDir();
    const file = path.join(data, 'state.json');
    const [names, directory] = [['pages.example.test'], 'https://127.0.0.1:1/dir'];
    const failed = { names, directory, times: 1, reason: 'away', until: Date.now() + 600_000 };
    const later = { kind: 'service', enabled: true, definition: { kind: 'Later' }, version: 1 };
    const collections = {
      documents: { 'service/later.demo.bnn': later },
      acmeCertificates: { 'later.demo.bnn': { failed }, 'gone.demo.bnn': { failed } },
    };
    writeFileSync(file, JSON.stringify({ version: 1, collections }));
    const { root } = await createTestPki();
    const edge = await edgeWith({ directory, root }, await freePort(), { data });
    const kept = () =>
      Object.keys(
        (JSON.parse(readFileSync(file, 'utf8')) as { collections: typeof collections }).collections
          .acmeCertificates,
      );
    await until(() => Promise.resolve(!kept().includes('gone.demo.bnn')));
    expect(kept()).toEqual(['later.demo.bnn']);
    await edge.stop();
  });

  test('has an account that belongs to a customer, where the directory wants that', async () => {
    const port = await freePort();
    const hmacKey = Buffer.alloc(32, 7).toString('base64url');
    const server = await acmeServer({ tlsPort: port, externalAccounts: { 'customer-1': hmacKey } });
    const { issuedUnder } = await server.start();
    const nobody = await edgeWith(server, 0);
    await put(nobody, 'pages');
    const failed = await until(async () => (await stateOf(nobody, 'pages'))?.failed);
    expect(failed.reason).toContain('externalAccountBinding');
    const customer = { keyId: 'customer-1', hmacKey };
    const edge = await edgeWith({ ...server, externalAccount: customer }, port);
    await put(edge, 'pages');
    await issued(port, 'pages.example.test', issuedUnder);
  }, 60_000);

  test('orders for its new names when they change', async () => {
    const { edge, port, server } = await bench();
    await server.start();
    await put(edge, 'pages');
    await issued(port, 'pages.example.test');
    const attributes = { tls_sni: ['pages.example.test', 'more.example.test'] };
    await put(edge, 'pages', {
      spec: { attributes, backend: { target: { name: '127.0.0.1', port: 1 } } },
    });
    await until(async () => {
      const { certificate } = await shown(port, 'more.example.test');
      return certificate?.checkHost('more.example.test');
    });
  }, 60_000);
});

describe('the challenge', () => {
  const WHAT_PROVES = '1.3.6.1.5.5.7.1.31';

  /** An edge that waits for proof of pages.example.test to be asked for. */
  async function waiting() {
    const port = await freePort();
    const server = await acmeServer({ tlsPort: port });
    const data = tempDir();
    let reached = 0;
    const backend = await startBackend((socket) => {
      reached += 1;
      socket.end('a backend');
    });
    onTestFinished(() => backend.stop());
    const challenge = { keyAuthorization: 'token.thumbprint', until: Date.now() + 60_000 };
    writeFileSync(
      path.join(data, 'state.json'),
      JSON.stringify({
        version: 1,
        collections: { acmeChallenges: { 'pages.example.test': challenge } },
      }),
    );
    const edge = await edgeWith(server, port, { data });
    const dana = await whoMayUsePages(edge, backend.port);
    return { port, reached: () => reached, trust: dana.trust };
  }
  const isProof = (certificate: X509Certificate | null): boolean =>
    certificate?.toLegacyObject().raw.includes(oid(WHAT_PROVES)) ?? false;

  test('is answered to who asks by acme-tls/1 alone, reaches no backend, and is over after the handshake', async () => {
    const { port, reached, trust } = await waiting();
    const asked = await shown(port, 'PAGES.example.test', {
      ALPNProtocols: ['acme-tls/1'],
      ...trust,
    });
    expect(asked.socket.alpnProtocol).toBe('acme-tls/1');
    expect(isProof(asked.certificate)).toBe(true);
    let told = '';
    asked.socket.on('data', (bytes: Buffer) => (told += bytes.toString()));
    asked.socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(asked.socket, 'close');
    expect(told).toBe('');
    expect(reached()).toBe(0);
  });

  test.each([
    ['nothing', undefined],
    ['h2', ['h2']],
    ['acme-tls/1 among others', ['acme-tls/1', 'h2']],
  ])('is shown to nobody who offers %s', async (_, ALPNProtocols) => {
    const { port, trust } = await waiting();
    const more = { ...(ALPNProtocols && { ALPNProtocols }), ...trust };
    const { certificate, socket } = await shown(port, 'pages.example.test', more);
    expect(certificate).toBeNull();
    expect(socket.alpnProtocol).not.toBe('acme-tls/1');
  });

  test.each(['echo.demo.localhost', 'nobody.example.test', ''])(
    'of a name that nobody has to prove ("%s") is refused in the handshake',
    async (name) => {
      const { port } = await waiting();
      const { certificate } = await shown(port, name, { ALPNProtocols: ['acme-tls/1'] });
      expect(certificate).toBeNull();
    },
  );
});

describe('two edges on one store', () => {
  test('order once, answer the challenge wherever it comes, and show the same certificate', async (context) => {
    const noDatabase = postgresMissing();
    context.skip(noDatabase !== null, noDatabase ?? '');
    const postgres = await startPostgresServer();
    onTestFinished(() => postgres.stop());
    const database = await postgres.database();
    const [port, otherPort] = [await freePort(), await freePort()];
    // Names lead to the other one, which was not told to have the service.
    const server = await acmeServer({ tlsPort: otherPort });
    const running = await server.start();
    const first = await edgeWith(server, port, { database });
    const data = tempDir();
    for (const each of ['authority', 'issuer.json']) {
      cpSync(path.join(first.data, each), path.join(data, each), { recursive: true });
    }
    const second = await edgeWith(server, otherPort, { database, data });
    await put(first, 'pages');
    const [here, there] = await Promise.all(
      [port, otherPort].map((at) => issued(at, 'pages.example.test', running.issuedUnder)),
    );
    expect(there?.serialNumber).toBe(here?.serialNumber);
    expect(running.said().match(/Issued certificate/g)).toHaveLength(1);
    expect(running.said()).not.toContain('There are now 2 accounts');
    expect([...(await audited(first)), ...(await audited(second))]).toHaveLength(1);
  }, 90_000);
});

describe('letsencrypt is refused when it is written', () => {
  const file = { enabled: true, cert_file: '/a.pem', key_file: '/b.pem' };

  test('without a directory in the configuration', async () => {
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const problems = await problemsOf(put(edge, 'pages'));
    expect(problems).toContain('"path":"spec.cert_settings.letsencrypt"');
    expect(problems).toMatch(/"line":1,.*this edge has no \\"acme\\" in its configuration/);
  });

  test('and is an error in the log, once, where the directory was taken out of the configuration', async () => {
    const { edge, port } = await bench();
    await put(edge, 'pages');
    await edge.edge.stop();
    const without = await startEdge({ accessTierPort: port, data: edge.data });
    onTestFinished(() => without.stop());
    expect((await shown(port, 'pages.example.test')).certificate).toBeNull();
    expect((await shown(port, 'pages.example.test')).certificate).toBeNull();
    expect((await shown(port, 'echo.demo.localhost')).certificate).not.toBeNull();
    const told = without.logged.filter((line) =>
      line.includes('has no "acme"'.replaceAll('"', '\\"')),
    );
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^error a service cannot be reached .*pages\.example\.test/);
  });

  test('for a name with a star, and beside files', async () => {
    const { edge } = await bench();
    const wild = put(edge, 'wild', { cert: { dns_names: ['*.wild.example.test'] } });
    expect(await problemsOf(wild)).toContain('a certificate for *.wild.example.test would need');
    const both = put(edge, 'both', { cert: { custom_tls_cert: file } });
    expect(await problemsOf(both)).toContain('custom_tls_cert is enabled too');
  });
});

/** As it stands in a certificate (X.690 8.19), for one with parts below 128. */
const oid = (text: string): Buffer => {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return Buffer.from([first * 40 + second, ...rest]);
};
