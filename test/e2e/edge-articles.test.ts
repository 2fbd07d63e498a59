// The steps of the collection article and of the Kubernetes article, one for one: each field of the console is a flag, from an
// empty data folder to bytes through the app of somebody who was let in.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { freePort, missing } from '../support/foreign-servers.ts';
import { type HostedEdge, startHosted } from '../support/hosted-edge.ts';
import { startKubernetesApi, TOKEN } from '../support/kubernetes-api.ts';
import { aPerson, type Person } from '../support/person.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

const DANA = { email: 'dana@example.com', password: 'correct horse' };

/** Names of services are the articles' own, which no DNS knows: the app is told one address for all. */
async function anEdge(): Promise<HostedEdge> {
  const tier = `127.0.0.1:${await freePort()}`;
  const free = '127.0.0.1:0';
  return startHosted({
    listen: { public: free, mutual: free, pages: free, access_tier: tier },
    outer: { access_tier: tier },
    limits: { drain_seconds: 2 },
  });
}

/** Each step has to succeed. */
const step = async (edge: HostedEdge, command: string, input?: string): Promise<string> => {
  const { exit, stdout, stderr } = await edge.run(command.split(' '), input);
  expect({ command, exit, stderr }).toMatchObject({ exit: 0 });
  return stdout.trim();
};

async function letIn(edge: HostedEdge, group: string): Promise<Person> {
  await step(edge, `user add ${DANA.email} --group ${group}`, `${DANA.password}\n`);
  return aPerson(await step(edge, 'invite create'), DANA);
}

