import { describe, expect, it } from 'vitest';
import {
  judgeFirstBytes,
  type Verdict,
  WEB_PAGE_REFUSED,
} from '../../../../src/proxy/guard/web-page.ts';

const OWN = ['wiki.corp.example', 'backend.lab'];
const judge = (text: string) => judgeFirstBytes(Buffer.from(text, 'latin1'), OWN);
const get = (...fields: string[]) => ['GET /x HTTP/1.1', ...fields, '', ''].join('\r\n');

const BROWSER = 'User-Agent: Mozilla/5.0 (X11)';

describe('HTTP', () => {
  it.each<[string[], Verdict]>([
    [['Host: 127.0.0.1:8081'], 'pass'],
    [['Host: evil.example', 'User-Agent: curl/8.5.0'], 'pass'],
    [[], 'pass'],
    [['Host: localhost:8081', BROWSER, 'Sec-Fetch-Site: none'], 'watch'],
    [['Host: localhost:8081', BROWSER, 'Sec-Fetch-Site: same-origin'], 'watch'],
    [['Host: [::1]:8081', BROWSER, 'Origin: http://localhost:8081'], 'watch'],
    [['Host: WIKI.corp.example:8081', BROWSER, 'Origin: https://wiki.corp.example'], 'watch'],
    [['Host: backend.lab', BROWSER], 'watch'],
    [['Host: localhost', 'Origin: chrome-extension://abc'], 'watch'],
    // A page may write its own User-Agent in some browsers, and is then known by what it cannot take away.
    [
      ['Host: evil.example', 'User-Agent: curl/8', 'Accept-Language: en', 'Accept-Encoding: gzip'],
      'refuse',
    ],
    [['Host: evil.example', 'User-Agent: curl/8', 'Upgrade-Insecure-Requests: 1'], 'refuse'],
    [['Host: localhost:8081', BROWSER, 'Sec-Fetch-Site: cross-site'], 'refuse'],
    [['Host: localhost:8081', BROWSER, 'sec-fetch-site: same-site'], 'refuse'],
    [['Host: localhost:8081', 'Sec-Fetch-Site: none', 'Sec-Fetch-Site: cross-site'], 'refuse'],
    [['Host: localhost:8081', 'Origin: https://evil.example'], 'refuse'],
    [['Host: localhost:8081', 'Origin: http://localhost.evil.example'], 'refuse'],
    [['Host: localhost:8081', 'Origin: http://127.evil.example'], 'refuse'],
    [['Host: localhost:8081', 'Origin: null'], 'refuse'],
    [['Host: localhost:8081', 'origin:https://evil.example'], 'refuse'],
    [['Host: evil.example:8081', BROWSER], 'refuse'],
    [['Host: evil.example:8081', 'Sec-Fetch-Mode: cors'], 'refuse'],
    [['Host: evil.example:8081', 'Origin: http://localhost'], 'refuse'],
    [['Host: localhost', 'Host: evil.example', BROWSER], 'refuse'],
    [['Host: wiki.corp.example.evil.example', BROWSER], 'refuse'],
  ])('%j → %s', (fields, verdict) => {
    expect(judge(get(...fields))).toBe(verdict);
    expect(judge(get(...fields).replaceAll('\r\n', '\n'))).toBe(verdict);
  });

  it.each([
    'POST / HTTP/1.1\r\nOrigin: null\r\n\r\nbody',
    'ssh-2.0 / HTTP/1.1\r\nOrigin: http://evil.example\r\n\r\n',
    `GET /${'x'.repeat(40_000)}`,
    get(`X: ${'x'.repeat(40_000)}`),
  ])('%# is refused', (text) => {
    expect(judge(text)).toBe('refuse');
  });

  it.each(['GET /', 'GET / HTTP/1.1', get('Host: x').slice(0, -1)])(
    'that begins with %j cannot be judged yet',
    (text) => {
      expect(judge(text)).toBe('incomplete');
    },
  );
});

describe('what is no HTTP passes', () => {
  // A byte may be a whole message; whoever sends one must not wait for an answer that waits for more.
  it.each([
    ['a word', 'GET'],
    ['a letter', 'x'],
    ['TLS', '\x16'],
    ['a Postgres start-up message', '\x00'],
    ['RDP', '\x03'],
    ['MySQL, after its greeting', 'U\x00'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r'],
    ['SSH with a comment', 'SSH-2.0-OpenSSH_9.2p1 D'],
    ['Redis', '*1\r'],
    ['SMTP', 'EHLO l'],
    ['memcached', 'get k'],
    ['HTTP/2', 'PRI *'],
    ['a proxy request', 'GET h'],
    ['HTTP/0.9', 'GET /\r\n'],
    ['a word without end', 'x'.repeat(32 * 1024)],
  ])('%s', (_what, text) => {
    expect(judge(text)).toBe('pass');
  });
});

it('answers a page with an answer of the right length', () => {
  const [head, body] = WEB_PAGE_REFUSED.split('\r\n\r\n');
  expect(head).toContain(`Content-Length: ${body?.length}`);
});
