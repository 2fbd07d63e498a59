// `npm run load -- [--quick] [--rate N]`: an edge as somebody hosts it, under many tunnels: 5,000 that are idle, and 500 (or N)
// new ones a second beside them. All have to work, and its memory has to be flat. Linux only: it reads /proc.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePorts, interrupted, start, stopAll } from './bench/processes.mjs';
import { banyanWith, signIn, startClient } from './lib/client.mjs';
import { ensureBuild, ensurePackages, program } from './lib/prepare.mjs';
import { main, PlainError, seconds, step } from './lib/steps.mjs';
import { throwAwayFolder } from './lib/throw-away.mjs';

const FULL = { idle: 5_000, restS: 60, churnS: 20, rounds: 6 };
const QUICK = { idle: 500, restS: 2, churnS: 3, rounds: 1 };
const OPENING_RATE = 200;
const HOST = 'team.localhost';
const DOMAIN = `load.${HOST}`;
const PERSON = { email: 'load@example.com', password: 'correct horse battery' };
/** What an allocator may keep from one round to the next. */
const RSS_GROWTH_MB = 40;

/** One for the edge and one for everything else, where there are two. @param {number} which */
const coreOf = (which) => (os.cpus().length > 1 ? String(which) : null);

await main(async () => {
  const startedAt = Date.now();
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, rate: { type: 'string', default: '500' } },
  });
  const rate = Number(values.rate);
  if (!(rate >= 1)) throw new PlainError('--rate is a number of tunnels a second.');
  if (process.platform !== 'linux') throw new PlainError('npm run load reads /proc: Linux only.');
  await ensurePackages();
  await ensureBuild();
  const folder = await throwAwayFolder('banyan-load-');
  const stops = [];
  try {
    const plan = { rate, ...(values.quick ? QUICK : FULL) };
    await Promise.race([load(folder.path, plan, stops), interrupted()]);
  } finally {
    for (const stop of stops.toReversed()) await stop();
    await stopAll();
    await folder.remove();
  }
  process.stdout.write(`All worked, after ${seconds(Date.now() - startedAt)}.\n`);
});

async function load(folder, plan, stops) {
  process.stdout.write(
    `Node ${process.versions.node}, ${os.cpus().length} cores (${os.cpus()[0]?.model.trim()}), load ${os.loadavg()[0]?.toFixed(1)} before\n`,
  );
  const backend = await freePorts(1);
  const { edge, port } = await step('Starting an edge', () => startEdge(folder));
  const home = path.join(folder, 'app');
  await step('Registering and signing in', () => becomeSomebody({ folder, home, backend, stops }));
  const wanted = { certificates: home, host: DOMAIN, port, backend };
  const script = path.join(import.meta.dirname, 'bench', 'tunnels.mjs');
  const tunnels = start([process.execPath, script, JSON.stringify(wanted)], { core: coreOf(1) });
  await tunnels.line();
  const ask = async (what, more = {}) => {
    tunnels.tell(JSON.stringify({ what, ...more }));
    return JSON.parse(await tunnels.line(600_000));
  };
  look('before', edge.pid);
  const opened = await ask('open', { count: plan.idle, rate: OPENING_RATE });
  tell('opened', opened, plan.idle);
  if (opened.done < plan.idle)
    throw new PlainError(`Not all opened: ${JSON.stringify(opened.failures)}.`);
  look(`${plan.idle} open`, edge.pid);
  await step(`${plan.restS} s of rest`, () => delay(plan.restS * 1_000));
  let before = look('after the rest', edge.pid);
  const count = plan.churnS * plan.rate;
  const missed = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const resumed of [true, false]) {
      const cpuBefore = cpuSeconds(edge.pid);
      const result = await ask('churn', { count, rate: plan.rate, resumed });
      const took = count / result.offeredPerSecond;
      const what = `round ${round}, ${resumed ? 'resumed' : 'from new'}`;
      tell(what, result, count);
      if (result.done < count) missed.push(`${what}: ${JSON.stringify(result.failures)}`);
      process.stdout.write(
        `${''.padEnd(26)} ${result.reused} resumed; the edge took ${(((cpuSeconds(edge.pid) - cpuBefore) / took) * 100).toFixed(0)} % of a core\n`,
      );
    }
    const { used } = await ask('use');
    if (used !== plan.idle)
      throw new PlainError(`Only ${used} of ${plan.idle} idle ones still work.`);
    const now = look(`after round ${round}`, edge.pid);
    // What the first rounds fill (code, pools, what the allocator keeps) stays; what still comes in the last ones is a leak.
    if (round > plan.rounds / 2 + 1 && now.rssMb - before.rssMb > RSS_GROWTH_MB) {
      throw new PlainError(`Memory has grown by ${(now.rssMb - before.rssMb).toFixed(0)} MB.`);
    }
    before = now;
  }
  await ask('close');
  await delay(3_000);
  look('all closed', edge.pid);
  if (missed.length > 0) {
    throw new PlainError(
      `Of ${plan.rate} new tunnels a second not all worked: ${missed.join('; ')}.`,
    );
  }
}

