// The configuration of a hosted edge: what it means, and that no mistake passes for a setting.
import { realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIFETIMES } from '../../../src/edge/config.ts';
import { dataFolderOf, readConfigFile } from '../../../src/edge/config-file.ts';
import { DEFAULT_POSTURE } from '../../../src/edge/policy/posture.ts';
import { tempDir } from '../../support/temp-dir.ts';

const LEAST = {
  version: 1,
  organisation: { name: 'Example', host: 'Banyan.Example.com' },
  data: 'data',
  listen: { public: '0.0.0.0:8440', mutual: '[::]:8441', access_tier: '10.0.0.1:8443' },
};

function written(content: unknown): string {
  const file = path.join(tempDir(), 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return file;
}
const read = (change: object = {}) => readConfigFile(written({ ...LEAST, ...change }));
const refusal = async (content: unknown): Promise<string> => {
  const file = written(content);
  const error = (await readConfigFile(file).catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ code: 'edge/config-invalid' });
  return error.message.replaceAll(file, 'F');
};

test('the least that has to be said, and what then holds', async () => {
  const { edge, drainMs, logLevel } = await read();
  expect(edge).toMatchObject({
    name: 'Example',
    host: 'banyan.example.com',
    ports: {
      public: { address: '0.0.0.0', port: 8440 },
      mutual: { address: '::', port: 8441 },
      accessTier: { address: '10.0.0.1', port: 8443 },
      browser: null,
    },
    registersBySignIn: false,
    users: [],
  });
  expect([drainMs, logLevel]).toEqual([10_000, 'info']);
  expect({ ...DEFAULT_LIFETIMES, ...edge.lifetimes }).toMatchObject({
    connection: 43_200,
    idle: 3_600,
    identification: 20,
  });
});

test('administration over the network is there when it is asked for, and on loopback unless it says where', async () => {
  expect((await read()).edge.ports.rest).toBeUndefined();
  expect((await read({ rest: {} })).edge.ports.rest).toEqual({ address: '127.0.0.1', port: 8444 });
  const { edge } = await read({ rest: { listen: '10.0.0.1:8444' } });
  expect(edge.ports.rest).toEqual({ address: '10.0.0.1', port: 8444 });
  expect(await refusal({ ...LEAST, rest: { listen: 'everywhere' } })).toContain('rest.listen');
});

test.each([
  ['the same', '10.0.0.1:8440', '10.0.0.1:8440', true],
  ['one address of all', '0.0.0.0:8440', '127.0.0.1:8440', true],
  ['all of both families', '10.0.0.1:8440', '[::]:8440', true],
  ['two addresses', '10.0.0.1:8440', '10.0.0.2:8440', false],
  ['one of the other family', '0.0.0.0:8440', '[::1]:8440', false],
  ['any free one', '10.0.0.1:0', '10.0.0.1:0', false],
])('two that would listen at one port (%s) are both named', async (_, first, second, isOne) => {
  const listen = { ...LEAST.listen, public: first, mutual: second };
  const said = isOne ? await refusal({ ...LEAST, listen }) : await read({ listen }).then(() => '');
  expect(said.replace(/^F:\d+:\d+: /, '')).toBe(
    isOne ? 'listen.mutual: is the port of listen.public already; each needs one of its own' : '',
  );
});

test('the port of administration over the network is one of its own, too', async () => {
  const listen = { ...LEAST.listen, operations: '127.0.0.1:8444' };
  expect(await refusal({ ...LEAST, listen, rest: {} })).toContain(
    'rest.listen: is the port of listen.operations',
  );
});

test('where people sign in is read with its secret, which stands in a file of its own', async () => {
  const issuer = {
    url: 'https://login.example.com',
    client_id: 'banyan-edge',
    client_secret_file: 'issuer-secret',
  };
  const file = written({ ...LEAST, sign_in: { people: 'issuer', issuer } });
  await expect(readConfigFile(file)).rejects.toThrow('issuer-secret cannot be read: ENOENT');
  writeFileSync(path.join(path.dirname(file), 'issuer-secret'), 'word\n');
  expect((await readConfigFile(file)).edge.upstream).toEqual({
    issuer: 'https://login.example.com',
    clientId: 'banyan-edge',
    clientSecret: 'word',
    groupsClaim: 'groups',
    trustUnverifiedEmail: false,
  });
  expect(await refusal({ ...LEAST, sign_in: { people: 'local', issuer } })).toContain(
    'sign_in.issuer: is there where "people" is "issuer", and only there',
  );
});

