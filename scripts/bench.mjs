// `npm run bench`: the built engine against stunnel, haproxy, nginx stream and a naive Node pipe. See docs/benchmark.md.
import { spawn } from 'node:child_process';
import os from 'node:os';
import { findCandidates } from './bench/candidates.mjs';
import { makeCertificates } from './bench/certificates.mjs';
import { measure } from './bench/measure.mjs';
import { readOptions } from './bench/options.mjs';
import { interrupted, stopAll } from './bench/processes.mjs';
import { summarise, table } from './bench/report.mjs';
import {
  chooseCores,
  ensurePeers,
  isRoot,
  machine,
  prepareNamespace,
  wrapped,
} from './bench/surroundings.mjs';
import { compile, createWorkbench } from './bench/workbench.mjs';
import { ensureElectronNode } from './lib/electron-node.mjs';
import { ensureBuild, ensurePackages } from './lib/prepare.mjs';
import { main, PlainError, seconds } from './lib/steps.mjs';
import { throwAwayFolder } from './lib/throw-away.mjs';

/** What the outer process has found out, for the inner one, which has no network and is confined to one core. */
const INNER = 'BANYAN_BENCH_INNER';
/** Of --quick's three minutes; the rest is for stopping. */
const QUICK_MS = 172_000;
const BUSY_LOAD = 0.7;

const given = process.env[INNER];
await main(given ? () => measureAndReport(JSON.parse(given)) : prepareAndMeasure);

/** Installs, builds, and starts this script again, inside. */
async function prepareAndMeasure() {
  const startedAt = Date.now();
  const [busy] = os.loadavg();
  const options = readOptions(process.argv.slice(2));
  await ensurePackages();
  const missing = await ensurePeers();
  if (missing.includes('gcc')) {
    throw new PlainError(`Nothing can be measured without gcc. Missing: ${missing.join(', ')}.`);
  }
  await ensureBuild();
  const node = options.node ?? (await ensureElectronNode());
  const cores = chooseCores();
  const [program, ...args] = wrapped(cores.load, [process.execPath, ...process.argv.slice(1)]);
  const env = {
    ...process.env,
    [INNER]: JSON.stringify({ startedAt, busy, missing, node, cores }),
  };
  const inner = spawn(program, args, { env, stdio: 'inherit' });
  // Ctrl-C reaches both; the inner one cleans up, this one only waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => inner.kill('SIGTERM'));
  }
  return new Promise((resolve) => inner.on('close', (code) => resolve(code ?? 1)));
}

async function measureAndReport({ startedAt, busy, missing, node, cores }) {
  const options = readOptions(process.argv.slice(2));
  const notes = [];
  const note = (text) => {
    if (!notes.includes(text)) notes.push(text);
  };
  const folder = await throwAwayFolder('banyan-bench-');
  try {
    const body = compare({ options, node, cores, folder: folder.path, startedAt, note });
    const report = await Promise.race([body, interrupted()]);
    if (busy > BUSY_LOAD) {
      note(
        `The machine was busy before this began (load average ${busy.toFixed(1)}): trust nothing.`,
      );
    }
    if (missing.length > 0) note(`Not installed: ${missing.join(', ')}.`);
    print({ ...report, notes }, options);
  } finally {
    await stopAll();
    await folder.remove();
  }
  process.stderr.write(`npm run bench took ${seconds(Date.now() - startedAt)}.\n`);
}

async function compare({ options, node, cores, folder, startedAt, note }) {
  if (isRoot) await prepareNamespace();
  else note('Not root: plain loopback instead of a network namespace, and no link of 50 ms.');
  const { hasHttp2 } = await compile(folder);
  if (!hasHttp2) note('No libnghttp2-dev: the Access Tier speaks CONNECT over HTTP/1.1 only.');
  await makeCertificates(folder);
  const { candidates, missing } = findCandidates(options.candidates, { node });
  for (const reason of missing) note(`${reason}.`);
  const quick = { seconds: 0.8, warmUp: 0.3 };
  const timing = options.quick ? quick : { seconds: 2, warmUp: 0.7 };
  const bench = await createWorkbench({ folder, pki: folder, cores, ...timing });
  const measurements = await measure({
    bench,
    candidates,
    options,
    hasLink: isRoot,
    leftMs: () => (options.quick ? startedAt + QUICK_MS - Date.now() : Infinity),
    note,
    progress,
  });
  const rows = summarise(measurements, candidates, 'engine');
  return { machine: machine(), candidates, rows, measurements };
}

function print({ machine: facts, candidates, rows, measurements, notes }, options) {
  const versions = Object.fromEntries(candidates.map(({ id, version }) => [id, version]));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  if (options.json) {
    const report = { machine: facts, versions, options, notes, rows, measurements };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const shown = candidates.filter(({ id }) => measurements.some((each) => each.candidate === id));
  const lines = [
    '',
    table(rows, shown),
    '',
    `Medians of ${options.rounds} rounds of ratios that were measured side by side. Judged: ${candidates.find(({ id }) => id === 'engine')?.title ?? 'nobody'}.`,
    "It is Node's OpenSSL that was measured, not Electron's BoringSSL.",
    `${facts.processor}, ${facts.cores} cores, ${facts.system}, ${facts.congestionControl}, load average ${facts.loadAverage.toFixed(1)}.`,
    ...candidates.map(({ title, version }) => `${title}: ${version}`),
    ...measurements.flatMap(tellLink),
    ...notes.map((text) => `Note: ${text}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** What the table has no row for. */
function tellLink({ run, candidate, round, result }) {
  if (run !== 'link' || round > 0 || result.answeredRtt === undefined) return [];
  const rtt = (value) => value.toFixed(2);
  return [
    `Link, ${candidate}: the 200 after ${rtt(result.answeredRtt)} RTT; first byte ${rtt(result.firstRtt)} when it is asked for right behind the CONNECT, ${rtt(result.afterAnswerRtt)} for a client that waits for the 200.`,
  ];
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K· ${text}`);
}
