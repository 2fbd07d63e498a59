// A load balancer's health check without TLS (`http_health_check`, `https` false, as it is by default) at a port where
// everything else that is not TLS is rejected without a word.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { call } from '../support/https.ts';
import { startWebBench, type WebBench } from '../support/web-service.ts';

const CHECK = { enabled: true, path: '/health', user_agent: 'ELB-HealthChecker' };
const AGENT = 'User-Agent: ELB-HealthChecker/2.0\r\n';

let bench: WebBench;
beforeAll(async () => {
  bench = await startWebBench({ lifetimes: { identification: 1 } });
  await bench.settingsOf('forum', {
    headers: { 'X-Email': '{{.Email}}' },
    http_health_check: CHECK,
    exempted_paths: { enabled: true, paths: ['/open/*'] },
  });
});
afterAll(() => bench.stop());
beforeEach(() => bench.reset());

/** All that comes back before the end. */
async function say(text: string): Promise<string> {
  const socket = connect(bench.edge.edge.accessTierPort, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}
const named = () => `Host: ${bench.host('forum')}\r\n`;

test.each([
  ['the name of its service', () => named()],
  [
    'the address that it was sent to',
    () => `Host: 127.0.0.1:${bench.edge.edge.accessTierPort}\r\n`,
  ],
])('by %s it reaches the backend, in the name of nobody', async (_, host) => {
  const claims = 'X-Email: boss@demo.example\r\n';
  const answer = await say(`GET /health HTTP/1.1\r\n${host()}${AGENT}${claims}\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(answer).toContain('"url":"/health"');
  expect(answer).not.toContain('boss@');
  expect(bench.received).toBe(1);
});

test.each<[string, () => string]>([
  ['another path', () => `GET / HTTP/1.1\r\n${named()}${AGENT}\r\n`],
  ['a path that is exempted over TLS', () => `GET /open/a HTTP/1.1\r\n${named()}${AGENT}\r\n`],
  ['another method', () => `POST /health HTTP/1.1\r\n${named()}${AGENT}Content-Length: 0\r\n\r\n`],
  [
    'a method inside',
    () => `GET /health HTTP/1.1\r\n${named()}${AGENT}X-HTTP-Method: DELETE\r\n\r\n`,
  ],
  ['another program', () => `GET /health HTTP/1.1\r\n${named()}\r\n`],
  ['another service', () => `GET /health HTTP/1.1\r\nHost: ${bench.host('shop')}\r\n${AGENT}\r\n`],
  ['no host', () => `GET /health HTTP/1.1\r\n${AGENT}\r\n`],
  ['two hosts', () => `GET /health HTTP/1.1\r\n${named()}${named()}${AGENT}\r\n`],
  ['a whole address', () => `GET http://x/health HTTP/1.1\r\n${named()}${AGENT}\r\n`],
  ['a tunnel', () => `CONNECT /health HTTP/1.1\r\n${named()}${AGENT}\r\n`],
  [
    'another path, that asks whether to go on',
    () => `POST /a HTTP/1.1\r\n${named()}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n`,
  ],
  ['another path, that expects something', () => `GET /a HTTP/1.1\r\n${named()}Expect: x\r\n\r\n`],
  [
    'an address with a name before it',
    () => `GET /health HTTP/1.1\r\nHost: x@127.0.0.1\r\n${AGENT}\r\n`,
  ],
  ['no HTTP', () => 'nonsense\r\n\r\n'],
  ['nothing at all', () => ''],
])('%s is rejected without a word', async (_, text) => {
  expect(await say(text())).toBe('');
  expect(bench.received).toBe(0);
});

test('nothing gets through behind it', async () => {
  const urls: string[] = [];
  bench.backend(({ url = '' }, response) => void response.end(urls.push(url).toString()));
  const check = `GET /health HTTP/1.1\r\n${named()}${AGENT}\r\n`;
  await say(check + check.replace('/health', '/secret'));
  await say(check);
  expect(new Set(urls)).toEqual(new Set(['/health']));
});

test('TLS at the same port is as ever: the check itself is for plain HTTP alone', async () => {
  const headers = { 'user-agent': 'ELB-HealthChecker/2.0' };
  const secure = (path: string) =>
    call(`${bench.origin('forum')}${path}`, { root: bench.edge.edge.root, headers });
  expect((await secure('/open/a')).status).toBe(200);
  expect((await secure('/health')).status).toBe(401);
});

test('where no check is for plain HTTP any more, it is rejected like everything else', async () => {
  const check = `GET /health HTTP/1.1\r\n${named()}${AGENT}\r\n`;
  await bench.edge.edge.setServiceEnabled('forum.demo.bnn', false);
  expect(await say(check)).toBe('');
  await bench.edge.edge.setServiceEnabled('forum.demo.bnn', true);
  await bench.settingsOf('forum', { http_health_check: { ...CHECK, https: true } });
  expect(await say(check)).not.toContain('HTTP');
  expect(bench.received).toBe(0);
});
