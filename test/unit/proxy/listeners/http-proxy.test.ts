import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { DialError } from '../../../../src/proxy/net/dial.ts';
import { routeChain } from '../../../../src/proxy/listeners/chain.ts';
import { TargetError } from '../../../../src/proxy/listeners/route.ts';
import { AppError } from '../../../../src/shared/errors.ts';
import { refusalError } from '../../../../src/shared/protocol/refusal-codes.ts';
import { type Outcome, runRoute } from '../../../support/local-program.ts';

const statusOf = ({ received }: Outcome) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1]);

describe('CONNECT', () => {
  it.each([
    ['db.lab:5432', { host: 'db.lab', port: 5432 }],
    ['DB_1.Lab:5432', { host: 'db_1.lab', port: 5432 }],
    ['10.0.0.1:22', { host: '10.0.0.1', port: 22 }],
    ['[2001:db8::1]:443', { host: '2001:db8::1', port: 443 }],
  ])('to %s opens the way there', async (authority, target) => {
    const outcome = await runRoute(routeChain, [`CONNECT ${authority} HTTP/1.1\r\n\r\n`]);
    expect(outcome.asked).toEqual([{ target, early: '' }]);
    expect(outcome.received).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
  });

  it('passes on what came right behind it, and leaves what comes later where it is', async () => {
    const outcome = await runRoute(routeChain, [
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\nearly',
      'late',
    ]);
    expect(outcome.asked[0]?.early).toBe('early');
    expect(outcome.left).toBe('late');
  });

  it.each([
    'a',
    'a:0',
    'a:65536',
    'user@a:1',
    '[a]:1',
    '[1.2.3.4]:1',
    '[fe80::1%eth0]:1',
    'a..b:1',
    'a"b:1',
    '-a:1',
    'http://a:1',
    '',
  ])('to %j is refused', async (authority) => {
    const outcome = await runRoute(routeChain, [`CONNECT ${authority} HTTP/1.1\r\n\r\n`]);
    expect(statusOf(outcome)).toBe(400);
    expect(outcome.asked).toEqual([]);
  });
});

