// Every block of the README and of the how-to pages: pasted here as it stands, by another test, or not at all with the reason.
// A block that is in no row fails: whoever writes one says here how it is tried.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { userInfo } from 'node:os';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { readManagedFile } from '../../src/main/client/adapters/managed-file.ts';
import { decodeManagedFile } from '../../src/main/client/managed/managed-file.ts';
import { publishTyped } from '../support/collection.ts';
import { aMember, aReader, blocksOf, ROOT } from '../support/documents.ts';
import { missing } from '../support/foreign-servers.ts';
import { startHosted } from '../support/hosted-edge.ts';
import { SSH_PROGRAMS, startSshServer } from '../support/ssh-server.ts';
import { startEdge } from '../support/start-edge.ts';

beforeAll(() => ensureBuild(), 120_000);

/** Pastes it; a text: the test that does, or why nobody does. */
type Trial = string | ((context: TestContext) => Promise<void>);

const README = 'test/e2e/readme.test.ts';
const HOST = 'test/e2e/host-an-edge.test.ts';
const SHOWN = 'no command: to be read, or part of a file';
const WHOLE_BLOCKS = 'part of the block that is tried with it';

/** Beginning of each block, in their order. */
const PAGES: Record<string, [begins: string, trial: Trial][]> = {
  'README.md': [
    ['npm start ', 'test/e2e/start.test.ts'],
    ['your program ', SHOWN],
    ['npm run -s demo ', 'test/e2e/demo.test.ts'],
    ['# 1: an organisation', README],
    ['banyan register ', README],
    ['banyan ssh-config on ', entriesForPrograms],
  ],
  'docs/how-to/ansible.md': [
    ['[servers]', WHOLE_BLOCKS],
    ['- hosts: servers', WHOLE_BLOCKS],
    ['banyan ssh-config on', ansible],
    ['bastion | SUCCESS', WHOLE_BLOCKS],
  ],
  'docs/how-to/deploy.md': [
    ['banyan-edge invite deployment', deploymentFile],
    ['install -d ', WHOLE_BLOCKS],
    ['- ansible.builtin.file', deploymentByAnsible],
  ],
  'docs/how-to/host-an-edge.md': [
    ['useradd --system', 'it would make an account on this computer'],
    ['{\n', HOST],
    ['"posture": {', HOST],
    ['banyan-edge() {', HOST],
    ['[Service]', 'no systemd runs here'],
    ['banyan-edge() {', HOST],
    ["echo 'correct horse", HOST],
    ['"sign_in": {', SHOWN],
    ['banyan-edge role create', HOST],
    ['banyan-edge service create', HOST],
    ['banyan-edge service show', HOST],
    ['"http_settings": {', HOST],
    ['"l7_access": [', HOST],
    ['"cert_settings": {', SHOWN],
    ['"acme": {', SHOWN],
    ['banyan-edge service show wiki', HOST],
    ['TrustedUserCAKeys', 'test/integration/client-ssh-certificates.test.ts'],
    ['banyan-edge ssh-authority', HOST],
    ['AuthorizedPrincipalsFile', SHOWN],
    ['banyan-edge invite create', HOST],
    ['cp root-cert.pem', 'it would change what the whole computer trusts'],
    ['banyan-edge device list', HOST],
    ['banyan-edge settings show', HOST],
    ['banyan-edge audit', HOST],
    ['/srv/banyan/data/audit.jsonl {', 'test/e2e/edge-start.test.ts'],
    ['curl --silent http://127.0.0.1:8445/health', HOST],
    ['tar -C', HOST],
    ['"rest": {', SHOWN],
    ['(umask 077; banyan-edge api-key create', HOST],
  ],
  'docs/how-to/install.md': [
    ['sudo mkdir', 'macOS only'],
    ['./Banyan-x86_64.AppImage', 'no AppImage can be built here'],
  ],
  'docs/how-to/release.md': [
    ['node scripts/sign-feed.mjs --new-key', signedLists],
    ['BANYAN_RELEASE_KEY=', WHOLE_BLOCKS],
    [
      'npm ci ',
      'it would replace the packages that this test runs from; test/e2e/packages.test.ts',
    ],
  ],
  'docs/how-to/selenium.md': [
    ['import os', WHOLE_BLOCKS],
    ['banyan connect lab', selenium],
    ['{"message":"Hello', WHOLE_BLOCKS],
  ],
};

