// The machine that is measured on: what it lacks is installed where that is possible, what it is gets told.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { PlainError, run, step } from '../lib/steps.mjs';

const PACKAGES =
  'stunnel4 haproxy nginx-light libnginx-mod-stream gcc libc6-dev libssl-dev libnghttp2-dev iproute2 util-linux openssl'.split(
    ' ',
  );
const OPEN_FILES = 20_000;

export const isRoot = process.getuid?.() === 0;

/** Installs Debian's packages where that is possible. @returns {Promise<string[]>} what is still missing */
export async function ensurePeers() {
  if (process.platform !== 'linux') {
    throw new PlainError('npm run bench runs on Linux only: it reads /proc and pins processes.');
  }
  if (spawnSync('dpkg', ['--version']).status !== 0) return withoutDebian();
  const isMissing = (name) =>
    !spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], {
      encoding: 'utf8',
    }).stdout.startsWith('install ok installed');
  const missing = PACKAGES.filter(isMissing);
  if (missing.length === 0 || !isRoot || !existsSync('/usr/bin/apt-get')) return missing;
  try {
    await step(`Installing ${missing.join(' ')}`, () => install(missing));
  } catch {
    // The step has said so; what is missing is told below the table.
  }
  return missing.filter(isMissing);
}

async function install(packages) {
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
  // In run level 1 Debian's packages start no service: nginx and haproxy are wanted as programs only.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await run('apt-get', ['update', ...options], { env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...options, ...packages], {
    env,
  });
}

const withoutDebian = () =>
  ['gcc', 'openssl', 'taskset', 'setpriv', 'prlimit'].filter(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  );

/**
 * The command that a measurement runs under: a network namespace of its own (which the kernel removes with its last
 * process), enough open files, and one core.
 */
export function wrapped(core, command) {
  const limit = isRoot ? `${OPEN_FILES}:${OPEN_FILES}` : `${Math.min(OPEN_FILES, hardLimit())}:`;
  const inner = `prlimit --nofile=${limit} taskset -c ${core}`;
  return `setpriv --pdeathsig TERM ${isRoot ? 'unshare --net ' : ''}${inner}`
    .split(' ')
    .concat(command);
}

const hardLimit = () =>
  Number(/^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);

/** Candidates on the first core we may use, everything else on the second. */
export function chooseCores() {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(
    readFileSync('/proc/self/status', 'utf8'),
  )?.[1];
  const all = (allowed ?? '0').split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return { candidate: String(all[0]), load: String(all[1] ?? all[0]) };
}

/** Loopback only, with congestion control as on a plain machine: bbr halves what loopback carries. */
export async function prepareNamespace() {
  await run('ip', ['link', 'set', 'lo', 'up']);
  const set = (name, value) => writeFileSync(`/proc/sys/net/ipv4/${name}`, value);
  set('tcp_congestion_control', 'reno');
  set('ip_local_port_range', '10000 65000');
  set('tcp_tw_reuse', '1');
}

export function machine() {
  const [load] = os.loadavg();
  return {
    date: new Date().toISOString(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processor: os.cpus()[0]?.model,
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 1e9),
    loadAverage: load,
    congestionControl: readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim(),
    tierOpenssl: spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout.trim(),
  };
}
