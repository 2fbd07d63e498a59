// From a clean HOME, by the terminal alone: real kubectl reaches an API that stands behind a collection.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { publishTyped } from '../support/collection.ts';
import { call } from '../support/https.ts';
import { findProgram, freePort, missing } from '../support/foreign-servers.ts';
import { createTestPki } from '../support/pki.ts';
import { runProgram, startProgram } from '../support/programs.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { terminalLogin } from '../support/terminal-login.ts';

beforeAll(() => ensureBuild(), 120_000);

const API = 'kube.corp.test';

/** As much of the API as `kubectl get pods` asks for, for whoever it knows. */
type Knows = (authorization: string) => boolean | Promise<boolean>;

async function startApi(knows: Knows) {
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
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'https://x');
    const isKnown = await knows(request.headers.authorization ?? '');
    response.writeHead(isKnown ? (answers[pathname] ? 200 : 404) : 401, {
      'content-type': 'application/json',
    });
    response.end(JSON.stringify(isKnown ? (answers[pathname] ?? {}) : {}));
  };
  const server = createServer({ key, cert: certificate }, (request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, ca: pki.root };
}

async function aPerson(context: TestContext, byIssuer?: (edge: TestEdge) => Knows) {
  const reason = missing('kubectl');
  if (reason) context.skip(reason);
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const api = await startApi(byIssuer?.(edge) ?? ((given) => given === 'Bearer of-adam'));
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
        [...args, ...(byIssuer ? [] : ['--token', 'of-adam']), 'get', 'pods'],
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
    edge,
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
      `${file}:\n  kubectl --kubeconfig '${file.replace("'", `'\\''`)}' --context dev  mykube.demo.bnn\n`,
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

  it('waits for no cluster that was never connected, and names it', async (context) => {
    const { banyan, edge, api } = await aPerson(context);
    await publishTyped(
      edge,
      'unused',
      { service_app_type: 'K8S', banyanproxy_mode: 'CHAIN', kube_ca_key: api.ca },
      { http_connect: true, allow_patterns: [{ hostnames: ['unused.corp'] }] },
    );
    await banyan('connect', 'mykube');
    const { exit, stdout } = await banyan('kubeconfig', 'on');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/--context dev[^]*Not unused, which has no local port yet/);
    expect(await banyan('kubeconfig', 'on', 'unused')).toMatchObject({ exit: 1 });
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

describe('banyan kube-token', () => {
  it('signs kubectl in to a cluster that knows our issuer, and to nothing else', async (context) => {
    const seen: JWTPayload[] = [];
    /** As an API server is told to by `--oidc-…`: whom it has to ask it finds out by discovery. */
    const oidc =
      ({ edge: { root, document } }: TestEdge): Knows =>
      async (authorization) => {
        const json = async (url: string) => JSON.parse((await call(url, { root })).body) as unknown;
        const found = await json(`${document.issuer}/.well-known/openid-configuration`);
        const { issuer, jwks_uri } = found as { issuer: string; jwks_uri: string };
        const keys = createLocalJWKSet((await json(jwks_uri)) as JSONWebKeySet);
        const verified = await jwtVerify(authorization.replace('Bearer ', ''), keys, {
          issuer,
          audience: 'mykube.demo.bnn',
          algorithms: ['ES256'],
          requiredClaims: ['exp', 'email', 'groups'],
        }).catch(() => null);
        if (verified) seen.push(verified.payload);
        return verified !== null;
      };
    const { banyan, kubectl, config, folder, edge } = await aPerson(context, oidc);
    const file = path.join(folder, '.kube', 'banyan');
    const get = () => kubectl(['--kubeconfig', file, '--context', 'dev']);
    await banyan('connect', 'mykube');
    await banyan('kubeconfig', 'on');
    expect(await get()).toContain('podreader-default-pod');
    expect(seen[0]).toMatchObject({ email: 'dana@demo.example', groups: ['Engineering'] });

    const { exit, stdout, stderr } = await banyan('kube-token', 'mykube');
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const credential = JSON.parse(stdout) as { status: { expirationTimestamp: string } };
    expect(credential).toMatchObject({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
    });
    const left = Date.parse(credential.status.expirationTimestamp) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(300_000);
    expect(await banyan('kube-token', 'echo')).toMatchObject({
      exit: 2,
      stdout: '',
      stderr: expect.stringContaining('Echo is no cluster') as string,
    });

    // kubectl writes the file anew, with the user in it: it stays ours.
    await config('--kubeconfig', file, 'use-context', 'dev');
    expect(readFileSync(file, 'utf8')).not.toContain('Written by Banyan');
    expect((await banyan('kubeconfig', 'show')).stdout).toContain('mykube.demo.bnn');
    expect(await get()).toContain('podreader-default-pod');

    const attach = (PolicyID: string): Promise<void> =>
      edge.edge.apply({
        attachments: [{ PolicyID, ServiceID: 'mykube.demo.bnn', Enabled: 'TRUE' }],
      });
    const known = seen.length;
    await attach('engineers-on-trusted-devices');
    await expect(get()).rejects.toThrow(/has to be at trust level High/);
    await attach('finance');
    await expect(get()).rejects.toThrow(/\[tunnel\/denied\][^]*exit code 4/);
    expect(await banyan('kube-token', 'no.such.bnn')).toMatchObject({ exit: 1, stdout: '' });
    await attach('engineers');
    expect((await banyan('logout')).exit).toBe(0);
    await expect(get()).rejects.toThrow(/banyan login[^]*exit code 3/);
    expect(seen).toHaveLength(known);
    expect((await banyan('unregister', '--yes')).exit).toBe(0);
    expect(existsSync(file)).toBe(false);
  });
});
