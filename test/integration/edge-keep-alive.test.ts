// A peer that lost its power says nothing. Each connection of a tunnel asks for a sign of life by itself, at both of its
// ends: read from the kernel's own timers, so that a wrapper which loses the setting shows.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createEngine } from '../../src/proxy/index.ts';
import { connectThroughProxy } from '../support/bytes.ts';
import {
  COLLECTION,
  HOST,
  publishCollection,
  publishService,
  startBackend,
} from '../support/collection.ts';
import { aTunnel, program } from '../support/running-engine.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let person: SignedIn;
beforeAll(async () => {
  edge = await startEdge();
  person = await signIn(edge, await registerDevice(edge));
});
afterAll(() => edge.stop());

interface Ends {
  from: number;
  to: number;
  /** Seconds until the kernel asks; null: it never will, or something is still on its way. */
  askedIn: number | null;
}

/** Ends of connections in this machine that are at, or lead to, this port. */
async function endsAt(port: number): Promise<Ends[]> {
  const at = `( sport = :${port} or dport = :${port} )`;
  const { stdout } = await promisify(execFile)('ss', ['-Htno', 'state', 'established', at]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [from, to] = [...line.matchAll(/:(\d+)(?=\s|$)/g)].map(([, each]) => Number(each));
      const [, minutes = 0, seconds] =
        /timer:\(keepalive,(?:(\d+)min)?(?:([\d.]+)sec)?/.exec(line) ?? [];
      const isAsked = line.includes('timer:(keepalive');
      const askedIn = isAsked ? Number(minutes) * 60 + Number(seconds ?? 0) : null;
      return { from: from ?? 0, to: to ?? 0, askedIn };
    });
}

const asksWithinHalfAMinute = ({ askedIn }: Ends): boolean => askedIn !== null && askedIn <= 30;

/** What is idle here, once all that was sent has been confirmed. */
async function expectKeptAlive(port: number, side: 'from' | 'to'): Promise<void> {
  const ours = async () => (await endsAt(port)).filter((end) => end[side] === port);
  await until(async () => {
    const ends = await ours();
    return ends.length > 0 && ends.every(asksWithinHalfAMinute);
  }).catch(async () => {
    // Says which ones.
    expect(await ours()).toEqual([expect.objectContaining({ askedIn: expect.any(Number) })]);
  });
}

async function open(behaviour: 'TCP' | 'CHAIN'): Promise<number> {
  const backend = await startBackend((socket) => void socket.pipe(socket));
  onTestFinished(() => backend.stop());
  const engine = createEngine(() => {});
  onTestFinished(() => engine.stop());
  const { key, cert: certificate } = person.trust;
  await engine.setCredentials({ key, certificate, ca: edge.edge.root });
  const isChain = behaviour === 'CHAIN';
  if (isChain) await publishCollection(edge, [backend.port]);
  const serverName = isChain ? COLLECTION.domain : await publishService(edge, 'kept', backend.port);
  const spec = aTunnel(edge.edge.accessTierPort, { mode: behaviour, serverName });
  const local = await engine.open(spec);
  const socket: Socket = isChain
    ? (await connectThroughProxy(local.port, `${HOST}:${backend.port}`)).socket
    : await program(local);
  onTestFinished(() => void socket.destroy());
  socket.write('x');
  await once(socket, 'data');
  return backend.port;
}

// One byte through first: what follows is about a tunnel that works, and is idle.
describe.skipIf(process.platform !== 'linux').each(['TCP', 'CHAIN'] as const)(
  'an idle connection in %s mode',
  (mode) => {
    test('is asked for a sign of life by the app, by the Access Tier on both its sides', async () => {
      const backendPort = await open(mode);
      const tierPort = edge.edge.accessTierPort;
      await expectKeptAlive(tierPort, 'to');
      await expectKeptAlive(tierPort, 'from');
      await expectKeptAlive(backendPort, 'to');
    });
  },
);
