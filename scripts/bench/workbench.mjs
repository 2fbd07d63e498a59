// Everything that candidates are measured with: the compiled programs, the Access-Tier stand-in, the load, the link.
import path from 'node:path';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../lib/steps.mjs';
import { freePorts, listening, memoryKb, processTree, start } from './processes.mjs';
import { portsFrom, TARGETS } from './services.mjs';

const LINK_MS = 50;
const LINK_TIER = '10.99.0.2';
const BURST = 32;
/** Memory settles, garbage is collected. */
const SETTLE_MS = 1_500;

/** @param {string} folder @param {string} name @param {string[]} sources @param {string[]} [libraries] */
const build = (folder, name, sources, libraries = []) =>
  run('gcc', [
    '-O2',
    '-o',
    path.join(folder, name),
    ...sources.map((source) => path.join(import.meta.dirname, 'native', source)),
    ...libraries,
  ]);

/** @param {string} folder @returns {Promise<{ hasHttp2: boolean }>} */
export async function compileTier(folder) {
  const hasHttp2 = existsSync('/usr/include/nghttp2/nghttp2.h');
  const libraries = ['-lssl', '-lcrypto', ...(hasHttp2 ? ['-lnghttp2'] : [])];
  await build(folder, 'tier', ['tier.c', 'tier-http2.c'], libraries);
  return { hasHttp2 };
}

/** Compiles all native programs. @param {string} folder */
export async function compile(folder) {
  const [tier] = await Promise.all([
    compileTier(folder),
    build(folder, 'load', ['load.c']),
    build(folder, 'link', ['link.c']),
  ]);
  return tier;
}

/**
 * @param {{ folder: string, pki: string, cores: { candidate: string, load: string }, seconds: number, warmUp: number }} options
 */
export async function createWorkbench({ folder, pki, cores, seconds, warmUp }) {
  const program = (name) => path.join(folder, name);
  const tierPort = await freePorts(4);
  const tierCommand = [
    program('tier'),
    String(tierPort),
    ...['ca.pem', 'server.pem', 'server.key'].map((name) => path.join(pki, name)),
  ];
  const timing = ['-s', String(seconds), '-w', String(warmUp)];
  let starts = 0;

  const startLoad = (port, args, pids = []) => {
    const watched = pids.length > 0 ? ['-p', pids.join(',')] : [];
    const all = ['-a', `127.0.0.1:${port}`, ...timing, ...watched, ...args];
    return start([program('load'), ...all], { core: cores.load });
  };
  /** Its only line, as an object; `failed` where connections were lost. */
  const load = async (port, args, pids) => {
    const running = startLoad(port, args, pids);
    const result = JSON.parse(await running.line(60_000));
    await running.over;
    return checked(result);
  };

  return {
    async startTier() {
      const tier = start(tierCommand, { core: cores.load });
      await tier.line();
      return tier;
    },

    /** A candidate on ports of its own. @param {import('./candidates.mjs').Candidate} candidate */
    async startCandidate(candidate, { host = '127.0.0.1' } = {}) {
      starts += 1;
      const ports = portsFrom(await freePorts(4));
      const place = {
        ports,
        pki,
        tier: { host, port: tierPort },
        folder: program(`run-${starts}`),
      };
      const child = start(candidate.command(place), { core: cores.candidate });
      if (candidate.isOurs) await child.line();
      for (const port of Object.values(ports)) await listening(port, child);
      return { candidate, ports, child };
    },

    /** Load on a running candidate; its CPU time counts. */
    flow: ({ child, ports }, run) => load(ports[run.port], run.load, processTree(child.pid)),

    /** How late timers fire in the thread that owns the engine's front door, while bulk data runs at full speed. */
    async delay({ child, ports }) {
      child.tell('watch');
      const down = await load(ports.generate, ['down', '-n', '50']);
      const up = await load(ports.discard, ['up', '-n', '50']);
      child.tell('delay');
      return { failed: down.failed ?? up.failed, ...JSON.parse(await child.line()) };
    },

    /** Memory of open tunnels that do nothing, without that of the process itself. */
    async idle({ child, ports }, run) {
      // Whatever is made on the first connection belongs to the process.
      await load(ports[run.port], ['burst', '-n', '4', ...run.load.slice(3)]);
      await delay(SETTLE_MS / 2);
      const emptyKb = memoryKb(child.pid);
      const opened = startLoad(ports[run.port], run.load);
      const result = JSON.parse(await opened.line(60_000));
      await delay(SETTLE_MS);
      const fullKb = memoryKb(child.pid);
      opened.hangUp();
      await opened.over;
      return checked({ ...result, emptyKb, kbPerTunnel: (fullKb - emptyKb) / result.count });
    },

    /** Runs `body` with a tier that is 50 ms away, in a network namespace of its own. */
    async withLink(body) {
      const tier = start(['unshare', '--net', ...tierCommand], { core: cores.load });
      await tier.line();
      const spaces = [process.pid, tier.pid].map((pid) => `/proc/${pid}/ns/net`);
      const link = start([program('link'), ...spaces, String(LINK_MS / 2)], { core: cores.load });
      try {
        await link.line();
        return await body(LINK_TIER);
      } finally {
        await Promise.all([link.stop(), tier.stop()]);
      }
    },

    /** Time to the first byte, in round trips: ours by CONNECT, a peer's through its echo port (TCP mode). */
    async link({ candidate, child, ports }, count) {
      const hasConnect = candidate.isOurs || candidate.id === 'naive';
      const port = hasConnect ? ports.connect : ports.echo;
      const connect = hasConnect ? ['-c', TARGETS.echo] : [];
      const first = (n, gapMs, more = []) =>
        load(port, ['first', '-n', String(n), '-g', String(gapMs), ...connect, ...more]);
      const rtt = (us) => us / 1000 / LINK_MS;
      // Warm: somebody has used the service before.
      await first(2, 300);
      await delay(500);
      const sequential = await first(count, 160);
      await delay(500);
      const burst = await load(port, ['burst', '-n', String(BURST), ...connect]);
      await delay(500);
      const late = hasConnect ? await first(count, 160, ['-l']) : null;
      return {
        failed: sequential.failed ?? burst.failed ?? late?.failed,
        firstRtt: rtt(sequential.p50Us),
        firstWorstRtt: rtt(sequential.maxUs),
        burstRtt: rtt(burst.p50Us),
        burstWorstRtt: rtt(burst.maxUs),
        ...(hasConnect && {
          answeredRtt: rtt(sequential.answeredP50Us),
          afterAnswerRtt: rtt(late.p50Us),
        }),
        complaints: child.complaints() || undefined,
      };
    },
  };
}

/** @param {{ errors: number, count?: number }} result */
const checked = (result) =>
  result.errors > 0 ? { ...result, failed: `${result.errors} connections failed` } : result;