async function startEdge(folder) {
  const listen = Object.fromEntries(
    ['public', 'mutual', 'access_tier', 'pages'].map((name) => [name, '127.0.0.1:0']),
  );
  const config = path.join(folder, 'config.json');
  const content = {
    version: 1,
    organisation: { name: 'Team', host: HOST },
    data: 'data',
    listen,
    log: 'error',
  };
  await writeFile(config, JSON.stringify(content));
  const command = [process.execPath, program('banyan-edge'), 'start', '--config', config, '--json'];
  const edge = start(command, { core: coreOf(0) });
  const { accessTierPort, pid } = JSON.parse(await edge.line());
  return { edge: { pid }, port: accessTierPort };
}

/** The one service, somebody who may use it, and the login files of theirs. */
async function becomeSomebody({ folder, home, backend, stops }) {
  const edge = (args, input = '') => runEdge(folder, args, input);
  await edge(['user', 'add', PERSON.email, '--group', 'Load'], `${PERSON.password}\n`);
  await edge(['role', 'create', 'Load', '--group', 'Load']);
  await edge(['policy', 'create', 'load', '--role', 'Load', '--for', 'tcp']);
  const target = ['--backend', `127.0.0.1:${backend}`];
  await edge(['service', 'create', 'load', '--domain', DOMAIN, ...target, '--policy', 'load']);
  const { invite } = JSON.parse(await edge(['invite', 'create', '--json']));
  const env = { ...process.env, BANYAN_HOME: home, BANYAN_SECRETS: 'memory' };
  const client = await startClient(env);
  stops.push(() => client.stop());
  const banyan = banyanWith(env);
  await banyan('register', invite, '--name', 'load', '--yes').result;
  await signIn(banyan, { fields: PERSON });
}

function runEdge(folder, args, input) {
  const config = path.join(folder, 'config.json');
  const child = spawn(process.execPath, [program('banyan-edge'), ...args, '--config', config]);
  let said = '';
  let complaints = '';
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (complaints += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else reject(new PlainError(`banyan-edge ${args.join(' ')}: ${complaints.trim()}`));
    });
  });
}

/** @param {string} what @param {number} count */
function tell(what, { done, donePerSecond, p50, p99 }, count) {
  process.stdout.write(
    `${what.padEnd(26)} ${done} of ${count}, ${donePerSecond.toFixed(0)} a second, first byte back after ${p50.toFixed(0)} ms (p99 ${p99.toFixed(0)} ms)\n`,
  );
}

/** @param {string} when @param {number} pid */
function look(when, pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssMb = (Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1_024) / 1e6;
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  process.stdout.write(
    `${when.padEnd(26)} edge: RSS ${rssMb.toFixed(0)} MB, ${descriptors} descriptors\n`,
  );
  return { rssMb, descriptors };
}

/** @param {number} pid */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