test('an ACME directory is read with who vouches for it; its terms have to be agreed to', async () => {
  const acme = {
    directory: 'https://acme.example.com/dir',
    contact: 'ops@example.com',
    terms_agreed: true,
    root_file: 'acme-root.pem',
  };
  const file = written({ ...LEAST, acme });
  await expect(readConfigFile(file)).rejects.toThrow('acme: acme-root.pem cannot be read: ENOENT');
  writeFileSync(path.join(path.dirname(file), 'acme-root.pem'), 'a root\n');
  expect((await readConfigFile(file)).edge.acme).toEqual({
    directory: 'https://acme.example.com/dir',
    contact: 'ops@example.com',
    root: 'a root\n',
  });
  expect((await readConfigFile(written(LEAST))).edge.acme).toBeUndefined();
  const external_account = { key_id: 'customer-1', hmac_key_file: 'customer-key' };
  const bound = written({ ...LEAST, acme: { ...acme, root_file: undefined, external_account } });
  await expect(readConfigFile(bound)).rejects.toThrow('acme: customer-key cannot be read: ENOENT');
  writeFileSync(path.join(path.dirname(bound), 'customer-key'), 'a key\n');
  expect((await readConfigFile(bound)).edge.acme).toEqual({
    directory: 'https://acme.example.com/dir',
    contact: 'ops@example.com',
    externalAccount: { keyId: 'customer-1', hmacKey: 'a key' },
  });
  expect(await refusal({ ...LEAST, acme: { ...acme, terms_agreed: false } })).toContain(
    'acme.terms_agreed: has to be true: read the terms of the directory, and agree',
  );
  expect(await refusal({ ...LEAST, acme: { ...acme, directory: 'http://x.example' } })).toContain(
    'acme.directory: ',
  );
});

test('a relative data folder is beside the file, wherever the program is started', async () => {
  const file = written(LEAST);
  const { edge } = await readConfigFile(file);
  expect(edge.data).toBe(path.join(path.dirname(file), 'data'));
});

test('a relative data folder is refused where the file is a link to another folder', async () => {
  const file = written(LEAST);
  const [link, inside] = [path.join(tempDir(), 'link.json'), `${file}.link`];
  for (const name of [link, inside]) symlinkSync(file, name);
  const refused = readConfigFile(link);
  await expect(refused).rejects.toMatchObject({ code: 'edge/config-invalid' });
  await expect(refused).rejects.toThrow(`name ${realpathSync(file)} itself`);
  expect((await readConfigFile(inside)).edge.data).toBe(path.join(path.dirname(file), 'data'));
  const whole = written({ ...LEAST, data: path.join(tempDir(), 'data') });
  symlinkSync(whole, `${link}2`);
  expect((await readConfigFile(`${link}2`)).edge.data).toMatch(/data$/);
});

test('a least version of one system leaves those of the others', async () => {
  const { edge } = await read({ posture: { minimum_versions: { debian: '13', rhel: '9' } } });
  expect(edge.posture.minimumVersions).toEqual({
    ...DEFAULT_POSTURE.minimumVersions,
    debian: '13',
    rhel: '9',
  });
});

test('everything that can be said is read', async () => {
  const { edge, drainMs, logLevel } = await read({
    listen: { ...LEAST.listen, pages: '127.0.0.1:0' },
    outer: { public_port: 443, mutual_port: 444, access_tier: 'access.example.com:443' },
    sign_in: { people: 'local', registers_devices: true },
    limits: {
      connection_seconds: 60,
      idle_seconds: 10,
      drain_seconds: 0,
      session_days: 1,
      device_certificate_days: 2,
    },
    posture: {
      effects: { FirewallEnabled: 'Low' },
      minimum_versions: { debian: '13' },
      applications: ['edr'],
      unknown: 'Low',
      stale: 'Low',
      absent: 'AlwaysDeny',
      stale_after_seconds: 60,
    },
    log: 'warn',
  });
  expect(edge).toMatchObject({
    ports: { browser: { address: '127.0.0.1', port: 0 } },
    outer: {
      publicPort: 443,
      mutualPort: 444,
      accessTier: { host: 'access.example.com', port: 443 },
    },
    registersBySignIn: true,
    lifetimes: { connection: 60, idle: 10, session: 86_400, deviceCert: 172_800 },
    posture: {
      effects: { FirewallEnabled: 'Low' },
      minimumVersions: { debian: '13' },
      applications: ['edr'],
      unknown: 'Low',
      stale: 'Low',
      absent: 'AlwaysDeny',
      staleAfterSeconds: 60,
    },
  });
  expect([drainMs, logLevel]).toEqual([0, 'warn']);
});

