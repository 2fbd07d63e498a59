// Asking the Access Tier whether a connection would be let in, without making one.
import { PROBE_PROTOCOL } from '../../src/shared/protocol/probe.ts';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  COLLECTION,
  publishCollection,
  publishService,
  startBackend,
} from '../support/collection.ts';
import { openEvents } from '../support/event-stream.ts';
import type { Identity } from '../support/https.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let dana: SignedIn;
beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
});
afterAll(() => edge.stop());

/** All that the Access Tier says. */
async function probe(domain: string, identity: Identity | undefined = dana.trust) {
  const socket = connect({
    host: '127.0.0.1',
    port: edge.edge.accessTierPort,
    servername: domain,
    ca: edge.edge.root,
    ALPNProtocols: [PROBE_PROTOCOL],
    ...identity,
  });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(socket, 'close');
  return { protocol: socket.alpnProtocol, text };
}
const YES = { protocol: PROBE_PROTOCOL, text: 'ok\n' };
const NO = { protocol: PROBE_PROTOCOL, text: '' };
const audit = () => readFile(join(edge.data, 'audit.jsonl'), 'utf8');

test('who would be let in is told so, in TCP mode and for a collection, and no backend notices', async () => {
  const backend = await startBackend(() => {});
  await publishCollection(edge, [backend.port]);
  await publishService(edge, 'own', backend.port);
  expect(await probe('own.demo.localhost')).toEqual(YES);
  expect(await probe(COLLECTION.domain)).toEqual(YES);
  expect(backend.sockets).toHaveLength(0);
  await backend.stop();
  // Nor does it matter that the backend is gone: that is not what was asked.
  expect(await probe('own.demo.localhost')).toEqual(YES);
});

test('who would be refused gets nothing but the reason on the event stream', async () => {
  const events = await openEvents(edge, dana);
  expect(await probe('payroll.demo.localhost')).toEqual(NO);
  expect(await events.next('connection.denied')).toMatchObject({
    service: 'payroll.demo.bnn',
    code: 'role',
  });
  events.close();
});

test('a DeviceCert, no certificate and an ended sign-in are refused', async () => {
  const person = await signIn(edge, await registerDevice(edge));
  expect(await probe('lab.demo.localhost', person.trust)).toEqual(YES);
  await edge.edge.endSessions(person.device.id, 'Over.');
  for (const identity of [person.trust, person.device.identity, { key: '', cert: '' }]) {
    expect(await probe('lab.demo.localhost', identity)).toEqual(NO);
  }
});

test('the audit tells probes from connections', async () => {
  await probe('echo.demo.localhost');
  await probe('payroll.demo.localhost');
  // Written behind the answer, which waits for no disk.
  const text = await until(async () => {
    const written = await audit();
    return /"probe".*payroll/.test(written) ? written : undefined;
  });
  const entries = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const probes = entries.filter(({ event }) => event === 'probe');
  expect(probes).toContainEqual(
    expect.objectContaining({
      service: 'echo.demo.bnn',
      allowed: true,
      person: expect.any(String),
    }),
  );
  expect(probes).toContainEqual(
    expect.objectContaining({ service: 'payroll.demo.bnn', allowed: false, code: 'role' }),
  );
  expect(entries.some(({ event }) => event === 'connection')).toBe(false);
});
