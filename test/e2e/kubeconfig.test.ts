// From a clean HOME, by the terminal alone: real kubectl reaches an API that stands behind a collection.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { publishTyped } from '../support/collection.ts';
import { findProgram, freePort, missing } from '../support/foreign-servers.ts';
import { createTestPki } from '../support/pki.ts';
import { runProgram, startProgram } from '../support/programs.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { terminalLogin } from '../support/terminal-login.ts';

beforeAll(() => ensureBuild(), 120_000);

const API = 'kube.corp.test';

/** As much of the API as `kubectl get pods` asks for, for whoever has the token. */
async function startApi(): Promise<{ port: number; ca: string }> {
  const pki = await createTestPki();
  const { key, certificate } = await pki.issue({ commonName: API });
  const answers: Record<string, object> = {
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
    '/api/v1': {
      kind: 'APIResourceList',
      groupVersion: 'v1',
      resources: [
        { name: 'pods', singularName: '', namespaced: true, kind: 'Pod', verbs: ['list', 'get'] },
      ],
    },
    '/api/v1/namespaces/default/pods': {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: [{ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'podreader-default-pod' } }],
    },
  };
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'https://x');
    const isKnown = request.headers.authorization === 'Bearer of-adam';
    response.writeHead(isKnown ? (answers[pathname] ? 200 : 404) : 401, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(isKnown ? (answers[pathname] ?? {}) : {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ca: pki.root };
}

async function aPerson(context: TestContext) {
  const reason = missing('kubectl');
  if (reason) context.skip(reason);
  const api = await startApi();
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const backend = {
    http_connect: true,
    dns_overrides: { [API]: '127.0.0.1' },
    allow_patterns: [
      { hostnames: [API], cidrs: ['127.0.0.1/32'], ports: { port_list: [api.port] } },
    ],
  };
  const tags = { service_app_type: 'K8S', banyanproxy_mode: 'CHAIN', kube_ca_key: api.ca };
  await publishTyped(edge, 'mykube', { ...tags, kube_cluster_name: 'dev' }, backend);

  const folder = path.join(tempDir(), "Dana O'Hara");
  const home = path.join(folder, '.config', 'banyanapp');
  const own = { HOME: folder };
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const up = await startProgram('banyan', ['up'], home, own);
  onTestFinished(async () => void (await up.stop()));
  await runProgram('banyan', ['register', await edge.edge.createInvite(), '--yes'], home, '', own);
  await terminalLogin(home, own);
  const kubectl = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(
        findProgram('kubectl') ?? 'kubectl',
        [...args, '--token', 'of-adam', 'get', 'pods'],
        { env: { PATH: process.env['PATH'], ...own, ...env }, timeout: 25_000 },
        (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)),
      );
    });
  const config = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(
        findProgram('kubectl') ?? 'kubectl',
        ['config', ...args],
        { env: { PATH: process.env['PATH'], ...own }, timeout: 25_000 },
        (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)),
      );
    });
  return {
    folder,
    api,
    kubectl,
    config,
    banyan: (...args: string[]) => runProgram('banyan', args, home, '', own),
  };
}

/** kubectl keeps a cache there. */
const filesBeside = (file: string): string[] =>
  readdirSync(path.dirname(file)).filter((name) => name !== 'cache');

