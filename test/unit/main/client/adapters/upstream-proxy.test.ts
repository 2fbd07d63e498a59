import { describe, expect, it } from 'vitest';
import {
  isException,
  upstreamProxies,
} from '../../../../../src/main/client/adapters/upstream-proxy.ts';
import { parseHostPort } from '../../../../../src/shared/protocol/host-port.ts';

const target = { host: 'tier.example.com', port: 443 };
const straight = { host: 'proxy.corp', port: 3128, authorization: null };
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('the proxy', () => {
  it.each<[string, Record<string, string>, string | undefined, object | null]>([
    ['nowhere', {}, undefined, null],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://proxy.corp:3128' }, undefined, straight],
    ['https_proxy', { https_proxy: 'http://proxy.corp:3128/' }, undefined, straight],
    ['ALL_PROXY', { ALL_PROXY: 'http://proxy.corp:3128' }, undefined, straight],
    ['all_proxy', { all_proxy: 'proxy.corp:3128' }, undefined, straight],
    [
      'the more particular variable',
      { ALL_PROXY: 'http://other:1', https_proxy: 'http://proxy.corp:3128' },
      undefined,
      straight,
    ],
    ['not HTTP_PROXY', { HTTP_PROXY: 'http://proxy.corp:3128' }, undefined, null],
    ['an empty variable', { HTTPS_PROXY: ' ' }, undefined, null],
    ['the setting', { HTTPS_PROXY: 'http://other:1' }, 'http://proxy.corp:3128', straight],
    ['the setting none', { HTTPS_PROXY: 'http://other:1' }, 'none', null],
    ['no port', {}, 'http://proxy.corp', { ...straight, port: 80 }],
    [
      'an address',
      {},
      'http://[2001:db8::1]:8080',
      { ...straight, host: '2001:db8::1', port: 8080 },
    ],
    [
      'user and password',
      {},
      'http://ann:p%40ss%3A@proxy.corp:3128',
      { ...straight, authorization: basic('ann:p@ss:') },
    ],
    [
      'a user only',
      {},
      'http://ann@proxy.corp:3128',
      { ...straight, authorization: basic('ann:') },
    ],
    [
      'a stray percent',
      {},
      'http://ann:50%@proxy.corp:3128',
      { ...straight, authorization: basic('ann:50%') },
    ],
  ])('is read from %s', (_what, environment, setting, expected) => {
    const proxies = upstreamProxies(environment, setting);
    expect(proxies.problem).toBeNull();
    expect(proxies.choose(target)).toEqual(expected);
  });

  it.each([
    'https://zoe:hunter2@proxy.corp:3128',
    'socks5://zoe:hunter2@proxy.corp:1080',
    'http://zoe:hunter2@proxy.corp:99999',
    'http://zoe:hunter2@',
    'http://zoe:hunter2@proxy.corp/pac',
    'http://zoe:hunter2@proxy.corp?x',
  ])('%s is not used, and said to be unusable without its password', (setting) => {
    for (const proxies of [
      upstreamProxies({}, setting),
      upstreamProxies({ HTTPS_PROXY: setting, ALL_PROXY: 'http://proxy.corp:3128' }),
    ]) {
      expect(proxies.choose(target)).toBeNull();
      expect(proxies.problem).toMatchObject({ code: 'tunnel/upstream-proxy-failed' });
      expect(JSON.stringify(proxies.problem?.toWire())).not.toMatch(/hunter2|zoe/);
    }
  });

  it('is named by the variable that it comes from', () => {
    expect(upstreamProxies({ https_proxy: 'ftp://x' }).problem?.message).toContain('https_proxy');
    expect(upstreamProxies({}, 'ftp://x').problem?.message).toContain('settings');
  });

  it.each([
    ['localhost', 1],
    ['echo.demo.localhost', 8443],
    ['127.0.0.1', 1],
    ['127.8.9.10', 1],
    ['::1', 1],
    ['::ffff:127.0.0.1', 1],
  ])('never leads to %s', (host, port) => {
    expect(upstreamProxies({}, 'http://proxy.corp:3128').choose({ host, port })).toBeNull();
  });
});

describe('NO_PROXY', () => {
  it.each<[string, string, boolean]>([
    ['', 'a.example:443', false],
    ['*', 'a.example:443', true],
    ['a.example', 'a.example:443', true],
    ['A.Example.', 'a.EXAMPLE.:443', true],
    ['a.example', 'b.a.example:443', true],
    ['a.example', 'ba.example:443', false],
    ['.a.example', 'b.a.example:443', true],
    ['.a.example', 'a.example:443', false],
    ['*.a.example', 'b.a.example:443', true],
    ['*.a.example', 'a.example:443', false],
    ['a.example:443', 'a.example:443', true],
    ['a.example:8443', 'a.example:443', false],
    ['x.example, a.example ,y.example', 'a.example:443', true],
    ['x.example a.example', 'a.example:443', true],
    ['10.1.2.3', '10.1.2.3:443', true],
    ['10.1.2.3:8443', '10.1.2.3:443', false],
    ['10.0.0.0/8', '10.1.2.3:443', true],
    ['10.0.0.0/16', '10.1.2.3:443', false],
    ['10.0.0.0/33', '10.0.0.0:443', false],
    ['10.0.0.0/x', '10.0.0.0:443', false],
    ['0.0.0.0/0', '10.1.2.3:443', true],
    ['1.2.3', '10.1.2.3:443', false],
    ['2.3', '10.1.2.3:443', false],
    ['2001:db8::1', '[2001:DB8:0::1]:443', true],
    ['[2001:db8::1]:443', '[2001:db8::1]:443', true],
    ['[2001:db8::1]:444', '[2001:db8::1]:443', false],
    ['2001:db8::/32', '[2001:db8:ffff::1]:443', true],
    ['2001:db8::/32', '[2001:db9::1]:443', false],
    ['10.0.0.0/8', '[2001:db8::1]:443', false],
    [':443', 'a.example:443', false],
    [',,', 'a.example:443', false],
  ])('"%s" and %s: %s', (exceptions, host, expected) => {
    expect(isException(parseHostPort(host, 443)!, exceptions)).toBe(expected);
  });

  it.each(['NO_PROXY', 'no_proxy'])('is read from %s, also for a proxy of the settings', (name) => {
    const proxies = upstreamProxies({ [name]: 'tier.example.com' }, 'http://proxy.corp:3128');
    expect(proxies.choose(target)).toBeNull();
    expect(proxies.choose({ ...target, host: 'other.example' })).toEqual(straight);
  });
});
