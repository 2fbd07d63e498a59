// Everything that the terminal writes outside of our own folder: one command takes each out again, unregistering takes out all
// of it, and every file of the person is then what it was, byte for byte, behind her links and with their access.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { autostartFile, xdgLoginStart } from '../../src/main/client/adapters/xdg-autostart.ts';
import { publishTyped } from '../support/collection.ts';
import { aMember, type Reader } from '../support/documents.ts';
import { createTestPki } from '../support/pki.ts';
import { startEdge } from '../support/start-edge.ts';

beforeAll(() => ensureBuild(), 120_000);

const OURS = path.join('.config', 'banyanapp');

/** Each file and link of a HOME but our own: access, and bytes or where it leads to. */
function everything(home: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(home, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(home, file);
    if (entry.isDirectory() || name.startsWith(OURS)) continue;
    const mode = (lstatSync(file).mode & 0o777).toString(8);
    found[name] = entry.isSymbolicLink()
      ? `-> ${readlinkSync(file)}`
      : `${mode} ${readFileSync(file, 'latin1')}`;
  }
  return found;
}

const CLUSTER = `kind: Config
contexts: [{name: work, context: {cluster: corp}}]
clusters:
- name: corp # of the old data centre
  cluster:
    server: "https://kube.test:6443"
`;

/** Signed in, with files as people have them: one behind a link, one for others to read, one without a final newline. */
async function aPerson(): Promise<Reader> {
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const target = { target: { name: '127.0.0.1', port: 1 } };
  await publishTyped(edge, 'bastion', { service_app_type: 'SSH' }, target);
  const cluster = { http_connect: true, allow_patterns: [{ hostnames: ['kube.test'] }] };
  const { root } = await createTestPki();
  const tags = {
    service_app_type: 'K8S',
    banyanproxy_mode: 'CHAIN',
    kube_ca_key: root,
    kube_cluster_name: 'dev',
  };
  await publishTyped(edge, 'mykube', tags, cluster);
  const reader = await aMember(edge);
  chmodSync(reader.write('dotfiles/ssh', '# K\u00f6ln \u2713\r\nHost *\n\tUser dana'), 0o640);
  mkdirSync(path.join(reader.folder, '.ssh'), { recursive: true, mode: 0o700 });
  symlinkSync('../dotfiles/ssh', path.join(reader.folder, '.ssh', 'config'));
  chmodSync(reader.write('.kube/config', CLUSTER), 0o644);
  reader.write('.config/systemd/user/other.service', '[Unit]\n');
  return reader;
}

/** What a command says; fails where it does. */
const pasting =
  (reader: Reader) =>
  async (command: string): Promise<string> => {
    const { exit, said } = await reader.paste(command);
    expect({ exit, said: exit === 0 ? '' : said }).toEqual({ exit: 0, said: '' });
    return said;
  };

const autostart = ({ folder }: Reader) =>
  xdgLoginStart({ file: autostartFile({ HOME: folder }), command: ['/opt/Banyan/banyan-app'] });

const WRITES = {
  'banyan ssh-config on': 'banyan ssh-config off',
  'banyan kubeconfig on': 'banyan kubeconfig off',
  'banyan kubeconfig on mykube --context work': 'banyan kubeconfig off',
  // As systemd does when it is told to enable it.
  'banyan up --install-service; cd .config/systemd/user; mkdir default.target.wants; ln -s $PWD/banyan.service default.target.wants':
    'banyan up --remove-service',
};

it.runIf(process.platform === 'linux')(
  'what is written is taken out by one command each',
  async () => {
    const reader = await aPerson();
    const said = pasting(reader);
    const before = everything(reader.folder);
    await said('banyan connect mykube');
    for (const [write, undo] of Object.entries(WRITES)) {
      await said(write);
      expect(everything(reader.folder), write).not.toEqual(before);
      await said(undo);
      expect(everything(reader.folder), undo).toEqual(before);
    }
  },
);

it.runIf(process.platform === 'linux')('unregistering takes all of it out', async () => {
  const reader = await aPerson();
  const said = pasting(reader);
  const before = everything(reader.folder);
  await said('banyan connect mykube');
  for (const write of Object.keys(WRITES)) await said(`(${write})`);
  // By the window, on the same computer.
  await autostart(reader).set(true);
  const written = everything(reader.folder);
  // Kept once, as they were before the first line of ours.
  for (const [name, kept] of [
    ['dotfiles/ssh', '.ssh/config'],
    ['.kube/config', '.kube/config'],
  ] as const) {
    expect(written[`${kept}.before-banyan`]).toBe(before[name]);
    expect(written[name]).not.toBe(before[name]);
    expect(written[name]?.slice(0, 3)).toBe(before[name]?.slice(0, 3));
  }
  expect(await said('banyan unregister --yes')).toBe(
    'This device is no longer registered with Demo.\n',
  );
  expect(everything(reader.folder)).toEqual(before);
});

it.runIf(process.platform === 'linux')('a unit for another folder stays', async () => {
  const reader = await aPerson();
  const before = everything(reader.folder);
  const unit = '.config/systemd/user/banyan.service';
  const other = `BANYAN_HOME="$HOME/elsewhere" banyan up --install-service`;
  expect(await reader.paste(`${other}; banyan unregister --yes`)).toMatchObject({ exit: 0 });
  const { [unit]: kept, ...rest } = everything(reader.folder);
  expect(kept).toContain(`Environment="BANYAN_HOME=${reader.folder}/elsewhere"`);
  expect(rest).toEqual(before);
});
