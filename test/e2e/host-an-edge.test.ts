// Every command of docs/how-to/host-an-edge.md, pasted as it stands into one shell, against the edge that the page starts.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { policyDocument } from '../../src/edge/command-center/documents.ts';
import { httpSettings } from '../../src/edge/command-center/http-settings.ts';
import { COMMANDS } from '../../src/edge/commands/table.ts';
import { readConfigFile } from '../../src/edge/config-file.ts';
import { isExempted } from '../../src/edge/policy/exempted-requests.ts';
import { freePort } from '../support/foreign-servers.ts';
import { createTestPki } from '../support/pki.ts';
import { aPerson } from '../support/person.ts';
import { runProgram } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const page = readFileSync(path.join(ROOT, 'docs', 'how-to', 'host-an-edge.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  );

/** Folder, name and ports of its own: other tests run beside it. */
async function places() {
  const folder = tempDir();
  const ports = new Map<string, number>();
  for (const port of ['8440', '8441', '8443']) ports.set(`0.0.0.0:${port}`, await freePort());
  const rest = await freePort();
  const operations = await freePort();
  return {
    folder,
    own: (text: string): string =>
      [...ports].reduce(
        (changed, [from, port]) => changed.replaceAll(from, `127.0.0.1:${port}`),
        text
          .replaceAll('/srv/banyan', folder)
          .replaceAll('"banyan.example.com"', '"team.localhost"')
          .replaceAll('127.0.0.1:8445', `127.0.0.1:${operations}`)
          .replaceAll('127.0.0.1:8444', `127.0.0.1:${rest}`)
          .replaceAll('banyan.example.com:8444', `team.localhost:${rest}`),
      ),
  };
}

function inBackground(commands: string): { child: ChildProcess; said: () => string } {
  const child = spawn('bash', ['-ec', commands], { cwd: ROOT, detached: true });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM');
    await ended;
  });
  return { child, said: () => said };
}

it.runIf(process.platform === 'linux')(
  'host an edge, from its configuration to its backup',
  async () => {
    const { folder, own } = await places();
    const [config = ''] = blocks('json');
    const restSection = blocks('json').find((block) => block.startsWith('"rest"')) ?? '';
    const [start = '', ...rest] = blocks('sh').map(own);
    writeFileSync(
      path.join(folder, 'config.json'),
      own(config.replace(/\n}\s*$/, `,\n${restSection}}`)),
    );
    const edge = inBackground(start);
    await until(async () => edge.said().includes('Example is ready at team.localhost:'));

    const { root } = await createTestPki('Jamf');
    writeFileSync(path.join(folder, 'jamf-ca.pem'), root);
    const [setUp, everyday] = split(rest, 'device list');
    const first = await bash(setUp);
    expect(first).toContain('organisation  Example at team.localhost:');
    expect(first).toMatch(
      /tcpcollection\.main\.bnn +GENERIC +tcpcollection\.example\.com +on +engineers +Enforcing/,
    );
    const trusted = readFileSync(path.join(folder, 'banyan-ca.pub'), 'utf8');
    const made = path.join(folder, 'data', 'authority', 'ssh-ca.pub');
    expect(trusted).toBe(readFileSync(made, 'utf8'));
    expect(trusted).toMatch(/^ssh-ed25519 \S+\n$/);
    const [invite = ''] = /banyan:\/\/register\S+/.exec(first) ?? [];
    await aPerson(
      invite,
      { email: 'dana@example.com', password: 'correct horse battery' },
      { root: readFileSync(path.join(folder, 'data', 'authority', 'root-cert.pem'), 'utf8') },
    );

    const device = await idOfTheDevice(folder);
    const second = await bash(`${shellOf(setUp)}\n${everyday.replaceAll('DEVICE', device)}`);
    expect(second).toContain('1 sign-in ended.');
    expect(second).toContain(`${device} is banned.`);
    expect(second).toContain('token lifetime        8 hours');
    expect(second).toContain('Device Manager jamf');
    expect(second).toMatch(/allowed +change +action=device\.revoke/);
    expect(second).toMatch(/^ok\n(banyan_edge_.*\n)+/m);
    expect(second).toContain('"ServiceID":"ledger.main.bnn"');
    expect(second).toMatch(/"RoleName":"Engineers".*"RoleVersion":2/);
    expect(second).toMatch(/"AttachedToID":"mykube\.main\.bnn".*"Enabled":"FALSE"/);
    expect(second).toContain('The service wiki.main.bnn is deleted.');
    expect(second).toMatch(/action=service\.delete +subject=wiki\.main\.bnn +by=api-key terraform/);
    expect(second).toContain('"Message":"This key is unknown, revoked or expired."');
  },
);

