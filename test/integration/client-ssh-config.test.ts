// Entries in the person's own SSH configuration: what is written where, and that it goes again without a trace.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { publishTyped } from '../support/collection.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  idOf,
  join,
  startTwoOrganisations,
  type TwoOrganisations,
} from '../support/two-organisations.ts';
import { until } from '../support/until.ts';

const BASTION = 'bastion.demo.bnn';
const LAB = 'lab-ssh.demo.bnn';
const SSH = { service_app_type: 'SSH' };
const TARGET = { target: { name: '127.0.0.1', port: 22 } };

let edges: TwoOrganisations;
beforeAll(async () => {
  edges = await startTwoOrganisations();
  for (const edge of [edges.alpha, edges.beta]) {
    await publishTyped(edge, 'bastion', SSH, TARGET);
    await publishTyped(
      edge,
      'lab-ssh',
      { ...SSH, ssh_host_directive: '*.lab.corp' },
      { http_connect: true, allow_patterns: [{}] },
    );
    await publishTyped(edge, 'apart', { ...SSH, write_ssh_config: false }, TARGET);
  }
});
afterAll(() => edges.stop());

interface Person {
  client: TestClient;
  folder: string;
  config: string;
}

/** Signed in with Alpha; `before` is her SSH configuration. */
async function aPerson(
  before: string | Buffer | null,
  secrets: 'keychain' | 'memory' = 'keychain',
): Promise<Person> {
  const folder = tempDir();
  const config = path.join(folder, '.ssh', 'config');
  if (before !== null) {
    mkdirSync(path.dirname(config), { mode: 0o700 });
    writeFileSync(config, before, { mode: 0o640 });
  }
  const programs = {
    personFolder: folder,
    banyanproxy: ['/opt/banyanproxy'],
    banyan: ['banyan'],
    downloads: () => folder,
  };
  const client = await startClient({ ports: { programs } });
  onTestFinished(() => client.stop());
  await join(client, edges.alpha, secrets);
  return { client, folder, config };
}

const set = ({ client }: Person, isOn: boolean, service: string | null = BASTION) =>
  client.call('program.setSsh', { service, isOn });
const names = async ({ client }: Person): Promise<string[]> =>
  (await client.call('program.look', {})).ssh?.entries.map(({ name }) => name) ?? [];
const read = (file: string): string => readFileSync(file, 'latin1');
/** Everything that ssh would read. */
const included = ({ client }: Person): string => {
  const [, next] = /^Include "(.*)"$/m.exec(read(path.join(client.home, 'ssh_config'))) ?? [];
  return next ? read(next) : '';
};

const PLAIN = 'Host *\n  User dana\n';