describe('a request in absolute form', () => {
  const forwarded = async (text: string) => (await runRoute(routeChain, [text])).asked[0];

  it('is sent in origin form with the host that it names, and without what was meant for us', async () => {
    const asked = await forwarded(
      'POST HTTP://Wiki.lab/a?b=c HTTP/1.1\r\nHost: other.lab\r\nConnection: X-Hop, close\r\n' +
        'X-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n' +
        'TE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nAccept: a\r\naccept:  b\t\r\nVia: 1.0 fred\r\n' +
        'Content-Length: 3\r\n\r\nabc',
    );
    expect(asked).toEqual({
      target: { host: 'wiki.lab', port: 80 },
      early:
        'POST /a?b=c HTTP/1.1\r\nHost: wiki.lab\r\nAccept: a\r\naccept: b\r\nVia: 1.0 fred\r\n' +
        'Content-Length: 3\r\nVia: 1.1 banyan\r\nConnection: close\r\n\r\n',
    });
  });

  it.each([
    ['GET http://a.lab HTTP/1.1', 'a.lab', 80, 'GET / HTTP/1.1\r\nHost: a.lab\r\n'],
    ['GET http://a.lab:80/ HTTP/1.1', 'a.lab', 80, 'GET / HTTP/1.1\r\nHost: a.lab\r\n'],
    ['GET http://a.lab:8080?q HTTP/1.0', 'a.lab', 8080, 'GET /?q HTTP/1.0\r\nHost: a.lab:8080\r\n'],
    ['GET http://[::1]:81/x HTTP/1.1', '::1', 81, 'GET /x HTTP/1.1\r\nHost: [::1]:81\r\n'],
    ['OPTIONS http://a.lab HTTP/1.1', 'a.lab', 80, 'OPTIONS * HTTP/1.1\r\nHost: a.lab\r\n'],
    ['PROPFIND http://a.lab/ HTTP/1.1', 'a.lab', 80, 'PROPFIND / HTTP/1.1\r\nHost: a.lab\r\n'],
  ])('%s goes to %s:%i', async (line, host, port, start) => {
    const asked = await forwarded(`${line}\r\nHost: x\r\n\r\n`);
    expect(asked?.target).toEqual({ host, port });
    expect(asked?.early.slice(0, start.length)).toBe(start);
  });

  const head = (fields: string) => `POST http://a.lab/ HTTP/1.1\r\nHost: a.lab\r\n${fields}\r\n`;
  it.each([
    ['two lengths', head('Content-Length: 1\r\nContent-Length: 2\r\n')],
    ['two lengths in one field', head('Content-Length: 1, 2\r\n')],
    ['a length and a coding', head('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
    ['a length that is no number', head('Content-Length: +1\r\n')],
    ['an empty length', head('Content-Length:\r\n')],
    ['an unknown coding', head('Transfer-Encoding: gzip, chunked\r\n')],
    ['a disguised coding', head('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n')],
    ['a coding in HTTP/1.0', 'POST http://a/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a blank before the colon', head('Content-Length : 1\r\n')],
    ['a folded line', head('X: 1\r\n Content-Length: 1\r\n')],
    ['a bare carriage return', head('X: 1\rContent-Length: 1\r\n')],
    ['a bare line feed', head('X: 1\nContent-Length: 1\r\n')],
    ['a NUL', head('X: 1\0\r\n')],
    ['two hosts', head('Host: b.lab\r\n')],
    ['no host', 'GET http://a.lab/ HTTP/1.1\r\n\r\n'],
    ['a password', 'GET http://u:p@a.lab/ HTTP/1.1\r\nHost: a.lab\r\n\r\n'],
    ['no name', 'GET http:///x HTTP/1.1\r\nHost: a.lab\r\n\r\n'],
    ['a fragment', 'GET http://a.lab/#x HTTP/1.1\r\nHost: a.lab\r\n\r\n'],
    ['a blank in the address', 'GET http://a.lab/ x HTTP/1.1\r\nHost: a.lab\r\n\r\n'],
    ['another version', 'GET http://a.lab/ HTTP/2.0\r\nHost: a.lab\r\n\r\n'],
  ])('with %s is refused', async (_what, request) => {
    const outcome = await runRoute(routeChain, [request]);
    expect(statusOf(outcome)).toBe(400);
    expect(outcome.asked).toEqual([]);
  });

  it('with the same length twice is sent with one', async () => {
    const asked = await forwarded(head('Content-Length: 1\r\nContent-Length: 1\r\n'));
    expect(asked?.early.match(/Content-Length/g)).toHaveLength(1);
  });

  it('keeps its length when the client calls that a matter of the connection', async () => {
    const asked = await forwarded(
      head('Connection: Content-Length, Host\r\nContent-Length: 1\r\n'),
    );
    expect(asked?.early).toContain('\r\nContent-Length: 1\r\n');
    expect(asked?.early).toContain('\r\nHost: a.lab\r\n');
  });

  it('over https is not forwarded, and the answer says what to do', async () => {
    const outcome = await runRoute(routeChain, ['GET https://a.lab/ HTTP/1.1\r\n\r\n']);
    expect(statusOf(outcome)).toBe(501);
    expect(outcome.received).toContain('CONNECT');
  });

  it('carries its body and nothing of a second request, and says that the connection ends', async () => {
    const { server, routed } = await runRoute(routeChain, [
      'POST http://a.lab/ HTTP/1.1\r\nHost: a.lab\r\nContent-Length: 4\r\n\r\n',
    ]);
    const { far } = routed!;
    let request = '';
    server.on('data', (chunk: Buffer) => (request += chunk.toString()));
    far.write('bo');
    far.write('dyGET http://b.lab/secret HTTP/1.1\r\n\r\n');
    far.write('more');
    server.end('HTTP/1.1 200 OK\r\nKeep-Alive: 9\r\nContent-Length: 2\r\n\r\nok');
    let answer = '';
    far.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(far, 'end');
    expect(answer).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 banyan\r\nConnection: close\r\n\r\nok',
    );
    expect(request).toBe('body');
  });
});

describe('failures', () => {
  it.each([
    [refusalError('target_not_allowed', 'Not\r\npart.', 'c-1'), 403, 'correlation id c-1'],
    [refusalError('role', 'Not yours.', 'c-2'), 403, 'Not yours.'],
    [refusalError('target_timeout', 'Slow.', ''), 504, 'Slow.'],
    [refusalError('target_unreachable', 'Gone.', ''), 502, 'Gone.'],
    [
      new AppError('tunnel/unreachable', 'Late.', { cause: new DialError('timed-out') }),
      504,
      'Late.',
    ],
    [new AppError('tunnel/unreachable', 'Nobody.'), 502, 'Nobody.'],
    [new AppError('tunnel/certificate-expired', 'Old.'), 503, 'Old.'],
    [new AppError('tunnel/certificate-missing', 'None.'), 503, 'None.'],
    [new AppError('tunnel/certificate-refused', 'No.'), 503, 'No.'],
    [new AppError('tunnel/upstream-proxy-failed', 'proxy.lab:3128 says 407.'), 502, 'proxy.lab'],
    [new Error('a secret'), 502, 'cannot be reached'],
  ])('%s → %i', async (failure, status, words) => {
    for (const request of ['CONNECT a:1', 'GET http://a/']) {
      const outcome = await runRoute(routeChain, [`${request} HTTP/1.1\r\nHost: a\r\n\r\n`], {
        failure,
      });
      expect(statusOf(outcome)).toBe(status);
      const body = outcome.received.split('\r\n\r\n')[1] ?? '';
      expect(body).toContain(words);
      expect(body.trimEnd()).not.toMatch(/[\r\n]|a secret/);
      expect(outcome.error).toBeInstanceOf(TargetError);
    }
  });
});

describe('requests to the port itself', () => {
  const ask = (line: string, fields = 'Host: 127.0.0.1:8080\r\n', options = {}) =>
    runRoute(routeChain, [`${line} HTTP/1.1\r\n${fields}\r\n`], options);

  it('get the PAC at /proxy.pac', async () => {
    const outcome = await ask('GET /proxy.pac');
    expect(statusOf(outcome)).toBe(200);
    expect(outcome.received).toContain('Content-Type: application/x-ns-proxy-autoconfig\r\n');
    expect(outcome.received).toContain('PROXY 127.0.0.1:8080');
    expect(outcome.asked).toEqual([]);
  });

  it('get its head alone with HEAD', async () => {
    const { received } = await ask('HEAD /proxy.pac');
    expect(received).toMatch(/\r\nContent-Length: [1-9]\d*\r\n/);
    expect(received.endsWith('\r\n\r\n')).toBe(true);
  });

  it.each([
    ['GET /', 404],
    ['OPTIONS *', 404],
    ['POST /proxy.pac', 405],
    ['GET /proxy.pac2', 404],
    ['GET wiki.lab:80', 501],
  ])('%s → %i', async (line, status) => {
    expect(statusOf(await ask(line))).toBe(status);
  });

  it.each([
    ['Host: 127.0.0.1:8080\r\nSec-Fetch-Site: none\r\n', 200],
    ['Host: localhost:8080\r\n', 200],
    ['Host: x.localhost\r\n', 200],
    ['Host: [::1]:8080\r\n', 200],
    ['', 200],
    ['Host: 127.0.0.1:8080\r\nSec-Fetch-Site: cross-site\r\n', 403],
    ['Host: 127.0.0.1:8080\r\nsec-fetch-site: same-origin\r\n', 403],
    ['Host: 127.0.0.1:8080\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n', 403],
    ['Host: 127.0.0.1:8080\r\nOrigin: https://evil.example\r\n', 403],
    ['Host: evil.example:8080\r\n', 403],
    ['Host: 127.evil.example\r\n', 403],
  ])('with %j → %i', async (fields, status) => {
    const outcome = await ask('GET /proxy.pac', fields);
    expect(statusOf(outcome)).toBe(status);
    expect(outcome.received).toContain('X-Content-Type-Options: nosniff\r\n');
    expect(outcome.received).toContain('Cross-Origin-Resource-Policy: same-origin\r\n');
    expect(outcome.received).not.toMatch(/Access-Control/i);
  });

  it('find no PAC where there is no port', async () => {
    expect(statusOf(await ask('GET /proxy.pac', undefined, { listening: null }))).toBe(404);
  });

  it.each([
    ['SSH-2.0-OpenSSH_9.2\r\n\r\n', 400],
    ['GET /\n', 400],
    ['\x16\x03\x01\x02\x00', 400],
    [`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`, 431],
  ])('%j → %i', async (bytes, status) => {
    expect(statusOf(await runRoute(routeChain, [bytes]))).toBe(status);
  });
});