const howTo = readdirSync(path.join(ROOT, 'docs', 'how-to')).map((name) => `docs/how-to/${name}`);

describe.each(['README.md', ...howTo])('%s', (page) => {
  const rows = PAGES[page] ?? [];

  it('has no block of which nothing is said here', () => {
    const begins = blocksOf(page).map((block, at) => {
      const begin = rows[at]?.[0];
      return begin !== undefined && block.startsWith(begin) ? begin : block.split('\n')[0];
    });
    expect(begins).toEqual(rows.map(([begin]) => begin));
    for (const [, trial] of rows) {
      if (typeof trial === 'string' && trial.startsWith('test/'))
        expect(existsSync(path.join(ROOT, trial)), trial).toBe(true);
    }
  });

  for (const [begin, trial] of rows) {
    if (typeof trial !== 'string') {
      it.runIf(process.platform === 'linux')(`does what it says: ${begin.trim()}`, trial);
    }
  }
});

const block = (page: string, begin: string): string =>
  blocksOf(page).find((text) => text.startsWith(begin)) ?? '';

const skipWithout = (context: TestContext, ...programs: string[]): void => {
  const reason = missing(...programs);
  if (reason) context.skip(reason);
};

/** Signed in; with a real sshd as the service `bastion`, and a cluster that nobody asks anything. */
async function withServer(context: TestContext) {
  skipWithout(context, ...SSH_PROGRAMS);
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const server = await startSshServer();
  const target = { target: { name: '127.0.0.1', port: server.port } };
  await publishTyped(edge, 'bastion', { service_app_type: 'SSH' }, target);
  const cluster = { http_connect: true, allow_patterns: [{ hostnames: ['kube.test'] }] };
  await publishTyped(
    edge,
    'mykube',
    { service_app_type: 'K8S', banyanproxy_mode: 'CHAIN' },
    cluster,
  );
  const reader = await aMember(edge);
  reader.write('known_hosts', `bastion.demo.bnn ${server.hostKey}\n`);
  const own = `Host *\n  User ${userInfo().username}\n  IdentityFile ${server.userKey}
  UserKnownHostsFile ${reader.folder}/known_hosts\n  BatchMode yes\n`;
  reader.write('.ssh/config', own);
  return { reader, own };
}

async function entriesForPrograms(context: TestContext): Promise<void> {
  const { reader, own } = await withServer(context);
  const cluster = `kind: Config\ncontexts: [{name: work, context: {cluster: corp}}]
clusters:\n- name: corp\n  cluster:\n    server: https://kube.test:6443\n`;
  reader.write('.kube/config', cluster);
  const commands = block('README.md', 'banyan ssh-config on ')
    .replaceAll('SERVICE', 'mykube')
    .replace('NAME', 'work');
  const { exit, said } = await reader.paste(
    `banyan connect mykube\n${commands}\nssh bastion echo reached\necho "$https_proxy $BANYAN_CERTS"`,
  );
  expect({ exit, said }).toMatchObject({ exit: 0 });
  expect(said).toMatch(/^complete .*banyan$/m);
  const ending = /^reached\n(http:\/\/127\.0\.0\.1:\d+) (\S+)$/m.exec(said) ?? [];
  expect(ending[2]).toBe(path.join(reader.folder, '.config', 'banyanapp'));
  expect(reader.read('.kube/config')).toContain(`proxy-url: ${ending[1]} # Banyan`);
  await reader.paste('banyan ssh-config off; banyan kubeconfig off');
  expect(reader.read('.ssh/config')).toBe(own);
  expect(reader.read('.kube/config')).toBe(cluster);
}

async function ansible(context: TestContext): Promise<void> {
  skipWithout(context, 'ansible', 'ansible-playbook');
  const page = 'docs/how-to/ansible.md';
  const { reader } = await withServer(context);
  const there = path.join(reader.folder, 'motd');
  reader.write('inventory.ini', block(page, '[servers]'));
  reader.write('motd.yml', block(page, '- hosts').replace('/tmp/banyan-motd', there));
  const env = { ANSIBLE_REMOTE_TMP: path.join(reader.folder, 'remote') };
  const { exit, said } = await reader.paste(block(page, 'banyan ssh-config on'), env);
  expect({ exit, said }).toMatchObject({ exit: 0 });
  expect(said).toContain(block(page, 'bastion | SUCCESS').trim());
  expect(reader.read('motd')).toBe('Reached through Banyan.\n');
}