describe('an SSH service', () => {
  it('is put into the configuration by one line at its top, and taken out without a trace', async () => {
    const person = await aPerson(PLAIN);
    const { config, client } = person;
    const shown = await set(person, true);
    expect(shown.ssh).toEqual({ file: config, entries: [{ service: BASTION, name: 'bastion' }] });
    expect(read(config)).toBe(
      `# Banyan put this line here; \`banyan ssh-config off\` takes it out again.\nInclude "${client.home}/ssh_config"\n${PLAIN}`,
    );
    expect(statSync(config).mode & 0o777).toBe(0o640);
    expect(read(`${config}.before-banyan`)).toBe(PLAIN);
    expect(included(person)).toContain('Host bastion\n  ProxyCommand /opt/banyanproxy --certs ');
    for (const file of ['ssh_config', `orgs/${idOf(edges.alpha)}/ssh_config`]) {
      expect(statSync(path.join(client.home, file)).mode & 0o777).toBe(0o600);
    }
    await set(person, false);
    expect(read(config)).toBe(PLAIN);
    expect(readdirSync(path.dirname(config))).toEqual(['config']);
    expect(await names(person)).toEqual([]);
  });

  it.each([
    ['ends of lines of Windows', 'Host *\r\n  User dana\r\n'],
    ['no final newline', 'Host *\n  User dana'],
    ['nothing', ''],
    ['an Include of its own', `Include ~/.ssh/conf.d/*\n\n${PLAIN}`],
    ['bytes that are no UTF-8', Buffer.from([0x23, 0xe9, 0xff, 0x0a, 0x48])],
  ])('leaves a configuration with %s as it was, byte for byte', async (_, before) => {
    const person = await aPerson(before);
    await set(person, true);
    expect(await names(person)).toEqual(['bastion']);
    await set(person, false);
    expect(readFileSync(person.config)).toEqual(Buffer.from(before));
  });

  it('makes the file where there is none, private, and removes it again', async () => {
    const person = await aPerson(null);
    await set(person, true);
    expect(statSync(person.config).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(person.config)).mode & 0o777).toBe(0o700);
    await set(person, false);
    expect(existsSync(person.config)).toBe(false);
  });

  it('keeps what the person has written into the file since', async () => {
    const person = await aPerson(null);
    await set(person, true);
    writeFileSync(person.config, `${read(person.config)}Host mine\n`);
    await set(person, false);
    expect(read(person.config)).toBe('Host mine\n');
  });

  it('is written behind a symbolic link, which stays one', async () => {
    const person = await aPerson(null);
    const real = path.join(tempDir(), 'dotfiles-ssh');
    writeFileSync(real, PLAIN);
    mkdirSync(path.dirname(person.config));
    symlinkSync(real, person.config);
    await set(person, true);
    expect(lstatSync(person.config).isSymbolicLink()).toBe(true);
    expect(read(real)).toContain('Include');
    await set(person, false);
    expect(lstatSync(person.config).isSymbolicLink()).toBe(true);
    expect(read(real)).toBe(PLAIN);
  });

  it('is refused where the file is read-only, with nothing lost and nothing half done', async () => {
    const person = await aPerson(PLAIN);
    chmodSync(person.config, 0o400);
    await expect(set(person, true)).rejects.toMatchObject({
      code: 'client/storage-failed',
      message: expect.stringContaining('read-only') as string,
    });
    expect(read(person.config)).toBe(PLAIN);
    expect(await names(person)).toEqual([]);
    expect(readdirSync(path.dirname(person.config))).toEqual(['config']);
  });

  it('stays where it cannot be taken out, and says so', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true);
    chmodSync(person.config, 0o400);
    await expect(set(person, false)).rejects.toMatchObject({ code: 'client/storage-failed' });
    expect(await names(person)).toEqual(['bastion']);
    expect(included(person)).toContain('Host bastion');
  });

  it('is refused behind a link that leads nowhere', async () => {
    const person = await aPerson(null);
    mkdirSync(path.dirname(person.config));
    symlinkSync('/nonexistent/config', person.config);
    await expect(set(person, true)).rejects.toMatchObject({ code: 'client/storage-failed' });
    expect(lstatSync(person.config).isSymbolicLink()).toBe(true);
  });

  it('shows as off when the line was taken out by hand, and comes back with the switch', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true);
    writeFileSync(person.config, PLAIN);
    expect(await names(person)).toEqual([]);
    await set(person, true);
    expect(await names(person)).toEqual(['bastion']);
    expect(read(person.config).match(/Include/g)).toHaveLength(1);
  });

  it('is one of several: the line goes with the last of them', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true, null);
    expect(await names(person)).toEqual(['bastion', '*.lab.corp']);
    expect(included(person)).toContain("--mode CHAIN --target '%h:%p' lab-ssh.demo.localhost");
    await set(person, false, BASTION);
    expect(await names(person)).toEqual(['*.lab.corp']);
    await set(person, false, LAB);
    expect(read(person.config)).toBe(PLAIN);
  });

  it.each([
    ['api.demo.bnn', 'program/entry-not-allowed'],
    ['apart.demo.bnn', 'program/entry-not-allowed'],
    ['gone.demo.bnn', 'catalog/service-not-found'],
  ])('is what %s is not', async (service, code) => {
    const person = await aPerson(PLAIN);
    await expect(set(person, true, service)).rejects.toMatchObject({ code });
    expect(read(person.config)).toBe(PLAIN);
  });

  it('follows what the administrator changes, and a new start', async () => {
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    await publishTyped(edge, 'bastion', SSH, TARGET);
    const folder = tempDir();
    const programs = {
      personFolder: folder,
      banyanproxy: ['/opt/banyanproxy'],
      banyan: ['banyan'],
      downloads: () => folder,
    };
    const first = await startClient({ ports: { programs } });
    await join(first, edge);
    await first.call('program.setSsh', { service: BASTION, isOn: true });
    const client = await first.restart();
    onTestFinished(() => client.stop());
    const person = { client, folder, config: path.join(folder, '.ssh', 'config') };
    expect(await names(person)).toEqual(['bastion']);
    await publishTyped(edge, 'bastion', SSH, { http_connect: true, allow_patterns: [{}] });
    await until(() => Promise.resolve(included(person).includes('--mode CHAIN')));
    await publishTyped(edge, 'bastion', { ...SSH, write_ssh_config: false }, TARGET);
    await until(async () => (await names(person)).length === 0);
  });
});