describe('banyan kubeconfig', () => {
  it('gives kubectl a cluster of its own, follows the port, and goes without a trace', async (context) => {
    const { banyan, kubectl, folder } = await aPerson(context);
    const file = path.join(folder, '.kube', 'banyan');
    expect(await banyan('kubeconfig', 'on')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('[program/port-unknown]') as string,
    });
    expect((await banyan('connect', 'mykube')).exit).toBe(0);
    const on = await banyan('kubeconfig', 'on');
    expect(on.stdout).toBe(
      `${file}:\n  kubectl --kubeconfig ${file} --context dev  mykube.demo.bnn\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await kubectl(['--kubeconfig', file, '--context', 'dev'])).toContain(
      'podreader-default-pod',
    );

    const port = await freePort();
    expect((await banyan('override', 'mykube', `${port}`)).exit).toBe(0);
    expect(await kubectl(['--kubeconfig', file, '--context', 'dev'])).toContain(
      'podreader-default-pod',
    );
    expect(readFileSync(file, 'utf8')).toContain(`http://127.0.0.1:${port}"`);

    expect((await banyan('kubeconfig', 'off')).stdout).toBe(`${file} has no cluster of Banyan.\n`);
    expect(existsSync(file)).toBe(false);
  });

  it('puts the proxy into a cluster that a person has, and nothing else', async (context) => {
    const { banyan, kubectl, folder, api } = await aPerson(context);
    const file = path.join(folder, '.kube', 'config');
    mkdirSync(path.dirname(file));
    writeFileSync(path.join(folder, 'ca.pem'), api.ca);
    writeFileSync(
      file,
      `# mine, in my order
kind: Config
current-context: work
contexts:
- context: {cluster: corp}
  name: work
clusters:
- name: corp
  cluster:
    server: https://${API}:${api.port} # the API
    certificate-authority: ../ca.pem`,
    );
    const before = readFileSync(file);
    await banyan('connect', 'mykube');
    await expect(kubectl([])).rejects.toThrow(/no such host|lookup/);
    const on = await banyan('kubeconfig', 'on', 'mykube', '--context', 'work', '--json');
    expect(JSON.parse(on.stdout)).toMatchObject({
      ok: true,
      contexts: { file, entries: [{ service: 'mykube.demo.bnn', name: 'work' }] },
    });
    expect(await kubectl([])).toContain('podreader-default-pod');
    await banyan('override', 'mykube', `${await freePort()}`);
    expect(await kubectl([])).toContain('podreader-default-pod');
    expect((await banyan('kubeconfig', 'off', '--context', 'work')).exit).toBe(0);
    expect(readFileSync(file)).toEqual(before);
    expect(filesBeside(file)).toEqual(['config']);

    for (const named of [['mykube'], []]) {
      await banyan('kubeconfig', 'on', '--context', 'work');
      expect((await banyan('kubeconfig', 'off', ...named)).exit).toBe(0);
      expect(readFileSync(file)).toEqual(before);
    }

    await banyan('kubeconfig', 'on', '--context', 'work');
    await banyan('kubeconfig', 'on');
    expect((await banyan('unregister', '--yes')).exit).toBe(0);
    expect(readFileSync(file)).toEqual(before);
    expect(filesBeside(file)).toEqual(['config']);
  });

  it('is taken out of a kubeconfig that kubectl has written anew since, and follows the port there', async (context) => {
    const { banyan, kubectl, config, folder, api } = await aPerson(context);
    const file = path.join(folder, '.kube', 'config');
    mkdirSync(path.dirname(file));
    writeFileSync(path.join(folder, 'ca.pem'), api.ca);
    const own = `apiVersion: v1
clusters:
- cluster:
    certificate-authority: ../ca.pem
    server: https://${API}:${api.port}
  name: corp
contexts:
- context:
    cluster: corp
    user: ""
  name: work
current-context: work
kind: Config
preferences: {}
users: null
`;
    writeFileSync(file, own);
    await banyan('connect', 'mykube');
    await banyan('kubeconfig', 'on', '--context', 'work');
    await config('set-context', 'other', '--cluster', 'corp');
    expect(readFileSync(file, 'utf8')).not.toContain('# Banyan');
    const shown = await banyan('kubeconfig', 'show', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      contexts: { entries: [{ service: 'mykube.demo.bnn', name: 'work' }] },
    });
    await banyan('override', 'mykube', `${await freePort()}`);
    expect(await kubectl([])).toContain('podreader-default-pod');
    await config('use-context', 'work');
    expect((await banyan('kubeconfig', 'off', '--context', 'work')).exit).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain('proxy-url');
    await config('delete-context', 'other');
    expect(readFileSync(file, 'utf8')).toBe(own);
    // What she has set herself since is hers.
    await banyan('kubeconfig', 'on', '--context', 'work');
    await config('set-cluster', 'corp', '--proxy-url', 'http://proxy.corp:3128');
    expect((await banyan('kubeconfig', 'off', '--context', 'work')).exit).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('proxy-url: http://proxy.corp:3128');
  });

  it('keeps what kubectl has set in our own file, and removes it all the same', async (context) => {
    const { banyan, kubectl, config, folder } = await aPerson(context);
    const file = path.join(folder, '.kube', 'banyan');
    await banyan('connect', 'mykube');
    await banyan('kubeconfig', 'on');
    const set = ['set-context', 'dev', '--user', 'adam', '--namespace', 'default'];
    await config('--kubeconfig', file, ...set);
    await config('--kubeconfig', file, 'use-context', 'dev');
    expect(readFileSync(file, 'utf8')).not.toContain('Banyan');
    await banyan('override', 'mykube', `${await freePort()}`);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('context: { cluster: "dev", user: "adam", namespace: "default" }');
    expect(text).toContain('current-context: "dev"');
    expect(await kubectl(['--kubeconfig', file, '--user', ''])).toContain('podreader-default-pod');
    await config('--kubeconfig', file, 'set-context', 'dev', '--user', 'adam');
    expect((await banyan('kubeconfig', 'off')).exit).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('has the line of the seeds for a kubectl that is older', async (context) => {
    const { banyan, kubectl, folder, api } = await aPerson(context);
    const file = path.join(folder, 'plain');
    writeFileSync(path.join(folder, 'ca.pem'), api.ca);
    const { stdout } = await banyan('connect', 'mykube');
    const [, https_proxy = ''] = /https_proxy=(\S+) kubectl get pods/.exec(stdout) ?? [];
    writeFileSync(file, 'kind: Config\n');
    const args = ['--kubeconfig', file, '--server', `https://${API}:${api.port}`];
    const ca = ['--certificate-authority', path.join(folder, 'ca.pem')];
    expect(await kubectl([...args, ...ca], { https_proxy })).toContain('podreader-default-pod');
  });

  it('leaves a file of somebody else alone', async (context) => {
    const { banyan, folder } = await aPerson(context);
    const file = path.join(folder, '.kube', 'banyan');
    mkdirSync(path.dirname(file));
    writeFileSync(file, 'kind: Config\n');
    await banyan('connect', 'mykube');
    expect(await banyan('kubeconfig', 'on')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("is not Banyan's") as string,
    });
    expect(readFileSync(file, 'utf8')).toBe('kind: Config\n');
    expect((await banyan('kubeconfig', 'show')).stdout).toContain('has no cluster of Banyan');
  });
});
