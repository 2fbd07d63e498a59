// Many tunnels to an Access Tier from one process, and the backend behind it: told what to do by lines on standard input,
// one JSON object each, and answers each with one.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';

const GIVE_UP_MS = 15_000;
const READ_OUT_MS = 250;

const { certificates, host, port, backend } = JSON.parse(process.argv[2]);
const file = (name) => readFileSync(path.join(certificates, `login-${name}.pem`));
// Read once: what is measured is the edge, not how often PEM can be parsed.
const secureContext = createSecureContext({
  ca: file('cacert'),
  cert: file('cert'),
  key: file('key'),
});

createServer((socket) => {
  socket.on('error', () => {}); // the far side says how it ended
  socket.pipe(socket);
}).listen(backend, '127.0.0.1', 4_096, () => process.stdout.write('ready\n'));

const idle = new Set();
/** TLS 1.3 tickets are for one use; the newest is the best. */
let ticket;

/** Resolves with the milliseconds from the first packet to an echoed byte, and the socket. */
function openTunnel({ resumed }) {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      secureContext,
      host: '127.0.0.1',
      port,
      servername: host,
      ...(resumed && ticket && { session: ticket }),
    });
    const giveUp = setTimeout(() => socket.destroy(new Error('silent')), GIVE_UP_MS);
    socket.on('session', (session) => (ticket = session));
    socket.once('secureConnect', () => socket.write('x'));
    socket.once('data', () => {
      clearTimeout(giveUp);
      resolve({ ms: performance.now() - startedAt, socket, reused: socket.isSessionReused() });
    });
    socket.on('error', (error) => {
      clearTimeout(giveUp);
      reject(error);
    });
    socket.once('close', () => {
      idle.delete(socket);
      clearTimeout(giveUp);
      reject(new Error('closed'));
    });
  });
}

/** So many a second whatever became of those before, as people do it. */
async function atRate(rate, count, each) {
  const startedAt = performance.now();
  for (let started = 0; started < count;) {
    const due = Math.min(count, Math.ceil(((performance.now() - startedAt) / 1_000) * rate));
    for (; started < due; started += 1) each();
    await delay(1);
  }
}

const told = {
  /** Opens them and leaves them open. */
  async open({ count, rate }) {
    const all = await many({ count, rate, resumed: false }, (socket) => idle.add(socket));
    return { ...all, open: idle.size };
  },
  /** Opens, uses and closes them. */
  churn: (wanted) => many(wanted, (socket) => socket.end()),
  /** Whether each idle one still carries a byte there and back. */
  async use() {
    const used = await Promise.allSettled([...idle].map(useOnce));
    return { used: used.filter(({ status }) => status === 'fulfilled').length, open: idle.size };
  },
  async close() {
    for (const socket of idle) socket.end();
    while (idle.size > 0) await delay(READ_OUT_MS);
    return { open: 0 };
  },
};

async function many({ count, rate, resumed }, keep) {
  const times = [];
  const failures = {};
  let reusedCount = 0;
  const running = [];
  const startedAt = performance.now();
  await atRate(rate, count, () => {
    const one = openTunnel({ resumed }).then(
      ({ ms, socket, reused }) => {
        times.push(ms);
        if (reused) reusedCount += 1;
        keep(socket);
      },
      (error) => {
        const why = error.code ?? error.message;
        failures[why] = (failures[why] ?? 0) + 1;
      },
    );
    running.push(one);
  });
  const offeredMs = performance.now() - startedAt;
  await Promise.all(running);
  times.sort((a, b) => a - b);
  const share = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return {
    done: times.length,
    failures,
    reused: reusedCount,
    offeredPerSecond: count / (offeredMs / 1_000),
    donePerSecond: times.length / ((performance.now() - startedAt) / 1_000),
    p50: share(0.5),
    p99: share(0.99),
  };
}

const useOnce = (socket) =>
  new Promise((resolve, reject) => {
    const giveUp = setTimeout(() => reject(new Error('silent')), GIVE_UP_MS);
    socket.once('data', () => {
      clearTimeout(giveUp);
      resolve();
    });
    socket.write('y');
  });

for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...wanted } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await told[what](wanted))}\n`);
}
process.exit(0);
