// `npm run demo -- [--json]`: the main job without a window. Drives the built programs as child processes: registers, signs in,
// lists services, connects one TCP service and one collection, and moves real bytes through both.
import { spawn, spawnSync } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import path from 'node:path';
import { banyanWith, signIn, startClient } from './lib/client.mjs';
import { startDemoEdge } from './lib/edge.mjs';
import { onInterrupted } from './lib/interrupted.mjs';
import { ensureBuild, ensurePackages } from './lib/prepare.mjs';
import { main, PlainError, run } from './lib/steps.mjs';
import { throwAwayFolder } from './lib/throw-away.mjs';

const json = process.argv.includes('--json');
const QUIET_CURL = ['--silent', '--show-error', '--max-time', '20'];
const hasCurl = spawnSync('curl', ['--version']).status === 0;
/** @type {{ step: string, ms: number, ok: boolean, result?: unknown, error?: string }[]} */
const transcript = [];

/** One step of the story: timed, told, and remembered for --json. `tell` turns its result into a line for people. */
async function tell(step, body, line) {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  try {
    const result = await body();
    transcript.push({ step, ms: ms(), ok: true, result });
    if (!json)
      process.stdout.write(`${step.padEnd(34)} ${String(ms()).padStart(6)} ms  ${line(result)}\n`);
    return result;
  } catch (error) {
    const message = String(error?.message ?? error);
    transcript.push({ step, ms: ms(), ok: false, error: message });
    throw new PlainError(`${step}: ${message}`);
  }
}

await main(async () => {
  const unknown = process.argv.slice(2).find((argument) => argument !== '--json');
  if (unknown) throw new PlainError(`npm run demo takes only --json, not ${unknown}.`);
  const startedAt = performance.now();
  await ensurePackages();
  await ensureBuild();
  const folder = await throwAwayFolder();
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  let failure = null;
  const interrupted = new Promise((_, reject) => {
    onInterrupted(() => reject(new PlainError('Interrupted.')));
  });
  try {
    await Promise.race([story(folder.path, stops), interrupted]);
  } catch (error) {
    failure = error;
  } finally {
    for (const stop of stops.toReversed()) await stop();
    await folder.remove();
  }
  const totalMs = Math.round(performance.now() - startedAt);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ ok: failure === null, totalMs, client: hasCurl ? 'curl' : 'node', steps: transcript })}\n`,
    );
  } else if (!failure) {
    process.stdout.write(`\nDone in ${(totalMs / 1000).toFixed(1)} s. Nothing is left running.\n`);
  }
  if (failure) throw failure;
});

async function story(folder, stops) {
  const env = { ...process.env, BANYAN_HOME: path.join(folder, 'app'), BANYAN_SECRETS: 'memory' };
  const banyan = banyanWith(env);

  const edge = await tell(
    'Start a demo organisation',
    () => startDemoEdge(path.join(folder, 'edge')),
    ({ facts }) => `${facts.organisation}, Access Tier on ${facts.accessTier}`,
  );
  stops.push(() => edge.stop());
  transcript.at(-1).result = {
    organisation: edge.facts.organisation,
    accessTier: edge.facts.accessTier,
  };

  await tell(
    'Start the client',
    async () => {
      const client = await startClient(env);
      stops.push(() => client.stop());
      return client.ready;
    },
    () => 'headless, secrets in memory',
  );

  await tell(
    'Register this device',
    () => banyan('register', edge.facts.invite, '--name', 'demo-terminal', '--yes').result,
    ({ device }) => `device ${device.device.id} of ${device.organisation.name}`,
  );

  await tell(
    'Sign in',
    () => signIn(banyan),
    ({ session }) => `as ${session.person.email}`,
  );

  const { services } = await tell(
    'List services',
    () => banyan('services').result,
    ({ services }) => services.map(({ name }) => name).join(', '),
  );
  const named = (name) =>
    services.find((service) => service.name === name) ??
    fail(`the demo organisation lists no service "${name}"`);

  const api = await tell(
    'Connect "api" (TCP)',
    () => banyan('connect', named('api').id).result,
    ({ address }) => `${address.host}:${address.port}`,
  );
  await tell(
    'Use it',
    () => get(`http://${api.address.host}:${api.address.port}/hello`),
    ({ body }) => oneLine(body),
  );

  const lab = await tell(
    'Connect "lab" (a collection)',
    () => banyan('connect', named('lab').id).result,
    ({ address }) => `${address.host}:${address.port}`,
  );
  const { allowed, denied } = edge.facts.lab;
  for (const target of allowed) {
    await tell(
      `Reach ${target.split(':')[0]} through it`,
      () => get(`http://${target}/`, lab.address),
      ({ body }) => oneLine(body),
    );
  }
  await tell(
    'Be refused what is not allowed',
    async () => {
      const { status, body } = await get(`http://${denied[0]}/`, lab.address);
      return status === 403 ? { status, body } : fail(`expected 403 and got ${status}`);
    },
    ({ status }) => `status ${status}, as it should be`,
  );

  if (hasCurl) {
    await tell(
      'Use the certificate with curl',
      () => curlWithCertificate(env.BANYAN_HOME, named('api')),
      ({ body }) => oneLine(body),
    );
  }

  await tell(
    'Disconnect',
    () => banyan('disconnect', named('api').id).result,
    () => 'api',
  );
  await tell(
    'Sign out',
    () => banyan('logout').result,
    () => 'certificate files removed',
  );
}

/** One HTTP GET, by curl where there is one, else by the same bytes from here. `proxy`: through CONNECT. */
async function get(url, proxy) {
  if (hasCurl) return getWithCurl(url, proxy);
  return proxy ? getThroughConnect(url, proxy) : getWithNode({ url });
}

async function getWithCurl(url, proxy) {
  const args = [...QUIET_CURL, '--noproxy', proxy ? '' : '*'];
  if (proxy) args.push('--proxytunnel', '--proxy', `http://${proxy.host}:${proxy.port}`);
  const { stdout, stderr, status } = await capture('curl', [
    ...args,
    '--write-out',
    '\n%{http_code} %{http_connect}',
    url,
  ]);
  const lines = stdout.split('\n');
  const [code, connect] = (lines.pop() ?? '').split(' ').map(Number);
  if (status !== 0 && !connect) fail(stderr.trim() || `curl ended with ${status}`);
  return { status: code || connect, body: lines.join('\n') };
}

function getWithNode(options) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(options.url, { ...options, agent: false }, (response) => {
      let body = '';
      response.on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('error', reject).end();
  });
}

function getThroughConnect(url, proxy) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...proxy, method: 'CONNECT', path: `${hostname}:${port || 80}` });
    request.on('connect', (response, socket) => {
      if (response.statusCode !== 200) return resolve({ status: response.statusCode, body: '' });
      resolve(getWithNode({ url, createConnection: () => socket }));
    });
    request.on('error', reject).end();
  });
}

/** The line of the seeds: the TrustCert works for any program that can present one. */
async function curlWithCertificate(home, { domain, accessTier }) {
  const file = (name) => path.join(home, `login-${name}.pem`);
  const body = await run('curl', [
    ...QUIET_CURL,
    '--noproxy',
    '*',
    '--cacert',
    file('cacert'),
    '--key',
    file('key'),
    '--cert',
    file('cert'),
    `https://${domain}:${accessTier.port}/api/v1/`,
  ]);
  return { body };
}

function capture(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.on('close', (status) => resolve({ stdout, stderr, status }));
  });
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim().slice(0, 70);
}

/** @returns {never} */
function fail(message) {
  throw new PlainError(message);
}
