// What real programs get from a CHAIN port, on real TLS and real sockets.
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Credentials, type TunnelFact } from '../../src/proxy/index.ts';
import { aTunnelSpec } from '../support/local-program.ts';
import { createTestPki } from '../support/pki.ts';
import { startTlsTier } from '../support/tls-tier.ts';

let server: Credentials;
let person: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** An Access Tier that knows one name and connects it to a port of ours. */
const tierFor = (name: string, backend: number) => (socket: TLSSocket) => {
  socket.once('data', (chunk: Buffer) => {
    const end = chunk.indexOf('\r\n\r\n');
    const [, target] = chunk.toString('latin1', 0, end).split(' ');
    if (target !== name) {
      const body = JSON.stringify({
        detail: `${target} is not part of this service.`,
        code: 'target_not_allowed',
        correlation_id: 'c-42',
      });
      socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    const far = connect({ port: backend, host: '127.0.0.1', allowHalfOpen: true });
    far.on('error', () => socket.destroy());
    socket.on('close', () => far.destroy());
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    far.write(chunk.subarray(end + 4));
    socket.pipe(far).pipe(socket);
  });
};

async function startWeb(): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const web: Server = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${request.headers.host} ${body}`);
      response.end(`hello ${body}`);
    });
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => web.close());
  return { port: (web.address() as AddressInfo).port, seen };
}

/** A CHAIN port that reaches `wiki.lab:80` and nothing else. */
async function startPort() {
  const web = await startWeb();
  const tier = await startTlsTier(server, tierFor('wiki.lab:80', web.port));
  cleanUps.push(() => tier.stop());
  const facts: TunnelFact[] = [];
  const engine = createEngine((fact) => facts.push(fact));
  cleanUps.push(() => engine.stop());
  await engine.setCredentials(person);
  const { host, port } = await engine.open(
    aTunnelSpec({ accessTier: { host: '127.0.0.1', port: tier.port } }),
  );
  return { host, port, at: `${host}:${port}`, seen: web.seen, facts, accepted: tier.accepted };
}

interface Curl {
  exit: number;
  output: string;
}

function curl(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Curl> {
  return new Promise((resolve) => {
    const child = execFile(
      'curl',
      ['--silent', '--show-error', '--max-time', '10', ...args],
      { env: { PATH: process.env['PATH'], ...env } },
      (_error, stdout, stderr) => resolve({ exit: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

async function ask(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(request);
  await once(socket, 'close');
  return answer;
}

const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe.skipIf(!hasCurl)('curl (skipped where it is not installed)', () => {
  it('gets a page with -x, by a plain request and by CONNECT', async () => {
    const { at, seen } = await startPort();
    for (const how of [[], ['--proxytunnel']]) {
      const page = await curl(['-x', `http://${at}`, ...how, 'http://wiki.lab/a?b']);
      expect(page).toEqual({ exit: 0, output: 'hello ' });
    }
    expect(seen).toEqual(['GET /a?b wiki.lab ', 'GET /a?b wiki.lab ']);
  });

  it('gets a page with --socks5-hostname', async () => {
    const { at, seen } = await startPort();
    const page = await curl(['--socks5-hostname', at, 'http://wiki.lab/']);
    expect(page).toEqual({ exit: 0, output: 'hello ' });
    expect(seen).toEqual(['GET / wiki.lab ']);
  });

  it('posts with http_proxy in the environment, with a length and in chunks', async () => {
    const { at, seen } = await startPort();
    const env = { http_proxy: `http://${at}` };
    const body = 'x'.repeat(100_000);
    for (const how of [[], ['-H', 'Transfer-Encoding: chunked']]) {
      const page = await curl(['--data', body, ...how, 'http://wiki.lab/'], env);
      expect(page).toEqual({ exit: 0, output: `hello ${body}` });
    }
    expect(seen).toEqual([`POST / wiki.lab ${body}`, `POST / wiki.lab ${body}`]);
  });

  it('gets two pages in one run, each by a connection of its own', async () => {
    const { at, accepted } = await startPort();
    const before = accepted();
    const pages = await curl(['-x', `http://${at}`, 'http://wiki.lab/1', 'http://wiki.lab/2']);
    expect(pages.output).toBe('hello hello ');
    // Others are made ahead for what may come next.
    expect(accepted() - before).toBeGreaterThanOrEqual(2);
  });

  it.each([
    { how: ['-x'], says: /^HTTP\/1\.1 403 [^]*correlation id c-42/ },
    { how: ['--proxytunnel', '-x'], says: /^HTTP\/1\.1 403 / },
    // "Connection not allowed by ruleset" (RFC 1928 6).
    { how: ['--socks5-hostname'], says: /\(2\)/ },
  ])('is told with $how that the Access Tier refuses an address', async ({ how, says }) => {
    const { at, facts } = await startPort();
    const page = await curl(['-i', ...how, at, 'http://evil.lab/']);
    expect(page.output).toMatch(says);
    await expect
      .poll(() => facts.at(-1))
      .toMatchObject({ type: 'connection-refused', target: 'evil.lab:80' });
  });

  it('is told by SOCKS4 that it is not spoken here', async () => {
    const { at } = await startPort();
    const page = await curl(['--socks4a', at, 'http://wiki.lab/']);
    expect(page).toMatchObject({ exit: 97, output: expect.stringContaining('91') });
  });
});

describe('a web page', () => {
  it('cannot read the proxy configuration, a person can', async () => {
    const { port, at } = await startPort();
    const fetching = (site: string, host = at) =>
      ask(
        port,
        `GET /proxy.pac HTTP/1.1\r\nHost: ${host}\r\nSec-Fetch-Site: ${site}\r\n` +
          'Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\nUser-Agent: Mozilla/5.0\r\n\r\n',
      );
    expect(await fetching('cross-site')).toMatch(/^HTTP\/1\.1 403 /);
    expect(await fetching('none', 'rebound.example')).toMatch(/^HTTP\/1\.1 403 /);
    expect(await fetching('none')).toContain(`PROXY ${at}`);
  });
});

describe('a request in absolute form', () => {
  it('never has a second one delivered behind it', async () => {
    const { port, seen } = await startPort();
    const answer = await ask(
      port,
      'POST http://wiki.lab/ HTTP/1.1\r\nHost: wiki.lab\r\nContent-Length: 2\r\n\r\nhi' +
        'GET http://evil.lab/cookie HTTP/1.1\r\nHost: evil.lab\r\nCookie: secret\r\n\r\n',
    );
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    expect(answer.endsWith('hello hi')).toBe(true);
    expect(seen).toEqual(['POST / wiki.lab hi']);
  });

  it('gets 502 when the server answers in another tongue', async () => {
    const odd = createServer((socket) => void socket.end('220 smtp.lab ESMTP\r\n\r\n'));
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => odd.close());
    const tier = await startTlsTier(
      server,
      tierFor('wiki.lab:80', (odd.address() as AddressInfo).port),
    );
    cleanUps.push(() => tier.stop());
    const engine = createEngine(() => {});
    cleanUps.push(() => engine.stop());
    await engine.setCredentials(person);
    const { port } = await engine.open(
      aTunnelSpec({ accessTier: { host: '127.0.0.1', port: tier.port } }),
    );
    const answer = await ask(port, 'GET http://wiki.lab/ HTTP/1.1\r\nHost: wiki.lab\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
  });
});
