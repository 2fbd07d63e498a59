// `npm run soak -- [--quick]`: many short connections, then many gigabytes, through the built engine; afterwards its
// memory must be as flat and its descriptors as few as before. TCP and CHAIN mixed; every byte is compared.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeCertificates } from './bench/certificates.mjs';
import { freePorts, interrupted, start, stopAll } from './bench/processes.mjs';
import { portsFrom, TARGETS } from './bench/services.mjs';
import { compileTier } from './bench/workbench.mjs';
import { ensureBuild, ensurePackages } from './lib/prepare.mjs';
import { main, PlainError, seconds, step } from './lib/steps.mjs';
import { throwAwayFolder } from './lib/throw-away.mjs';

const FULL = { connections: 10_000, gigabytes: 20 };
const QUICK = { connections: 1_000, gigabytes: 1 };
const AT_ONCE = 64;
const STREAMS = 4;
/** One in so many short connections ends with a reset, as those of killed programs do. */
const RESET_EVERY = 10;
const SILENCE_MS = 30_000;
const SETTLE_MS = 30_000;
/** What an allocator may keep. A leak of one small object for each connection is more. */
const HEAP_GROWTH_MB = 4;
const RSS_GROWTH_MB = 40;
/** 4 MiB that repeat; a chunk that is out of place differs. */
const PATTERN = randomBytes(4 << 20);
const TWICE = Buffer.concat([PATTERN, PATTERN]);

await main(async () => {
  const startedAt = Date.now();
  const unknown = process.argv.slice(2).find((each) => each !== '--quick');
  if (unknown) throw new PlainError(`npm run soak takes only --quick, not ${unknown}.`);
  if (process.platform !== 'linux') throw new PlainError('npm run soak reads /proc: Linux only.');
  const { connections, gigabytes } = process.argv.includes('--quick') ? QUICK : FULL;
  await ensurePackages();
  await ensureBuild();
  const folder = await throwAwayFolder('banyan-soak-');
  try {
    await Promise.race([soak(folder.path, connections, gigabytes), interrupted()]);
  } finally {
    await stopAll();
    await folder.remove();
  }
  process.stdout.write(`Flat, after ${seconds(Date.now() - startedAt)}.\n`);
});

async function soak(folder, connections, gigabytes) {
  await makeCertificates(folder);
  const tierPort = await startTier(folder);
  const ports = portsFrom(await freePorts(4));
  const place = { ports, tier: { host: '127.0.0.1', port: tierPort }, pki: folder };
  const script = path.join(import.meta.dirname, 'bench', 'engine.mjs');
  const engine = start([process.execPath, '--expose-gc', script, JSON.stringify(place)]);
  await engine.line();

  const many = (count) => shortConnections(ports, count);
  const much = (gb) => bulk(ports, gb);
  // What a first round fills (code, pools, warm connections) stays; only what comes after it can be a leak.
  await step('Warm-up', async () => {
    await many(Math.min(1_000, connections));
    await much(Math.min(1, gigabytes));
  });
  let before = await look(engine);
  tell('after warm-up', before);
  const compare = async (after) => {
    const now = await look(engine, before.descriptors);
    tell(after, now);
    judge(before, now, after);
    before = { ...before, descriptors: now.descriptors };
  };
  await step(`${connections} connections, ${AT_ONCE} at a time`, () => many(connections));
  await compare(`after ${connections} connections`);
  await step(`${gigabytes} GB, both directions together`, () => much(gigabytes));
  await compare(`after ${gigabytes} GB`);
}

/** @returns {Promise<number>} its first port */
async function startTier(folder) {
  const port = await freePorts(4);
  const hasCompiler = spawnSync('gcc', ['--version']).status === 0;
  const script = path.join(import.meta.dirname, 'bench', 'node-tier.mjs');
  let command = [process.execPath, script, String(port), folder];
  if (hasCompiler) {
    await compileTier(folder);
    const pki = ['ca.pem', 'server.pem', 'server.key'].map((name) => path.join(folder, name));
    command = [path.join(folder, 'tier'), String(port), ...pki];
  } else {
    process.stdout.write('No gcc: the Access-Tier stand-in is one on Node, without HTTP/2.\n');
  }
  await start(command).line();
  return port;
}