async function selenium(context: TestContext): Promise<void> {
  skipWithout(context, 'chromium', 'chromedriver');
  if (!existsSync('/usr/lib/python3/dist-packages/selenium'))
    context.skip('python3-selenium is not installed here');
  const page = 'docs/how-to/selenium.md';
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const [alpha = ''] = edge.lab.allowed;
  const own = (text: string): string => text.replaceAll('alpha.lab.internal:45645', alpha);
  const reader = await aMember(edge);
  reader.write('page.py', block(page, 'import os'));
  const { exit, said } = await reader.paste(own(block(page, 'banyan connect lab')));
  expect({ exit, said }).toMatchObject({ exit: 0 });
  expect(said).toContain(own(block(page, '{"message"')).trim());
}

/** An edge that gives the invite, and the commands with a folder of the test's in place of /etc. */
async function administered(context: TestContext) {
  if (process.getuid?.() !== 0) context.skip('only root gives a file to root');
  const edge = await startHosted();
  const reader = aReader();
  const env = { BANYAN_EDGE_CONFIG: edge.config };
  const page = 'docs/how-to/deploy.md';
  const made = await reader.paste(
    block(page, 'banyan-edge invite deployment').replace(
      '<id of the list>',
      `"$(banyan-edge invite list --json | grep -o '"id":"[^"]*' | cut -d'"' -f4)"`,
    ),
    env,
  );
  expect(made).toMatchObject({ exit: 0 });
  const [INVITE = ''] = /banyan:\/\/register\S+/.exec(made.said) ?? [];
  const own = (begin: string): string =>
    block(page, begin).replaceAll('/etc/banyanapp', `${reader.folder}/banyanapp`);
  return { reader, INVITE, own, made: made.said };
}

/** As the app reads it: whose it is, and what it says. */
async function readsItself(folder: string, invite: string): Promise<void> {
  const read = await readManagedFile(path.join(folder, 'banyanapp', 'mdm-config.json'));
  if (read.status !== 'read') throw new Error(JSON.stringify(read));
  expect(JSON.stringify(decodeManagedFile(read.text))).toContain(invite);
}

async function deploymentFile(context: TestContext): Promise<void> {
  const { reader, INVITE, own, made } = await administered(context);
  expect(made).toContain('Laptops of autumn');
  expect(await reader.paste(own('install -d'), { INVITE })).toMatchObject({ exit: 0 });
  await readsItself(reader.folder, INVITE);
}

async function deploymentByAnsible(context: TestContext): Promise<void> {
  skipWithout(context, 'ansible-playbook');
  const { reader, INVITE, own } = await administered(context);
  const tasks = own('- ansible.builtin.file').replaceAll(/^/gm, '    ');
  reader.write('play.yml', `- hosts: localhost\n  gather_facts: false\n  tasks:\n${tasks}`);
  const command = 'ansible-playbook -i localhost, -c local -e banyan_invite="$INVITE" play.yml';
  const { exit, said } = await reader.paste(command, { INVITE });
  expect({ exit, said }).toMatchObject({ exit: 0 });
  await readsItself(reader.folder, INVITE);
}

async function signedLists(): Promise<void> {
  const reader = aReader();
  const own = (begin: string): string =>
    block('docs/how-to/release.md', begin).replaceAll('scripts/', `${ROOT}/scripts/`);
  const { said } = await reader.paste(own('node scripts/sign-feed.mjs --new-key'));
  const [key = ''] = /-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----/.exec(said) ?? [];
  reader.write('release-key.pem', key);
  const lists = ['latest.yml', 'latest-mac.yml', 'latest-linux.yml'];
  for (const list of lists) reader.write(list, 'version: 1.2.3\nfiles: []\n');
  const signed = await reader.paste(own('BANYAN_RELEASE_KEY='));
  expect(signed).toEqual({ exit: 0, said: lists.map((list) => `signed ${list}\n`).join('') });
  for (const list of lists) expect(reader.read(list)).toMatch(/signature/i);
}
