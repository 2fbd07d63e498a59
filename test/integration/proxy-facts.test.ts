// What the engine tells of every connection, whatever way its bytes took.
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import { readToEnd } from '../support/bytes.ts';
import { openDataPath, PATHS, tunnelTo } from '../support/data-paths.ts';
import { createTestPki } from '../support/pki.ts';
import { echoed, program, type RunningEngine } from '../support/running-engine.ts';
import { until } from '../support/until.ts';

let server: Credentials;
let person: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
});

const MIB = 1024 * 1024;
const closed = (engine: RunningEngine) =>
  until(async () => engine.told('connection-closed').at(-1));

describe.each(PATHS)('%s', (path) => {
  const open = async (behave: (stream: Duplex) => void) => {
    const opened = await openDataPath(path, { server, person, behave });
    onTestFinished(() => opened.stop());
    return opened;
  };
  const target = path === 'TCP' ? 'svc.test' : 'host.lab:22';

  it.each([
    { sent: 5, received: 1_000 },
    { sent: 3 * MIB, received: 7 },
    { sent: 3 * MIB, received: 5 * MIB },
  ])('tells target, times and $sent bytes there, $received back', async ({ sent, received }) => {
    const { connect, engine } = await open((stream) => {
      stream.resume().on('end', () => setTimeout(() => stream.end(Buffer.alloc(received)), 50));
    });
    const before = Date.now();
    const socket = await connect();
    socket.end(Buffer.alloc(sent));
    expect(await readToEnd(socket)).toHaveLength(received);
    const fact = await closed(engine);
    expect(fact).toMatchObject({ target, ended: 'finished', connection: 1 });
    expect([fact.bytesSent, fact.bytesReceived]).toEqual([sent, received]);
    expect(fact.startedAt).toBeGreaterThanOrEqual(before - 5);
    expect(fact.firstByteMs).toBeGreaterThanOrEqual(50);
    expect(fact.durationMs).toBeGreaterThanOrEqual(fact.firstByteMs ?? Infinity);
    expect(engine.told('connection-opened')).toEqual([
      { type: 'connection-opened', tunnel: 'svc', connection: 1, target },
    ]);
  });

  it('tells that no byte came back, and who was cut', async () => {
    let received = 0;
    const { connect, engine } = await open((stream) => {
      stream.on('data', (chunk: Buffer) => (received += chunk.length));
      stream.on('error', () => {}).resume();
    });
    const socket = await connect();
    socket.write('question');
    await until(async () => received === 8);
    await engine.close('svc');
    expect(await closed(engine)).toMatchObject({
      ended: 'closed',
      firstByteMs: null,
      bytesSent: 8,
      bytesReceived: 0,
    });
  });
});

describe.each(PATHS.slice(1))('%s', (path) => {
  it('counts payload only: not the request, not its answer, but what came right behind them', async () => {
    const { address, engine, stop } = await openDataPath(path, {
      server,
      person,
      behave(stream) {
        stream.write('hello ');
        stream.pipe(stream);
      },
    });
    onTestFinished(stop);
    const early = 'x'.repeat(1_000);
    const socket = await tunnelTo(address, { early });
    socket.end('end');
    expect(String(await readToEnd(socket))).toBe(`hello ${early}end`);
    expect(await closed(engine)).toMatchObject({ bytesSent: 1_003, bytesReceived: 1_009 });
  });
});

it('counts nothing for a web page that was refused: not a byte was passed on', async () => {
  const { address, engine, stop } = await openDataPath('TCP', {
    server,
    person,
    behave: (stream) => void stream.pipe(stream),
  });
  onTestFinished(stop);
  const socket = await program(address);
  await until(async () => engine.told('connection-opened').length === 1);
  socket.end('GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n');
  expect(String(await readToEnd(socket))).toMatch(/^HTTP\/1\.1 403 /);
  expect(await closed(engine)).toMatchObject({ ended: 'refused', bytesSent: 0, bytesReceived: 0 });
});

it('tells traffic once a second while something moves, and totals that stay right', async () => {
  const { connect, engine, stop } = await openDataPath('TCP', {
    server,
    person,
    behave: (stream) => void stream.pipe(stream),
  });
  onTestFinished(stop);
  const first = await connect();
  expect(await echoed(first, 'one')).toBe('one');
  await until(async () => engine.told('traffic').at(-1)?.bytesReceived === 3);
  first.end().resume();
  await once(first, 'close');
  const second = await connect();
  expect(await echoed(second, 'four')).toBe('four');
  await until(async () => engine.told('traffic').at(-1)?.bytesReceived === 7);
  expect(engine.told('traffic').at(-1)).toMatchObject({ connections: 1, bytesSent: 7 });
  const before = engine.told('traffic').length;
  expect(before).toBeLessThanOrEqual(4);
  second.destroy();
  await until(async () => engine.told('traffic').at(-1)?.connections === 0);
  expect(engine.told('traffic')).toHaveLength(before + 1);
});
