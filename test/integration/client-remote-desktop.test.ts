// .rdp files: what is in them, where they are put, and that nothing of the person's is replaced.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { publishTyped } from '../support/collection.ts';
import { startClient, type TestClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { join } from '../support/two-organisations.ts';

const RDP = { service_app_type: 'RDP', banyanproxy_mode: 'TCP' };
const TARGET = { target: { name: '127.0.0.1', port: 3389 } };

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
  const tags = { ...RDP, app_listen_port: '13390', rdp_settings: ['redirectclipboard:i:1'] };
  await publishTyped(edge, 'fin', tags, TARGET);
  await publishTyped(edge, 'odd', { ...tags, rdp_settings: ['camerastoredirect:s:Büro'] }, TARGET);
  await publishTyped(edge, 'no-port', RDP, TARGET);
});
afterAll(() => edge.stop());

interface Person {
  client: TestClient;
  downloads: string;
  opened: string[];
}

async function aPerson(
  openFile?: (file: string) => Promise<void>,
  banyanproxy: string[] | null = null,
): Promise<Person> {
  const downloads = path.join(tempDir(), 'Downloads');
  const opened: string[] = [];
  const programs = {
    personFolder: tempDir(),
    banyanproxy,
    banyan: ['banyan'],
    downloads: () => downloads,
    openFile: openFile ?? ((file: string) => Promise.resolve(void opened.push(file))),
  };
  const client = await startClient({ ports: { programs } });
  onTestFinished(() => client.stop());
  await join(client, edge);
  return { client, downloads, opened };
}

const FILE = 'full address:s:127.0.0.1:13390\r\nredirectclipboard:i:1\r\n';
const save = ({ client }: Person, name: string) =>
  client.call('program.saveRdp', { service: `${name}.demo.bnn` });

describe('a client without a banyanproxy', () => {
  it('offers no entry for ssh, which could start nothing', async () => {
    const { client } = await aPerson();
    expect(await client.call('program.look', {})).toMatchObject({ ssh: null });
    await expect(
      client.call('program.setSsh', { service: null, isOn: true }),
    ).rejects.toMatchObject({ code: 'program/not-installed' });
  });
});

it('says so where no service can have an entry for ssh', async () => {
  const { client } = await aPerson(undefined, ['/usr/bin/banyanproxy']);
  await expect(client.call('program.setSsh', { service: null, isOn: true })).rejects.toMatchObject({
    code: 'program/entry-not-allowed',
  });
});

describe('a .rdp file', () => {
  it('is saved with the local port and the lines of the administrator', async () => {
    const person = await aPerson();
    const { file } = await save(person, 'fin');
    expect(file).toBe(path.join(person.downloads, 'fin.rdp'));
    expect(readFileSync(file, 'utf8')).toBe(FILE);
  });

  it('leads to the address that the person has chosen', async () => {
    const person = await aPerson();
    const own = { service: 'fin.demo.bnn', port: 13_391, host: '127.0.0.2' };
    await person.client.call('tunnel.override', own);
    const { file } = await save(person, 'fin');
    expect(readFileSync(file, 'utf8')).toContain('full address:s:127.0.0.2:13391\r\n');
  });

  it('replaces nothing: the same is found again, another one is numbered', async () => {
    const person = await aPerson();
    const { file } = await save(person, 'fin');
    expect(await save(person, 'fin')).toEqual({ file });
    writeFileSync(file, 'mine');
    expect(path.basename((await save(person, 'fin')).file)).toBe('fin (1).rdp');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(readdirSync(person.downloads)).toHaveLength(2);
  });

  it('is UTF-16 where it is more than ASCII, as its programs write it', async () => {
    const person = await aPerson();
    const { file } = await save(person, 'odd');
    const text = readFileSync(file).toString('utf16le');
    expect(text).toBe('\ufefffull address:s:127.0.0.1:13390\r\ncamerastoredirect:s:Büro\r\n');
  });

  it('is handed to the program of the system from our own folder, and goes with the organisation', async () => {
    const person = await aPerson();
    await person.client.call('program.openRdp', { service: 'fin.demo.bnn' });
    const [file = ''] = person.opened;
    expect(file).toBe(path.join(person.client.home, 'remote-desktops', 'fin.rdp'));
    expect(readFileSync(file, 'utf8')).toBe(FILE);
    await person.client.call('device.unregister', {});
    expect(existsSync(file)).toBe(false);
  });

  it('says that there is no such program', async () => {
    const { client } = await aPerson(() => Promise.reject(new Error('No application')));
    await expect(client.call('program.openRdp', { service: 'fin.demo.bnn' })).rejects.toMatchObject(
      { code: 'program/not-installed' },
    );
  });

  it.each([
    ['no-port', 'program/port-unknown'],
    ['api', 'program/entry-not-allowed'],
    ['gone', 'catalog/service-not-found'],
  ])('is not made for %s', async (name, code) => {
    const person = await aPerson();
    await expect(save(person, name)).rejects.toMatchObject({ code });
    expect(existsSync(person.downloads)).toBe(false);
  });
});