async function shortConnections(ports, count) {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const number = next++;
      const bytes = 1 + Math.floor(Math.random() * 64 * 1024);
      await echo(ports, { chain: number % 2 === 1, bytes, reset: number % RESET_EVERY === 0 });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Counted both ways: what is echoed passes the engine twice. */
async function bulk(ports, gigabytes) {
  const bytes = Math.round((gigabytes * 1e9) / 2 / STREAMS);
  const streams = Array.from({ length: STREAMS }, (_, i) =>
    echo(ports, { chain: i % 2 === 1, bytes, reset: false }),
  );
  await Promise.all(streams);
}

/** Sends, ends its half, and wants every byte back, and then the end. */
function echo(ports, { chain, bytes, reset }) {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let received = 0;
    let head = chain ? '' : null;
    const port = chain ? ports.connect : ports.echo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const finish = (failure) => {
      if (reset && !failure) socket.resetAndDestroy();
      else socket.destroy();
      if (!failure) return resolve();
      const kind = chain ? 'CHAIN' : 'TCP';
      reject(new PlainError(`A ${kind} connection ${failure} (${received} of ${bytes} bytes).`));
    };
    const send = () => {
      while (sent < bytes) {
        const at = sent % PATTERN.length;
        const chunk = PATTERN.subarray(at, Math.min(at + 256 * 1024, at + bytes - sent));
        sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
      if (!reset && !socket.writableEnded) socket.end();
    };
    const receive = (chunk) => {
      const at = received % PATTERN.length;
      received += chunk.length;
      if (!TWICE.subarray(at, at + chunk.length).equals(chunk)) finish('got other bytes back');
      else if (reset && received === bytes) finish(null);
    };
    const readHead = (chunk) => {
      const known = head.length;
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!head.startsWith('HTTP/1.1 200')) return finish(`was answered ${head.slice(0, 80)}`);
      head = null;
      send();
      const rest = chunk.subarray(end + 4 - known);
      if (rest.length > 0) receive(rest);
    };
    socket.setTimeout(SILENCE_MS, () => finish(`was silent for ${SILENCE_MS / 1000} s`));
    socket.on('connect', () => {
      if (chain) socket.write(`CONNECT ${TARGETS.echo} HTTP/1.1\r\nHost: ${TARGETS.echo}\r\n\r\n`);
      else send();
    });
    socket.on('drain', () => head === null && send());
    socket.on('data', (chunk) => (head === null ? receive(chunk) : readHead(chunk)));
    socket.on('error', (error) => finish(`failed with ${error.code}`));
    socket.on('end', () => finish(received === bytes ? null : 'ended too early'));
  });
}

/** Once it is quiet: as few descriptors as `wanted`, or as few as there will be. */
async function look(engine, wanted = 0) {
  const descriptors = () => readdirSync(`/proc/${engine.pid}/fd`).length;
  const deadline = performance.now() + (wanted > 0 ? SETTLE_MS : 3_000);
  while (performance.now() < deadline && descriptors() > wanted) await delay(200);
  engine.tell('memory');
  const { rss, heapUsed } = JSON.parse(await engine.line());
  return { rssMb: rss / 1e6, heapMb: heapUsed / 1e6, descriptors: descriptors() };
}

function tell(when, { rssMb, heapMb, descriptors }) {
  process.stdout.write(
    `${when.padEnd(26)} RSS ${rssMb.toFixed(0)} MB, heap ${heapMb.toFixed(1)} MB, ${descriptors} descriptors\n`,
  );
}

function judge(before, now, after) {
  const grown = (what) => now[what] - before[what];
  if (grown('descriptors') > 0) {
    throw new PlainError(`${grown('descriptors')} descriptors were not given back ${after}.`);
  }
  if (grown('heapMb') > HEAP_GROWTH_MB) {
    throw new PlainError(`The heap has grown by ${grown('heapMb').toFixed(1)} MB ${after}.`);
  }
  if (grown('rssMb') > RSS_GROWTH_MB) {
    throw new PlainError(`Memory has grown by ${grown('rssMb').toFixed(0)} MB ${after}.`);
  }
}
