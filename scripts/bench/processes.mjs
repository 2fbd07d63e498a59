// Child processes of a measurement: pinned to a core, ended with this process however it ends, and looked at from outside.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { PlainError } from '../lib/steps.mjs';

const READY_MS = 10_000;
const TERM_MS = 2_000;
/** @type {Set<ReturnType<typeof start>>} */
const running = new Set();

/**
 * @param {string[]} command
 * @param {{ core?: string | null }} [options] `core`: null: anywhere
 */
export function start(command, { core = null } = {}) {
  const pinned = core === null ? command : ['taskset', '-c', core, ...command];
  // Should this process be killed, the kernel ends the child; nothing of a benchmark outlives it.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...pinned]);
  let complaints = '';
  child.stderr.on('data', (text) => (complaints = (complaints + text).slice(-2_000)));
  child.stdin.on('error', () => {}); // it ended before it was told something: its exit says so
  const waiting = [];
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    if (next) next.resolve(line);
    else lines.push(line);
  });
  let gone = false;
  const over = new Promise((resolve) => {
    const end = (why) => {
      if (gone) return;
      gone = true;
      running.delete(self);
      for (const { reject } of waiting) reject(new PlainError(`${name} ${why}: ${complaints}`));
      resolve();
    };
    child.on('error', () => end('could not be started'));
    child.on('close', (code, signal) => end(`ended with ${signal ?? code}`));
  });
  const name = command[0].split('/').at(-1);
  const self = {
    pid: child.pid,
    isGone: () => gone,
    complaints: () => complaints,
    /** The next line it prints. @param {number} [withinMs] @returns {Promise<string>} */
    line(withinMs = READY_MS) {
      if (lines.length > 0) return Promise.resolve(lines.shift());
      if (gone) return Promise.reject(new PlainError(`${name} has ended: ${complaints}`));
      return new Promise((resolve, reject) => {
        const deadline = setTimeout(
          () => reject(new PlainError(`${name} said nothing for ${withinMs} ms: ${complaints}`)),
          withinMs,
        );
        const settle = (how) => (value) => {
          clearTimeout(deadline);
          how(value);
        };
        waiting.push({ resolve: settle(resolve), reject: settle(reject) });
      });
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    hangUp: () => child.stdin.end(),
    signal: (signal) => child.kill(signal),
    over,
    async stop() {
      const all = gone ? [] : processTree(child.pid);
      child.kill('SIGTERM');
      await Promise.race([over, delay(TERM_MS, null, { ref: false })]);
      if (gone) return;
      for (const pid of all) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself in the meantime.
        }
      }
      await over;
    },
  };
  running.add(self);
  return self;
}

export const stopAll = () => Promise.all([...running].map((each) => each.stop()));

/** Resolves when something listens there. @param {number} port @param {ReturnType<typeof start>} owner */
export async function listening(port, owner) {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline && !owner.isGone()) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await delay(30);
  }
  throw new PlainError(`nothing listens on port ${port}: ${owner.complaints()}`);
}

/** The first of `count` free ports in a row, below those that the system gives to outgoing connections. */
export async function freePorts(count) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const first = 5_000 + 10 * Math.floor(Math.random() * 490);
    const all = Array.from({ length: count }, (_, i) => isFree(first + i));
    if ((await Promise.all(all)).every(Boolean)) return first;
  }
  throw new PlainError('No free ports were found between 5000 and 9900.');
}

const isFree = (port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Rejects when a person or the system wants this program to end. @returns {Promise<never>} */
export const interrupted = () =>
  new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => reject(new PlainError('Interrupted.')));
    }
  });

/** A process and all below it. @param {number} root @returns {number[]} */
export function processTree(root) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = readProc(`${name}/stat`);
    parents.set(Number(name), Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const tree = [root];
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  }
  return tree;
}

/** Proportional set size of a process tree. @param {number} root @returns {number} kB */
export function memoryKb(root) {
  return processTree(root).reduce(
    (sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(readProc(`${pid}/smaps_rollup`))?.[1] ?? 0),
    0,
  );
}

function readProc(file) {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return ''; // the process has just ended
  }
}
