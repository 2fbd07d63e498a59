// Where a service is met: names, ports and addresses of its own (HostedService spec: attributes), the certificate that it
// shows there (cert_settings), and the addresses of a web service (oidc_settings).
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Call, callsTo } from '../../src/edge/administration/control-client.ts';
import type { CatalogDocument } from '../../src/shared/protocol/catalog.ts';
import { startBackend, type TestBackend } from '../support/collection.ts';
import { freePort } from '../support/foreign-servers.ts';
import { call } from '../support/https.ts';
import { createTestPki } from '../support/pki.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { webBrowser } from '../support/web-browser.ts';
import { startWebBench, type WebBench } from '../support/web-service.ts';

const by = 'test';
let edge: TestEdge;
let dana: SignedIn;
let ask: Call;
let backend: TestBackend;
beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
  ask = callsTo(edge.data);
  backend = await startBackend((socket) => void socket.end('hello'));
});
afterAll(async () => {
  await edge.stop();
  await backend.stop();
});

const document = (name: string, domain: string, spec: object, type = 'GENERIC') => ({
  kind: 'BanyanService',
  metadata: { name, cluster: 'demo', tags: { domain, service_app_type: type } },
  spec: { backend: { target: { name: '127.0.0.1', port: backend.port } }, ...spec },
});
/** As an administrator does it: refused with every reason, or served at once. */
async function publish(name: string, domain: string, spec: object): Promise<void> {
  await put(name, domain, spec);
  await ask('attachment.put', {
    service: `${name}.demo.bnn`,
    policy: 'engineers',
    enforcing: true,
    by,
  });
}
const put = (name: string, domain: string, spec: object) =>
  ask('document.put', {
    kind: 'service',
    text: JSON.stringify(document(name, domain, spec)),
    file: 'service.json',
    onlyNew: false,
    by,
  });
const problemsOf = async (answer: Promise<unknown>): Promise<string[]> => {
  const error: unknown = await answer.then(
    () => new Error('it was taken'),
    (thrown: unknown) => thrown,
  );
  const { problems = [] } = error as { problems?: { path: string; reason: string }[] };
  return problems.map(({ path: at, reason }) => `${at}: ${reason}`);
};

/** What a person is told there, or how it ends. */
async function greeting(port: number, servername: string, more: ConnectionOptions = {}) {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername,
    ca: edge.edge.root,
    ...dana.trust,
    ...more,
  });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  let failed = false;
  socket.on('error', () => (failed = true));
  await new Promise((resolve) => socket.once('close', resolve));
  return failed ? 'handshake failed' : text;
}
async function shownAt(port: number, servername: string): Promise<X509Certificate> {
  const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (!certificate) throw new Error('no certificate was shown');
  return certificate;
}

