// The candidate "Banyan": the built engine as the app and `banyanproxy` ship it, behind four local ports.
//   node engine.mjs '{"ports":{…},"tier":{"host","port"},"pki":"folder"}'
// Lines on standard input: `watch` starts to observe the event loop of this thread, which in the app is the window's;
// `delay` prints what was seen. Ends with its standard input.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SERVER_NAME, SERVICES } from './services.mjs';

const RESOLUTION_MS = 1;

/** The one place where an engine is made. */
async function startEngine(sink) {
  const built = new URL('../../out/bin/proxy.js', import.meta.url);
  const { createWorkerEngine } = await import(fileURLToPath(built));
  return createWorkerEngine(sink);
}

const { ports, tier, pki } = JSON.parse(process.argv[2]);
const read = (name) => readFileSync(path.join(pki, name), 'utf8');

const engine = await startEngine((fact) => {
  // Facts are ordinary except these; whoever measures sees them in the log of this process.
  if (fact.type === 'connection-refused' || fact.type === 'failed' || fact.type === 'way-lost') {
    process.stderr.write(`${fact.type}: ${fact.error.code} ${fact.error.message}\n`);
  }
});
await engine.setCredentials({
  key: read('client.key'),
  certificate: read('client.pem'),
  ca: read('ca.pem'),
});
for (const [name, { offset, mode }] of Object.entries(SERVICES)) {
  await engine.open({
    id: name,
    mode,
    listen: { host: '127.0.0.1', port: ports[name] },
    accessTier: { host: tier.host, port: tier.port + offset },
    serverName: SERVER_NAME,
    ca: 'organisation',
    includeDomains: [],
    upstreamProxy: null,
    localUsers: 'own',
  });
}

let histogram = null;
const commands = {
  watch() {
    histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    histogram.enable();
  },
  delay() {
    histogram.disable();
    // What is recorded is the time between two ticks; the delay is what it took beyond the wanted one.
    const beyond = (ns) => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    print({ p99Ms: beyond(histogram.percentile(99)), maxMs: beyond(histogram.max) });
  },
  memory() {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    print({ rss, heapUsed });
  },
};
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => commands[line]());
lines.on('close', () => process.exit(0));
process.stdout.write('ready\n');

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
