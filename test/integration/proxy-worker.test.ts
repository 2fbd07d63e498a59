// The engine's worker thread: what crashes in it or hangs is noticed and replaced, and the window's thread stays free.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { BroadcastChannel, Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createWorkerEngine, type Credentials } from '../../src/proxy/index.ts';
import type { LocalAddress } from '../../src/shared/model/tunnel.ts';
import { buildEngineWorker } from '../support/engine-worker.ts';
import { createTestPki } from '../support/pki.ts';
import { aTunnel, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier, type TlsTier } from '../support/tls-tier.ts';
import { until } from '../support/until.ts';

/** In the worker, beside the engine. 'crash-again': the next worker as well, while it takes the ports up again. */
const FAULTS = `
import { BroadcastChannel as Faults, parentPort as calls } from 'node:worker_threads';
import { existsSync as isThere, rmSync as forget, writeFileSync as remember } from 'node:fs';
const again = new URL('./again', import.meta.url);
const faults = new Faults('engine-faults');
faults.onmessage = ({ data }) => {
  if (data === 'throw') setImmediate(() => { throw new Error('out of luck'); });
  if (data === 'crash-again') remember(again, '');
  if (data === 'crash' || data === 'crash-again') process.exit(7);
  if (data === 'hang') for (;;);
};
calls.on('message', ({ call }) => {
  if (!call.options?.isProven || !isThere(again)) return;
  forget(again);
  process.exit(7);
});
`;

let server: Credentials;
let person: Credentials;
let renewed: Credentials;
let tier: TlsTier;
let worker: Awaited<ReturnType<typeof buildEngineWorker>>;
const people: string[] = [];
const faults = new BroadcastChannel('engine-faults');

beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
  renewed = await pki.issue({ commonName: 'renewed' });
  worker = await buildEngineWorker(FAULTS);
  tier = await startTlsTier(server, (socket) => {
    people.push(String(socket.getPeerCertificate().subject.CN));
    socket.pipe(socket);
  });
});
afterAll(async () => {
  faults.close();
  worker.remove();
  await tier.stop();
});

async function start() {
  const engine = await runEngine(person, (sink) => createWorkerEngine(sink, worker.file));
  onTestFinished(() => engine.stop());
  const restarts = () => engine.told('engine-restarted').map(({ reason }) => reason);
  const fail = async (fault: string) => {
    const before = restarts().length;
    const startedAt = performance.now();
    faults.postMessage(fault);
    await until(async () => restarts().length > before);
    return performance.now() - startedAt;
  };
  const isServed = async (address: LocalAddress) => {
    const socket = await program(address);
    const answer = await echoed(socket, 'hello');
    socket.destroy();
    return answer === 'hello';
  };
  return { engine, restarts, fail, isServed };
}

const ends = (socket: Socket) => once(socket.resume(), 'close');

it.each([
  { fault: 'crash', withinMs: 1_000, why: 'it ended by itself' },
  { fault: 'throw', withinMs: 1_000, why: 'out of luck' },
  { fault: 'hang', withinMs: 5_500, why: 'it ended by itself' },
])(
  'after a $fault its ports are back with the same numbers and the latest certificate, or it stops if it was to',
  async (expected) => {
    const { engine, restarts, fail, isServed } = await start();
    const addresses = [
      await engine.open(aTunnel(tier.port)),
      await engine.open(aTunnel(tier.port, { id: 'other' })),
    ];
    await engine.setCredentials(renewed);
    const live = await program(addresses[0] as LocalAddress);
    expect(await echoed(live, 'x')).toBe('x');
    live.on('end', () => live.end());
    const stopping = await start();
    const drained = await program(await stopping.engine.open(aTunnel(tier.port)));
    expect(await echoed(drained, 'x')).toBe('x');
    const stopped = stopping.engine.stop(60_000);
    const [tookMs] = await Promise.all([fail(expected.fault), ends(live)]);
    expect(tookMs).toBeLessThan(expected.withinMs);
    expect(restarts()).toEqual([expected.why]);
    people.length = 0;
    for (const address of addresses) expect(await isServed(address)).toBe(true);
    expect(people).toEqual(['renewed', 'renewed']);
    expect(engine.told('failed')).toEqual([]);
    await stopped;
    await expect(stopping.engine.open(aTunnel(tier.port))).rejects.toThrow();
    drained.destroy();
  },
);

it('rejects the calls that were under way', async () => {
  const { engine, fail } = await start();
  const silent = createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as { port: number };
  const arrived = once(silent, 'connection');
  const opening = engine.open(aTunnel(port));
  const outcome = expect(opening).rejects.toMatchObject({ code: 'tunnel/engine-stopped' });
  const [socket] = (await arrived) as [Socket];
  socket.on('error', () => {});
  await fail('crash');
  await outcome;
  expect(await engine.open(aTunnel(tier.port))).toMatchObject({ host: '127.0.0.1' });
});

it('brings the ports back though it crashes once more while it takes them up', async () => {
  const { engine, restarts, fail, isServed } = await start();
  const address = await engine.open(aTunnel(tier.port));
  await fail('crash-again');
  expect(await isServed(address)).toBe(true);
  expect(restarts()).toHaveLength(1);
  expect(engine.told('failed')).toEqual([]);
});

it('gives up with every tunnel when it crashes for the sixth time within a minute', async () => {
  const { engine, fail } = await start();
  await engine.open(aTunnel(tier.port));
  await engine.open(aTunnel(tier.port, { id: 'other' }));
  for (let crash = 1; crash <= 5; crash += 1) await fail('crash');
  expect(engine.told('failed')).toEqual([]);
  await fail('crash');
  expect(engine.told('failed').map(({ tunnel, error }) => [tunnel, error.code])).toEqual([
    ['svc', 'tunnel/engine-stopped'],
    ['other', 'tunnel/engine-stopped'],
  ]);
});

/** Both ends of a transfer on a thread of their own. */
const LOAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { createServer } = require('node:tls');
const { connect } = require('node:net');
const { server, bytes } = workerData;
const far = createServer(
  { key: server.key, cert: server.certificate, ca: server.ca, requestCert: true, rejectUnauthorized: true },
  (socket) => {
    let received = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.length;
      if (received === bytes) parentPort.postMessage('done');
    });
  },
).listen(0, '127.0.0.1', () => parentPort.postMessage(far.address().port));
parentPort.on('message', (port) => {
  const near = connect(port, '127.0.0.1');
  const piece = Buffer.alloc(1024 * 1024);
  let left = bytes;
  const send = () => {
    while (left > 0) {
      left -= piece.length;
      if (!near.write(piece)) return;
    }
  };
  near.on('drain', send).on('connect', send);
});
`;

it('leaves the thread of the window free while it moves 200 MB', async () => {
  const { engine } = await start();
  const workerData = { server, bytes: 200 * 1024 * 1024 };
  const load = new Worker(LOAD, { eval: true, workerData });
  onTestFinished(async () => void (await load.terminate()));
  const [port] = (await once(load, 'message')) as [number];
  const address = await engine.open(aTunnel(port));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  load.postMessage(address.port);
  await once(load, 'message');
  delay.disable();
  expect(delay.percentile(99) / 1e6).toBeLessThan(50);
});