/** The function and the variable that the commands need; each shell is a new one. */
const shellOf = (commands: string): string => commands.split('\n').slice(0, 2).join('\n');

const bash = async (commands: string): Promise<string> => {
  const { stdout } = await promisify(execFile)('bash', ['-euc', commands], { cwd: ROOT });
  return stdout;
};

const idOfTheDevice = async (folder: string): Promise<string> => {
  const args = ['device', 'list', '--json', '--config', path.join(folder, 'config.json')];
  const { stdout } = await runProgram('banyan-edge', args, folder);
  const { devices } = JSON.parse(stdout) as { devices: { id: string }[] };
  return devices[0]?.id ?? '';
};

/** Before the block that begins to speak of devices, and from there on. */
function split(commands: readonly string[], word: string): [before: string, from: string] {
  const at = commands.findIndex((block) => block.includes(word));
  return [commands.slice(0, at).join('\n'), commands.slice(at).join('\n')];
}

it('names no command that there is not, and every key of the configuration that there is', () => {
  const used = blocks('sh')
    .join('\n')
    .matchAll(/banyan-edge ([a-z-]+)(?: ([a-z-]+))?/g);
  for (const [, first = '', second = ''] of used) {
    const known = [`${first} ${second}`, first].some((name) => Object.hasOwn(COMMANDS, name));
    expect({ first, second, known }).toMatchObject({ known: true });
  }
  const source = readFileSync(path.join(ROOT, 'src', 'edge', 'config-file.ts'), 'utf8');
  const schema = source.slice(
    source.indexOf('const configFile'),
    source.indexOf('export interface'),
  );
  for (const [, key = ''] of schema.matchAll(/^\s+([a-z_]+): /gm)) expect(page).toContain(key);
});

it('shows settings that the edge takes as they stand', async () => {
  const [config = '', ...parts] = blocks('json');
  const part = (begins: string): unknown =>
    Object.values(
      JSON.parse(`{${parts.find((text) => text.startsWith(begins))}}`) as object,
    )[0] as unknown;
  const file = path.join(tempDir(), 'config.json');
  const given = JSON.parse(config) as object;
  writeFileSync(file, JSON.stringify({ ...given, posture: part('"posture"') }));
  const { edge } = await readConfigFile(file);
  expect(edge.posture.effects).toMatchObject({ DiskEncryptionEnabled: 'Low' });
  expect(edge.posture.minimumVersions).toMatchObject({ macos: '14', ubuntu: '22.04' });

  const { exemptions } = httpSettings.parse(part('"http_settings"'));
  const request = { headers: {}, secure: true, host: 'wiki.example.com', source: '10.1.2.3' };
  const isOpen = (method: string, url: string, source = request.source): boolean =>
    isExempted(exemptions, { ...request, method, path: url, source });
  expect(isOpen('POST', '/webhooks/build')).toBe(true);
  expect(isOpen('GET', '/health')).toBe(true);
  expect(isOpen('GET', '/health', '10.2.0.1')).toBe(false);
  expect(isOpen('GET', '/')).toBe(false);

  const { spec } = policyDocument.parse({
    kind: 'BanyanPolicy',
    metadata: { name: 'web' },
    spec: {
      options: { l7_protocol: 'http' },
      access: [{ roles: ['Engineers'], rules: { l7_access: part('"l7_access"') } }],
    },
  });
  expect(spec.access[0]?.rules?.l7_access).toHaveLength(3);
});