describe('names', () => {
  test('a service answers to each name of tls_sni, and to no other', async () => {
    await publish('many', 'many.demo.localhost', {
      attributes: { tls_sni: ['many.demo.localhost', 'also.demo.localhost'] },
    });
    const own = edge.edge.accessTierPort;
    expect(await greeting(own, 'many.demo.localhost')).toBe('hello');
    expect(await greeting(own, 'ALSO.demo.localhost')).toBe('hello');
    expect(await greeting(own, 'other.demo.localhost')).toBe('handshake failed');
  });

  test('what is not TLS is rejected at a port of its own, too', async () => {
    const port = await freePort();
    await publish('sealed', 'sealed.demo.localhost', {
      attributes: { tls_sni: ['sealed.demo.localhost'], frontend_addresses: [{ port }] },
    });
    const socket = connectTcp(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: sealed.demo.localhost\r\n\r\n');
    await once(socket, 'close');
    expect(text).not.toContain('HTTP');
    expect(text).not.toContain('hello');
  });

  test('a *. domain stands for one more label, and its backend is named by the parts', async () => {
    await publish('parts', '*.parts.demo.localhost', {
      backend: {
        target: {
          name_delimiter: '--',
          name: '{{index .Parts 0}}.{{index .Parts 1}}.internal',
          port: backend.port,
        },
        dns_overrides: { 'abc.def.internal': '127.0.0.1' },
        allow_patterns: [{ hostnames: ['abc.def.internal'], cidrs: ['127.0.0.1/32'] }],
      },
    });
    const own = edge.edge.accessTierPort;
    // Without http_connect only the host names of a pattern count: a name from a template reaches no loopback address.
    expect(await greeting(own, 'abc--def.parts.demo.localhost')).toBe('');
    expect(await greeting(own, 'abc.def.parts.demo.localhost')).toBe('handshake failed');
    const lines = await ask('audit.list', { last: 5, refused: true });
    expect(JSON.stringify(lines)).toContain(`abc.def.internal:${backend.port}`);
  });

  test('a name that another service has is refused', async () => {
    const taken = put('thief', 'thief.demo.localhost', {
      attributes: { tls_sni: ['thief.demo.localhost', 'echo.demo.localhost'] },
    });
    expect(await problemsOf(taken)).toEqual([
      'metadata.tags.domain: is the domain of echo.demo.bnn already',
    ]);
  });
});

describe('ports', () => {
  test('a service is met at its own port only, and nobody else there', async () => {
    const port = await freePort();
    await publish('apart', 'apart.demo.localhost', {
      attributes: {
        tls_sni: ['apart.demo.localhost'],
        frontend_addresses: [{ cidr: '', port: String(port) }],
      },
    });
    expect(await greeting(port, 'apart.demo.localhost')).toBe('hello');
    expect(await greeting(port, 'echo.demo.localhost')).toBe('handshake failed');
    expect(await greeting(edge.edge.accessTierPort, 'apart.demo.localhost')).toBe(
      'handshake failed',
    );
    const { body } = await dana.device.call(`${edge.edge.document.command_center}/services`, {
      headers: { authorization: `Bearer ${dana.trustToken}` },
    });
    const { services } = JSON.parse(body) as CatalogDocument;
    expect(services.find(({ name }) => name === 'apart')).toMatchObject({
      access_tier: `apart.demo.localhost:${port}`,
    });

    await ask('document.enable', { kind: 'service', id: 'apart', enabled: false, by });
    await ask('document.delete', { kind: 'service', id: 'apart', by });
    await until(async () => (await greeting(port, 'apart.demo.localhost')) === 'handshake failed');
  });

  test('policy is asked there as everywhere', async () => {
    const port = await freePort();
    await put('closed', 'closed.demo.localhost', {
      attributes: { frontend_addresses: [{ port }] },
    });
    expect(await greeting(port, 'closed.demo.localhost')).toBe('');
  });

  test('its cidr is the address that was connected to', async () => {
    const port = await freePort();
    await publish('elsewhere', 'elsewhere.demo.localhost', {
      attributes: { frontend_addresses: [{ cidr: '10.20.0.0/16', port }] },
    });
    expect(await greeting(port, 'elsewhere.demo.localhost')).toBe('');
    await publish('elsewhere', 'elsewhere.demo.localhost', {
      attributes: { frontend_addresses: [{ cidr: '127.0.0.0/8', port }] },
    });
    expect(await greeting(port, 'elsewhere.demo.localhost')).toBe('hello');
  });

  test('without tls_sni whatever comes to its port is its own, without a name too', async () => {
    const port = await freePort();
    await publish('any', 'any.demo.localhost', { attributes: { frontend_addresses: [{ port }] } });
    const byDomain = { checkServerIdentity: () => undefined };
    expect(await greeting(port, 'any.demo.localhost')).toBe('hello');
    expect(await greeting(port, 'whatever.example.com', byDomain)).toBe('hello');
    expect(await greeting(port, '', byDomain)).toBe('hello');
    expect((await shownAt(port, '')).subjectAltName).toBe('DNS:any.demo.localhost');
  });

  test('a port that is taken is refused when it is written', async () => {
    const answer = put('blocked', 'blocked.demo.localhost', {
      attributes: { frontend_addresses: [{ port: backend.port }] },
    });
    expect(await problemsOf(answer)).toEqual([
      `spec.attributes.frontend_addresses: port ${backend.port} cannot be opened: EADDRINUSE`,
    ]);
  });

  test('host tags of another Access Tier are refused, any are not', async () => {
    const tagged = (site: string) =>
      put('tagged', 'tagged.demo.localhost', {
        attributes: { host_tag_selector: [{ 'com.banyanops.hosttag.site_name': site }] },
      });
    expect(await problemsOf(tagged('at-1'))).toEqual([
      'spec.attributes.host_tag_selector: no Access Tier of this organisation has these tags',
    ]);
    await tagged('*');
  });
});

describe('certificates', () => {
  test('the common name is the first of dns_names, or the name of the service', async () => {
    await publish('named', 'named.demo.localhost', {
      cert_settings: { dns_names: ['first.example.com', 'second.example.com'] },
    });
    const own = edge.edge.accessTierPort;
    const named = await shownAt(own, 'named.demo.localhost');
    expect(named.subject).toBe('CN=first.example.com');
    expect(named.subjectAltName).toBe(
      'DNS:named.demo.localhost, DNS:first.example.com, DNS:second.example.com',
    );
    expect((await shownAt(own, 'echo.demo.localhost')).subject).toBe('CN=echo.demo.localhost');
    await publish('plain', 'plain.demo.localhost', {});
    expect((await shownAt(own, 'plain.demo.localhost')).subject).toBe('CN=plain');
  });

  test('files of this machine are read again when they change; broken ones change nothing', async () => {
    const folder = tempDir();
    const files = { cert: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') };
    const pki = await createTestPki();
    const make = () => pki.issue({ commonName: 'own', dnsNames: ['own.demo.localhost'] });
    const first = await make();
    writeFileSync(files.cert, first.certificate);
    writeFileSync(files.key, first.key);
    await publish('own', 'own.demo.localhost', {
      cert_settings: {
        custom_tls_cert: { enabled: true, cert_file: files.cert, key_file: files.key },
      },
    });
    const shown = async () =>
      (await shownAt(edge.edge.accessTierPort, 'own.demo.localhost')).serialNumber;
    const serial = (pem: string) => new X509Certificate(pem).serialNumber;
    expect(await shown()).toBe(serial(first.certificate));
    const { body } = await dana.device.call(`${edge.edge.document.command_center}/services`, {
      headers: { authorization: `Bearer ${dana.trustToken}` },
    });
    const { services } = JSON.parse(body) as CatalogDocument;
    expect(services.find(({ name }) => name === 'own')).toMatchObject({ ca: 'system' });

    // Half of a renewal: the new certificate, with the key of before.
    const second = await make();
    writeFileSync(files.cert, second.certificate);
    await until(async () => {
      expect(await shown()).toBe(serial(first.certificate));
      return edge.logged.some((line) => line.includes('cannot be used; the one before is kept'));
    });
    writeFileSync(files.key, second.key);
    await until(async () => (await shown()) === serial(second.certificate));
  });

  test('files that are gone keep nobody from other services at the same port', async () => {
    const port = await freePort();
    const folder = tempDir();
    const [cert_file, key_file] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    const pki = await createTestPki();
    const pair = await pki.issue({ commonName: 'frail', dnsNames: ['frail.demo.localhost'] });
    writeFileSync(cert_file, pair.certificate);
    writeFileSync(key_file, pair.key);
    const frontend_addresses = [{ port }];
    await publish('frail', 'frail.demo.localhost', {
      attributes: { frontend_addresses },
      cert_settings: { custom_tls_cert: { enabled: true, cert_file, key_file } },
    });
    await publish('sturdy', 'sturdy.demo.localhost', {
      attributes: { tls_sni: ['sturdy.demo.localhost'], frontend_addresses },
    });
    rmSync(cert_file);
    expect(await greeting(port, 'sturdy.demo.localhost')).toBe('hello');
    expect(await greeting(port, 'frail.demo.localhost')).toBe('handshake failed');
    expect(await greeting(port, '')).toBe('handshake failed');
    // Once, not for each of those who came.
    const told = edge.logged.filter((line) => line.includes('is shown no certificate'));
    expect(told).toHaveLength(1);
  });

  test.each([
    ['without an end', '/dev/zero', /custom_tls_cert: .*\/dev\/zero is no ordinary file/],
    ['larger than any', '', /custom_tls_cert: .*is larger than any certificate or key/],
  ])('files %s are refused, and not read', async (_, device, why) => {
    const large = path.join(tempDir(), 'large.pem');
    writeFileSync(large, 'x'.repeat(1024 * 1024 + 1));
    const file = device || large;
    const answer = put('files', 'endless.demo.localhost', {
      cert_settings: { custom_tls_cert: { enabled: true, cert_file: file, key_file: file } },
    });
    expect((await problemsOf(answer)).join()).toMatch(why);
  });

  test.each([
    ['that are not there', 'absent.demo.localhost', /cert_settings\.custom_tls_cert: .*ENOENT/],
    ['for another name', 'wrong.demo.localhost', /custom_tls_cert: .*is not for wrong\.demo/],
    ['that have ended', 'ended.demo.localhost', /custom_tls_cert: .*cert\.pem has ended/],
  ])('files %s are refused when they are written', async (_, domain, why) => {
    const folder = tempDir();
    const [cert_file, key_file] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    if (!domain.startsWith('absent')) {
      const pki = await createTestPki();
      const dnsNames = [domain.replace('wrong', 'own')];
      const ended = domain.startsWith('ended') && { lifeMs: -1_000 };
      const pair = await pki.issue({ commonName: 'own', dnsNames, ...ended });
      writeFileSync(cert_file, pair.certificate);
      writeFileSync(key_file, pair.key);
    }
    const answer = put('files', domain, {
      cert_settings: { custom_tls_cert: { enabled: true, cert_file, key_file } },
    });
    expect((await problemsOf(answer)).join()).toMatch(why);
  });
});

describe('addresses of a web service', () => {
  let bench: WebBench;
  beforeAll(async () => {
    bench = await startWebBench();
  });
  afterAll(() => bench.stop());

  const publishWeb = (domain: string, oidc_settings: object, tls_sni: string[] = []) =>
    bench.edge.edge.apply({
      services: [
        document(
          'portal',
          domain,
          {
            attributes: { tls_sni },
            backend: { target: { name: '127.0.0.1', port: bench.backendPort } },
            http_settings: { oidc_settings },
          },
          'WEB',
        ),
      ],
      attachments: [{ PolicyID: 'engineers', ServiceID: 'portal.demo.bnn' }],
    });
  const port = () => bench.edge.edge.accessTierPort;
  /** A browser that the app has vouched for. */
  const vouchedFor = async () => {
    const tab = webBrowser(bench.edge.edge.root);
    await tab.open(await bench.openUrl('shop.demo.bnn'));
    return tab;
  };

  test('each name of a *. domain signs in at its own address, with a cookie of its own', async () => {
    await publishWeb('*.apps.demo.localhost', {});
    const tab = await vouchedFor();
    for (const name of ['one', 'two']) {
      const host = `${name}.apps.demo.localhost`;
      const page = await tab.open(`https://${host}:${port()}/start`);
      expect([page.status, page.url]).toEqual([200, `https://${host}:${port()}/start`]);
      expect(tab.cookies(host).has('__Host-bnn_trust')).toBe(true);
    }
    const deeper = `https://a.b.apps.demo.localhost:${port()}/`;
    await expect(tab.open(deeper)).rejects.toThrow();
  });

  test('a name of a *. domain that another service has is not of it, whatever the connection is for', async () => {
    await publishWeb('*.apps.demo.localhost', {});
    const target = { name: '127.0.0.1', port: bench.backendPort };
    const closed = document('vip', 'vip.apps.demo.localhost', { backend: { target } }, 'WEB');
    await bench.edge.edge.apply({ services: [closed] });
    const tab = await vouchedFor();
    const one = `https://one.apps.demo.localhost:${port()}/`;
    expect((await tab.open(one)).status).toBe(200);
    expect((await tab.open(`https://vip.apps.demo.localhost:${port()}/`)).status).toBe(403);
    const headers = { host: `vip.apps.demo.localhost:${port()}` };
    expect((await tab.open(one, { headers })).status).toBe(421);
  });

  test('trust_callbacks are further addresses of it, others are refused', async () => {
    const names = ['portal.demo.localhost', 'gate.demo.localhost'];
    const callback = `https://gate.demo.localhost:${port()}/bnn_trust_cb`;
    const service_domain_name = `https://portal.demo.localhost:${port()}`;
    await publishWeb(
      'portal.demo.localhost',
      {
        enabled: true,
        service_domain_name,
        trust_callbacks: { gate: callback, outside: 'https://gate.demo.localhost:8124' },
      },
      names,
    );
    const tab = await vouchedFor();
    for (const host of names) {
      expect((await tab.open(`https://${host}:${port()}/`)).status).toBe(200);
    }
    const askedAs = async (host: string) => {
      const headers = { host, accept: 'text/html' };
      const root = bench.edge.edge.root;
      return (await call(`https://gate.demo.localhost:${port()}/`, { root, headers })).status;
    };
    // A port that only the definition knows: of a name alone there is the Access Tier's.
    expect(await askedAs('gate.demo.localhost:8124')).toBe(302);
    expect(await askedAs('gate.demo.localhost:1')).toBe(421);
  });

  test('service_domain_name is where the app opens it', async () => {
    const service_domain_name = 'https://portal.demo.localhost:8123';
    await publishWeb('portal.demo.localhost', { service_domain_name });
    const tab = webBrowser(bench.edge.edge.root);
    const { headers } = await tab.open(await bench.openUrl('portal.demo.bnn'), { stay: true });
    // On loopback its plain address comes first; there is no port of that kind elsewhere.
    expect(headers.location).toMatch(/^http:\/\/portal\.demo\.localhost:\d+\/$/);
    const answer = await call(`https://portal.demo.localhost:${port()}/`, {
      root: bench.edge.edge.root,
      headers: { host: 'portal.demo.localhost:8123', accept: 'text/html' },
    });
    expect(answer.status).toBe(302);
  });
});
