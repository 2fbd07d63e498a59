// Event streams over real connections: what may be written to them, and when they are forgotten.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createChanges } from '../../../../src/edge/changes.ts';
import {
  createEventStreams,
  type EventStreams,
  type LastWord,
  type Subscriber,
} from '../../../../src/edge/command-center/event-streams.ts';
import { until } from '../../../support/until.ts';

const KEEP_ALIVE_MS = 20;

/** A server whose path `/<device>/<session>/<life in ms>` opens a stream. */
async function aServer({ before = () => Promise.resolve() } = {}) {
  const changes = createChanges();
  const events: EventStreams = createEventStreams(changes, { keepAliveMs: KEEP_ALIVE_MS });
  const opened: Subscriber[] = [];
  const errors: unknown[] = [];
  /** Sessions whose stream was asked what it would show now. */
  const asked: string[] = [];
  /** By session. */
  const lastWords = new Map<string, LastWord>();
  const server = createServer((request, response: ServerResponse) => {
    const [, deviceId = '', sessionId = '', life = '60000'] = (request.url ?? '').split('/');
    response.on('error', (error) => errors.push(error));
    const subscriber: Subscriber = {
      deviceId,
      sessionId,
      response,
      until: Date.now() + Number(life),
      tag: '1',
      currentTag: () => Promise.resolve('1'),
      lastWord: () => {
        asked.push(sessionId);
        return Promise.resolve(lastWords.get(sessionId) ?? null);
      },
    };
    void before().then(() => {
      events.open(subscriber);
      opened.push(subscriber);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets: Socket[] = [];
  onTestFinished(() => {
    events.stop();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    changes,
    events,
    opened,
    errors,
    asked,
    lastWords,
    dial: async (...paths: string[]) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      sockets.push(socket);
      const seen = { text: '' };
      socket.on('data', (chunk: Buffer) => (seen.text += chunk.toString()));
      socket.on('error', () => {});
      await once(socket, 'connect');
      for (const path of paths) socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      return { socket, seen };
    },
    connections: (count: number) =>
      until(
        () =>
          new Promise<boolean>((resolve) => {
            server.getConnections((_, open) => resolve(open === count));
          }),
      ),
    opens: (count: number) => until(() => Promise.resolve(opened.length === count)),
  };
}

test('a stream that ended behind another one on its connection is not written to again', async () => {
  const { changes, errors, events, dial, opens } = await aServer();
  const { seen } = await dial('/laptop/first', '/laptop/second');
  await opens(2);
  changes.emit({ type: 'session-ended', sessionId: 'second', deviceId: 'laptop', reason: 'Over.' });
  events.send('laptop', 'catalog.changed', {});
  await wait(KEEP_ALIVE_MS * 4);
  expect(errors).toEqual([]);
  expect(seen.text).toContain('catalog.changed');
});

test('a stream behind another one ends with its token, and the first one goes on', async () => {
  const { errors, opened, dial, opens } = await aServer();
  await dial('/laptop/first', '/laptop/second/50');
  await opens(2);
  await until(() => Promise.resolve(opened[1]!.response.writableEnded));
  await wait(KEEP_ALIVE_MS * 4);
  expect(errors).toEqual([]);
  expect(opened[0]!.response.writableEnded).toBe(false);
});

test('an ended stream whose reader does not read is cut', async () => {
  const { changes, opened, dial, opens } = await aServer();
  const { socket } = await dial('/laptop/first');
  await opens(1);
  socket.pause();
  const { response } = opened[0]!;
  response.write('x'.repeat(32 * 1024 * 1024));
  const closed = once(response, 'close');
  changes.emit({ type: 'device-unregistered', deviceId: 'laptop' });
  await closed;
  expect(response.destroyed).toBe(true);
});

test('a stream that runs and is not read is cut before it fills the memory', async () => {
  const { events, opened, dial, opens } = await aServer();
  const { socket } = await dial('/laptop/first');
  await dial('/laptop/second');
  await opens(2);
  socket.pause();
  const [slow, quick] = opened.map(({ response }) => response);
  const closed = once(slow!, 'close');
  const reason = 'x'.repeat(64 * 1024);
  // What the systems between the two buffer is some megabytes.
  const talking = setInterval(() => events.send('laptop', 'session.ended', { reason }), 1);
  onTestFinished(() => clearInterval(talking));
  await closed;
  expect(slow!.writableLength).toBeLessThan(512 * 1024);
  expect(quick!.destroyed).toBe(false);
});

test('what another edge was told is the last word of a stream here', async () => {
  const { changes, lastWords, opened, dial, opens } = await aServer();
  const { seen } = await dial('/laptop/first');
  await opens(1);
  lastWords.set('first', { name: 'device.revoked', reason: 'Lost.' });
  changes.emit({ type: 'rules-changed' });
  await until(() => Promise.resolve(opened[0]!.response.writableFinished));
  expect(seen.text).toContain('event: device.revoked\ndata: {"reason":"Lost."}');
});

test('a client that goes away before its stream is opened leaves nothing behind', async () => {
  let proceed = (): void => {};
  const identified = new Promise<void>((resolve) => (proceed = resolve));
  const { changes, asked, connections, opened, dial, opens } = await aServer({
    before: () => identified,
  });
  const { socket } = await dial('/laptop/first');
  await connections(1);
  socket.destroy();
  await connections(0);
  proceed();
  await opens(1);
  expect(opened[0]!.response.destroyed).toBe(true);
  changes.emit({ type: 'rules-changed' });
  expect(asked).toEqual([]);
});

test('a stream that waits behind another one is forgotten with its connection', async () => {
  const { changes, asked, connections, dial, opens } = await aServer();
  const { socket } = await dial('/laptop/first', '/laptop/second');
  await opens(2);
  socket.destroy();
  await connections(0);
  changes.emit({ type: 'rules-changed' });
  expect(asked).toEqual([]);
});

test('the ninth stream of a device ends its oldest, and no other device is touched', async () => {
  const { changes, asked, opened, dial, opens } = await aServer();
  await dial('/phone/other');
  await opens(1);
  for (let count = 1; count <= 9; count += 1) {
    await dial(`/laptop/${count}`);
    await opens(count + 1);
  }
  changes.emit({ type: 'rules-changed' });
  expect(asked).toEqual(['other', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect(opened[1]!.response.writableEnded).toBe(true);
});

test('a stream that is asked for after the stop is refused, and held by nobody', async () => {
  const { dial, events } = await aServer();
  events.stop();
  const { seen } = await dial('/laptop/session');
  await until(() => Promise.resolve(seen.text.includes('HTTP/1.1 503')));
  expect(seen.text).toContain('Connection: close');
});
