// Engine and edge together, over whatever they agree on: what one side does has to reach the other end as it was meant.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../src/proxy/index.ts';
import { connectThroughProxy, readToEnd } from '../support/bytes.ts';
import { COLLECTION, HOST, publishCollection, startBackend } from '../support/collection.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge.stop());

const newPerson = async (): Promise<SignedIn> => signIn(edge, await registerDevice(edge));

/** The local port of a collection with one backend, for somebody who has just signed in. */
async function openCollection(behave: (socket: Socket) => void) {
  const person = await newPerson();
  const backend = await startBackend(behave);
  onTestFinished(() => backend.stop());
  await publishCollection(edge, [backend.port]);
  const engine = createEngine(() => {});
  onTestFinished(() => engine.stop());
  const { key, cert: certificate } = person.trust;
  await engine.setCredentials({ key, certificate, ca: edge.edge.root });
  const { port } = await engine.open({
    id: COLLECTION.id,
    mode: 'CHAIN',
    listen: { host: '127.0.0.1', port: 0 },
    accessTier: { host: '127.0.0.1', port: edge.edge.accessTierPort },
    serverName: COLLECTION.domain,
    ca: 'organisation',
    includeDomains: [],
    upstreamProxy: null,
    localUsers: 'own',
  });
  const connect = async () => {
    const { socket } = await connectThroughProxy(port, `${HOST}:${backend.port}`);
    return socket;
  };
  return { person, backend, connect };
}

/** `end`: it looks finished. `ECONNRESET`: it does not. */
function followed(socket: Socket): string[] {
  const seen: string[] = [];
  socket.on('end', () => seen.push('end')).on('close', () => seen.push('close'));
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''));
  return seen;
}

it('a backend that resets resets the local program: a short answer never looks whole', async () => {
  const { connect } = await openCollection((socket) => {
    socket.write('half of it');
    socket.once('data', () => socket.resetAndDestroy());
  });
  const socket = await connect();
  const seen = followed(socket);
  await once(socket, 'data');
  socket.write('x');
  await until(async () => seen.includes('close'));
  expect(seen).toEqual(['ECONNRESET', 'close']);
});

it('a local program that resets resets the backend: a short upload never looks whole', async () => {
  const seen: string[][] = [];
  const { connect } = await openCollection((socket) => seen.push(followed(socket.resume())));
  const socket = await connect();
  socket.write('half of it');
  await until(async () => seen.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.resetAndDestroy();
  await until(async () => seen[0]?.includes('close'));
  expect(seen[0]).toEqual(['ECONNRESET', 'close']);
});

it('the end of the session cuts the local programs at once', async () => {
  const { person, connect } = await openCollection((socket) => void socket.pipe(socket));
  const sockets = await Promise.all([connect(), connect(), connect()]);
  for (const socket of sockets) {
    socket.write('x');
    await once(socket, 'data');
  }
  const seen = sockets.map((socket) => followed(socket.resume()));
  await edge.edge.endSessions(person.device.id, 'Over.');
  await until(async () => seen.every((each) => each.includes('close') || each.includes('end')));
});

it('half-closed connections carry on in the direction that is open', async () => {
  const { connect } = await openCollection((socket) => {
    socket.resume().on('end', () => setTimeout(() => socket.end('late'), 200));
  });
  const socket = await connect();
  socket.end('question');
  expect(String(await readToEnd(socket))).toBe('late');
});