async function aBackend(text: string): Promise<number> {
  const server = createServer((_, response) => void response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const curl = (proxy: number, url: string) =>
  promisify(execFile)(
    'curl',
    ['--silent', '--show-error', '--proxytunnel', '--proxy', `http://127.0.0.1:${proxy}`, url],
    { env: { PATH: process.env['PATH'] } },
  );

it('a collection of TCP services: hostnames, CIDRs, ports, an override, an assigned port', async (context) => {
  const reason = missing('curl');
  if (reason) context.skip(reason);
  const edge = await anEdge();
  const [inside, outside] = [await aBackend('vnc'), await aBackend('outside')];
  const listenPort = await freePort();
  await step(edge, 'role create Engineers --group Engineering --known-device-only');
  await step(edge, 'policy create engineers --role Engineers --for tcp');
  // 1 and 2. "Other TCP Service", "Client specified using HTTP Connect", a simple list of allowed hostnames and CIDRs,
  // Assigned Listen Port, no override; and the advanced example: an override and a port range.
  await step(
    edge,
    `service create tcpcollection --type GENERIC --domain tcpcollection.example.com --http-connect --allow-hostname vnc1.com --allow-cidr 127.0.0.1/32 --allow-port ${inside}-${inside} --dns-override vnc1.com=127.0.0.1 --listen-port ${listenPort} --no-override`,
  );
  await step(edge, 'attach engineers tcpcollection --mode enforcing');
  const dana = await letIn(edge, 'Engineering');
  // A single entry; Connect opens the assigned port, and no other.
  const { stdout } = await dana.banyan('services', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    services: [
      { id: 'tcpcollection.main.bnn', assignedPort: listenPort, allowUserOverride: false },
    ],
  });
  expect((await dana.banyan('override', 'tcpcollection', '9000')).exit).toBe(4);
  expect((await dana.banyan('connect', 'tcpcollection')).exit).toBe(0);
  // 3. The client's HTTP proxy setting.
  expect((await curl(listenPort, `http://vnc1.com:${inside}/`)).stdout).toBe('vnc');
  await expect(curl(listenPort, `http://vnc2.com:${inside}/`)).rejects.toThrow('403');
  await expect(curl(listenPort, `http://vnc1.com:${outside}/`)).rejects.toThrow('403');
  const { stdout: refused } = await edge.run(['audit', '--refused', '--event', 'connection']);
  expect(refused).toMatch(
    /REFUSED +connection +service=tcpcollection\.main\.bnn.*target=vnc2\.com/,
  );

  // What is taken away ends while the app is connected.
  await step(edge, 'service disable tcpcollection');
  await expect(curl(listenPort, `http://vnc1.com:${inside}/`)).rejects.toThrow();
});

it('the Kubernetes API, with real kubectl through https_proxy and through proxy-url', async (context) => {
  const reason = missing('kubectl');
  if (reason) context.skip(reason);
  const edge = await anEdge();
  const fqdn = 'kube-api.corp.example.com';
  const api = await startKubernetesApi(fqdn);
  const listenPort = await freePort();
  // 1. A role for employees with personal devices. 2. A policy with it, for TCP.
  const ownership = ['--ownership', 'Employee Owned'];
  const role = ['role', 'create', 'personal-devices', '--group', 'Employees', ...ownership];
  expect((await edge.run(role)).exit).toBe(0);
  await step(edge, 'policy create kubernetes --role personal-devices --for tcp');
  // 3. The TCP service; Domains to Proxy have to be blank.
  const service = `service create mykube --type GENERIC --domain mykube.corp.example.com --http-connect --allow-hostname ${fqdn} --allow-cidr 127.0.0.1/32 --dns-override ${fqdn}=127.0.0.1 --listen-port ${listenPort}`;
  const filled = await edge.run(
    `${service} --proxy-domain example.com`.replace('GENERIC', 'K8S').split(' '),
  );
  expect(filled.exit).toBe(2);
  expect(filled.stderr).toContain('Domains to Proxy have to be blank here');
  await step(edge, service);
  await step(edge, 'attach kubernetes mykube --mode enforcing');
  // 4. Connect; where the device is one of them.
  await step(edge, `user add ${DANA.email} --group Employees`, `${DANA.password}\n`);
  const corporate = await aPerson(await step(edge, 'invite create'), DANA);
  const refused = await corporate.banyan('connect', 'mykube');
  expect(refused.stderr).toMatch(/, but not from this device\. .+ \[tunnel\/denied\]/);
  const dana = await aPerson(await step(edge, 'invite create'), DANA, {
    ownership: 'Employee Owned',
  });
  expect((await dana.banyan('connect', 'mykube')).exit).toBe(0);

  const kubeconfig = writeKubeconfig({ fqdn, port: api.port, root: api.root });
  const getPods = (config: string, env: NodeJS.ProcessEnv = {}) =>
    promisify(execFile)('kubectl', ['get', 'pods', '--kubeconfig', config], {
      env: { PATH: process.env['PATH'], HOME: tempDir(), ...env },
    });
  const rows = [
    /^NAME +READY +STATUS +RESTARTS +AGE$/m,
    /^podreader-default-pod +1\/1 +Running +0 +35h$/m,
  ];
  const byEnvironment = await getPods(kubeconfig, {
    https_proxy: `http://localhost:${listenPort}`,
  });
  for (const row of rows) expect(byEnvironment.stdout).toMatch(row);
  const proxyUrl = `http://localhost:${listenPort}`;
  const byConfig = await getPods(
    writeKubeconfig({ fqdn, port: api.port, root: api.root, proxyUrl }),
  );
  for (const row of rows) expect(byConfig.stdout).toMatch(row);
  expect(api.asked).toContain('/api/v1/namespaces/default/pods');
  // It was the way, not the network: without it there is no such name.
  await expect(getPods(kubeconfig)).rejects.toThrow();
});

function writeKubeconfig(at: {
  fqdn: string;
  port: number;
  root: string;
  proxyUrl?: string;
}): string {
  const file = path.join(tempDir(), 'config');
  const cluster = {
    server: `https://${at.fqdn}:${at.port}`,
    'certificate-authority-data': Buffer.from(at.root).toString('base64'),
    ...(at.proxyUrl && { 'proxy-url': at.proxyUrl }),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: TOKEN } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

it('SIGTERM lets running connections finish for as long as is configured, then ends', async () => {
  const edge = await anEdge();
  let finish = (): void => {};
  const slow = createServer((_, response) => {
    response.write('first');
    finish = () => void response.end(' last');
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    slow.close();
    slow.closeAllConnections();
  });
  const { port } = slow.address() as AddressInfo;
  const listenPort = await freePort();
  await step(edge, 'role create Engineers --group Engineering');
  await step(edge, 'policy create engineers --role Engineers');
  await step(
    edge,
    `service create slow --domain slow.example.com --backend 127.0.0.1:${port} --listen-port ${listenPort} --policy engineers`,
  );
  const dana = await letIn(edge, 'Engineering');
  expect((await dana.banyan('connect', 'slow')).exit).toBe(0);
  const answer = fetch(`http://127.0.0.1:${listenPort}/`, { headers: { connection: 'close' } });
  const response = await answer;
  edge.child.kill('SIGTERM');
  await until(async () => edge.log().some(({ message }) => message === 'stopping'));
  finish();
  expect(await response.text()).toBe('first last');
  expect(await edge.ended).toBe(0);
  expect(edge.log().at(-1)).toMatchObject({ message: 'stopped' });
});

it('a service whose policy cannot be attached to it is not made', async () => {
  const edge = await anEdge();
  await step(edge, 'role create Engineers --group Engineering');
  await step(edge, 'policy create web --role Engineers --for web');
  const create = 'service create half --domain half.example.com --backend 127.0.0.1:1 --policy';
  for (const [policy, why] of [
    ['web', 'The policy "web" is for web services'],
    ['nobody', 'no policy "nobody"'],
  ]) {
    const { exit, stderr } = await edge.run(`${create} ${policy}`.split(' '));
    expect(stderr).toContain(why);
    expect(exit).not.toBe(0);
  }
  expect(await step(edge, 'service list')).toBe('There is no service.');
});