describe('is refused with path, line and reason:', () => {
  test('a name that it does not know, with the nearest that it does', async () => {
    expect(await refusal({ ...LEAST, listen: { ...LEAST.listen, publik: '1.2.3.4:5' } })).toBe(
      'F:12:5: listen.publik: there is no "publik" here; did you mean "public"?',
    );
    expect(await refusal({ ...LEAST, xyzzy: 1 })).toContain('F:13:3: xyzzy: there is no "xyzzy"');
    expect(await refusal({ ...LEAST, xyzzy: 1 })).toContain(
      'known are version, organisation, data',
    );
  });

  test('every mistake at once, in the order of the file', async () => {
    const message = await refusal({
      ...LEAST,
      version: 2,
      listen: { ...LEAST.listen, mutual: 'localhost:8441' },
      limits: { drain_seconds: -1 },
    });
    expect(message.split('\n').map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      'F:2:3 version',
      'F:10:5 listen.mutual',
      'F:14:5 limits.drain_seconds',
    ]);
  });

  test.each<[string, object, string]>([
    ['no address', { data: 5 }, 'data: Invalid input: expected string'],
    ['a name to listen at', { listen: { ...LEAST.listen, public: 'a.example:1' } }, 'is not an IP'],
    [
      'plain pages for a network',
      { listen: { ...LEAST.listen, pages: '0.0.0.0:80' } },
      'has to be at 127.0.0.1',
    ],
    [
      'an outer address without port',
      { outer: { access_tier: 'a.example' } },
      'is not a name with a port',
    ],
    ['people from elsewhere', { sign_in: { people: 'ldap' } }, 'sign_in.people'],
    ['an unknown factor', { posture: { effects: { Firewal: 'Low' } } }, 'posture.effects'],
    [
      'an unknown system',
      { posture: { minimum_versions: { debain: '12' } } },
      'posture.minimum_versions.debain: is not known; known are windows, macos, debian',
    ],
    [
      'High for who fails',
      { posture: { effects: { FirewallEnabled: 'High' } } },
      'posture.effects',
    ],
    ['a lifetime beyond reason', { limits: { session_days: 400 } }, 'may be 90 at most'],
  ])('%s', async (_, change, told) => {
    expect(await refusal({ ...LEAST, ...change })).toContain(told);
  });

  test('what is no JSON', async () => {
    expect(await refusal('{"version": 1,}')).toBe('F:1:15: a name in quotes was expected, not "}"');
  });

  test('a file that is not there', async () => {
    const file = path.join(tempDir(), 'none.json');
    await expect(readConfigFile(file)).rejects.toThrow(`${file} cannot be read: there is no such`);
  });
});

test('what is missing is said to be missing, and names of posture that are not known bring those that are', async () => {
  const { listen: _, ...without } = LEAST;
  expect(await refusal(without)).toContain('listen: is missing');
  const posture = {
    effects: { disk_encryption: 'Low', firewall: 'Low' },
    minimum_versions: { beos: '5' },
  };
  const told = (await refusal({ ...LEAST, posture })).split('\n');
  expect(told).toHaveLength(3);
  for (const line of told.slice(0, 2)) expect(line).toContain('known are UpToDateOS, DiskEncr');
  expect(told[2]).toContain('known are windows, macos, debian');
});

test('where the edge is met does not depend on the rest of the file', async () => {
  const file = written({ ...LEAST, posture: { effects: { nonsense: 'Low' } }, listen: 3 });
  expect(await dataFolderOf(file)).toBe(path.join(path.dirname(file), 'data'));
  await expect(dataFolderOf(written({ version: 1 }))).rejects.toMatchObject({
    code: 'edge/config-invalid',
    message: expect.stringContaining('data: is missing') as string,
  });
});
