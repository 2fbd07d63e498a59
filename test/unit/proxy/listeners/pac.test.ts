import { createContext, runInContext } from 'node:vm';
import { expect, it } from 'vitest';
import { isIncluded } from '../../../../src/proxy/include-domains.ts';
import { pacScript } from '../../../../src/proxy/listeners/pac.ts';

import type { SentThrough } from '../../../../src/shared/model/service.ts';

const domainsOf = (...includeDomains: string[]): SentThrough => ({ includeDomains });
const PROXY = '127.0.0.1:8080';

/** Runs the script as a browser does, without any of the helpers that a browser would offer. */
function find(sent: SentThrough, hosts: string[]): string[] {
  const context = createContext({});
  runInContext(pacScript(PROXY, sent), context);
  return hosts.map(
    (host) =>
      runInContext(
        `FindProxyForURL(${JSON.stringify(`http://${host}/`)}, ${JSON.stringify(host)})`,
        context,
      ) as string,
  );
}

it('sends everything through the port but what is on this computer', () => {
  const here = ['localhost', 'LOCALHOST.', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'];
  expect(new Set(find(domainsOf(), here))).toEqual(new Set(['DIRECT']));
  const there = ['wiki.lab', '10.0.0.1', '127.evil.example', 'notlocalhost', '2001:db8::1'];
  expect(new Set(find(domainsOf(), there))).toEqual(new Set([`PROXY ${PROXY}`]));
});

it('reads "Domains to Proxy" as the port itself does', () => {
  const domains = ['db.corp.example', '*.Lab.example', '.dev.example', '10.0.0.1'];
  const hosts = [
    'db.corp.example',
    'DB.Corp.Example.',
    'x.db.corp.example',
    'corp.example',
    'lab.example',
    'a.lab.example',
    'a.b.lab.example',
    'evillab.example',
    'dev.example',
    'x.dev.example',
    '10.0.0.1',
    '10.0.0.11',
    'localhost',
    '',
  ];
  expect(find(domainsOf(...domains), hosts)).toEqual(
    hosts.map((host) => (isIncluded(host, domains) ? `PROXY ${PROXY}` : 'DIRECT')),
  );
});

it('cannot be broken out of by a domain', () => {
  const domains = ['"];throw new Error("x");//', '\u2028', '</script>', "'\\", '.ü.example'];
  expect(find(domainsOf(...domains), ['a.lab', 'x.ü.example'])).toEqual([
    'DIRECT',
    `PROXY ${PROXY}`,
  ]);
  expect(pacScript(PROXY, domainsOf(...domains))).toMatch(/^[\n -~]*$/);
});

it('without such domains sends what the definition lets through, and nothing else', () => {
  const allowedTargets = [
    { hostnames: ['vnc1.com', '*.Lab.example', 'node-*'], cidrs: ['10.9.0.0/16'] },
    { hostnames: [], cidrs: ['10.10.34.0/24', '127.0.0.1/32', '2001:db8::/32'] },
  ];
  const through = ['vnc1.com', 'VNC1.com.', 'a.lab.example', 'node-7', '10.10.34.200', '127.0.0.1'];
  const usual = ['vnc2.com', 'lab.example', '10.10.35.1', '10.9.0.1', '127.0.0.2', 'example.com'];
  const sent = { includeDomains: [], allowedTargets };
  expect(new Set(find(sent, through))).toEqual(new Set([`PROXY ${PROXY}`]));
  expect(new Set(find(sent, usual))).toEqual(new Set(['DIRECT']));
});

it('sends everything where one of its targets is any host', () => {
  const allowedTargets = [
    { hostnames: ['a.lab'], cidrs: [] },
    { hostnames: [], cidrs: [] },
  ];
  const sent = { includeDomains: [], allowedTargets };
  expect(find(sent, ['example.com', 'localhost'])).toEqual([`PROXY ${PROXY}`, 'DIRECT']);
});

it('reads networks of every length', () => {
  const allowedTargets = [{ hostnames: [], cidrs: ['192.168.128.0/17'] }];
  const hosts = ['192.168.128.0', '192.168.255.255', '192.168.127.255', '192.169.128.0'];
  const proxied = `PROXY ${PROXY}`;
  expect(find({ includeDomains: [], allowedTargets }, hosts)).toEqual([
    proxied,
    proxied,
    'DIRECT',
    'DIRECT',
  ]);
  const all = [{ hostnames: [], cidrs: ['0.0.0.0/0'] }];
  expect(find({ includeDomains: [], allowedTargets: all }, ['8.8.8.8', 'name.example'])).toEqual([
    proxied,
    'DIRECT',
  ]);
});

it.each([
  ['any name', { hostnames: ['a.lab', '*'], cidrs: [] }],
  ['every address', { hostnames: [], cidrs: ['0.0.0.0/0'] }],
  ['half of all addresses', { hostnames: [], cidrs: ['0.0.0.0/1'] }],
])('keeps what is on this computer here where %s is let through', (_, target) => {
  const sent = { includeDomains: [], allowedTargets: [target] };
  expect(new Set(find(sent, ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9']))).toEqual(
    new Set(['DIRECT']),
  );
  expect(find(sent, ['10.0.0.1'])).toEqual([`PROXY ${PROXY}`]);
});