describe('another organisation', () => {
  it('has entries of its own; those of the first come back with it', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true);
    await join(person.client, edges.beta);
    expect(await names(person)).toEqual([]);
    expect(existsSync(path.join(person.client.home, 'ssh_config'))).toBe(false);
    await set(person, true, LAB);
    expect(included(person)).not.toContain('Host bastion');

    await person.client.call('organisation.switch', { organisation: idOf(edges.alpha) });
    expect(await names(person)).toEqual(['bastion']);
    expect(included(person)).not.toContain('lab-ssh');
    // The other one still needs the line.
    await set(person, false);
    expect(read(person.config)).toContain('Include');
  });

  it('takes everything out when the last one is left', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true);
    await person.client.call('device.unregister', {});
    expect(read(person.config)).toBe(PLAIN);
    expect(readdirSync(path.dirname(person.config))).toEqual(['config']);
    expect(existsSync(path.join(person.client.home, 'ssh_config'))).toBe(false);
  });

  it('that lives in memory leaves nothing in files when the client stops', async () => {
    const person = await aPerson(PLAIN, 'memory');
    await set(person, true);
    await person.client.stop();
    expect(read(person.config)).toBe(PLAIN);
    rmSync(person.folder, { recursive: true });
  });
});

describe('an entry that could not be taken out when its organisation was left', () => {
  it('is told in words', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true);
    chmodSync(person.config, 0o400);
    const { left } = await person.client.call('device.unregister', {});
    expect(left).toEqual([expect.stringContaining(`${person.config} is read-only`)]);
    expect(read(person.config)).toContain('Include');
  });

  it('goes with the next start, where the process that had it in memory was killed', async () => {
    const person = await aPerson(PLAIN, 'memory');
    await set(person, true);
    const { home } = person.client;
    const withEntry = read(person.config);
    const files = ['ssh_config', `orgs/${idOf(edges.alpha)}/ssh_config`].map((name) => {
      const file = path.join(home, name);
      return { file, content: read(file) };
    });
    await person.client.stop();
    // As a kill would have left them.
    writeFileSync(person.config, withEntry);
    for (const { file, content } of files) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    rmSync(path.join(home, 'orgs'), { recursive: true });
    const programs = {
      personFolder: person.folder,
      banyanproxy: ['/opt/banyanproxy'],
      banyan: ['banyan'],
      downloads: () => person.folder,
    };
    const again = await startClient({ home, ports: { programs } });
    onTestFinished(() => again.stop());
    expect(read(person.config)).toBe(PLAIN);
    expect(existsSync(path.join(home, 'ssh_config'))).toBe(false);
  });
});

describe('what the organisation changes later', () => {
  it('takes no other hosts than those that the person has said yes to', async () => {
    const person = await aPerson(PLAIN);
    await set(person, true, LAB);
    const changed = { ...SSH, ssh_host_directive: '*.example.com' };
    const backend = { http_connect: true, allow_patterns: [{}] };
    await publishTyped(edges.alpha, 'lab-ssh', changed, backend);
    onTestFinished(() =>
      publishTyped(edges.alpha, 'lab-ssh', { ...SSH, ssh_host_directive: '*.lab.corp' }, backend),
    );
    await person.client.until(({ catalog }) =>
      catalog.services.some(({ sshHosts }) => sshHosts === '*.example.com'),
    );
    expect(await names(person)).toEqual(['*.lab.corp']);
    expect(included(person)).not.toContain('example.com');
    await set(person, true, LAB);
    expect(await names(person)).toEqual(['*.example.com']);
  });
});

describe('a configuration that is no file', () => {
  it('is not waited for, and not replaced', async () => {
    const person = await aPerson(null);
    mkdirSync(path.dirname(person.config), { mode: 0o700 });
    execFileSync('mkfifo', [person.config]);
    expect(await names(person)).toEqual([]);
    await expect(set(person, true)).rejects.toMatchObject({ code: 'client/storage-failed' });
    expect(statSync(person.config).isFIFO()).toBe(true);
  });
});
