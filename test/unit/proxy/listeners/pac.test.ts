import { createContext, runInContext } from 'node:vm';
import { expect, it } from 'vitest';
import { isIncluded } from '../../../../src/proxy/include-domains.ts';
import { pacScript } from '../../../../src/proxy/listeners/pac.ts';

const PROXY = '127.0.0.1:8080';

/** Runs the script as a browser does, without any of the helpers that a browser would offer. */
function find(domains: string[], hosts: string[]): string[] {
  const context = createContext({});
  runInContext(pacScript(PROXY, domains), context);
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
  expect(new Set(find([], here))).toEqual(new Set(['DIRECT']));
  const there = ['wiki.lab', '10.0.0.1', '127.evil.example', 'notlocalhost', '2001:db8::1'];
  expect(new Set(find([], there))).toEqual(new Set([`PROXY ${PROXY}`]));
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
  expect(find(domains, hosts)).toEqual(
    hosts.map((host) => (isIncluded(host, domains) ? `PROXY ${PROXY}` : 'DIRECT')),
  );
});

it('cannot be broken out of by a domain', () => {
  const domains = ['"];throw new Error("x");//', '\u2028', '</script>', "'\\", '.ü.example'];
  expect(find(domains, ['a.lab', 'x.ü.example'])).toEqual(['DIRECT', `PROXY ${PROXY}`]);
  expect(pacScript(PROXY, domains)).toMatch(/^[\n -~]*$/);
});
