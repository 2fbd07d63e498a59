// HTTP/2 CONNECT of the Access Tier, asked by Node's own client on a real connection.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { problemDocument } from '../../src/shared/protocol/refusals.ts';
import {
  COLLECTION,
  HOST,
  publishCollection,
  startBackend,
  type TestBackend,
} from '../support/collection.ts';
import type { Identity } from '../support/https.ts';
import { openEvents } from '../support/event-stream.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let dana: SignedIn;
/** What the next connections to the backend do. */
let behave: (socket: Socket) => void;
let backend: TestBackend;
const echo = (socket: Socket) => void socket.pipe(socket);

beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
  backend = await startBackend((socket) => behave(socket));
  await publishCollection(edge, [backend.port]);
});
afterAll(async () => {
  await edge.stop();
  await backend.stop();
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  behave = echo;
  backend.sockets.length = 0;
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});
behave = echo;

interface Dial {
  identity?: Identity | undefined;
  offer?: string[];
  name?: string;
  at?: TestEdge;
}

async function dial({ identity, offer = ['h2'], name = COLLECTION.domain, at = edge }: Dial = {}) {
  const socket = connect({
    host: '127.0.0.1',
    port: at.edge.accessTierPort,
    servername: name,
    ca: at.edge.root,
    ...identity,
    ...(offer.length > 0 && { ALPNProtocols: offer }),
    allowHalfOpen: true,
  } as ConnectionOptions);
  socket.on('error', () => {});
  cleanUps.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function openSession(options: Dial = {}): Promise<ClientHttp2Session> {
  const socket = await dial({ identity: dana.trust, ...options });
  // Node's session does not notice the end of a half-open socket.
  socket.once('end', () => socket.destroy());
  const session = connectHttp2('https://tier', {
    createConnection: () => socket,
    settings: { initialWindowSize: 1024 * 1024, enablePush: false },
  });
  session.on('error', () => {});
  cleanUps.push(() => session.destroy());
  await once(session, 'remoteSettings');
  return session;
}

function request(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  signal?: AbortSignal,
): ClientHttp2Stream {
  const stream = session.request(headers, { endStream: false, ...(signal && { signal }) });
  stream.on('error', () => {});
  return stream;
}

const ask = (session: ClientHttp2Session, port = backend.port, signal?: AbortSignal) =>
  request(session, { ':method': 'CONNECT', ':authority': `${HOST}:${port}` }, signal);

const statusOf = async (stream: ClientHttp2Stream): Promise<number | undefined> =>
  ((await once(stream, 'response')) as [IncomingHttpHeaders])[0][':status'] as number | undefined;

async function readAll(stream: ClientHttp2Stream | TLSSocket | Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
  await once(stream, 'end');
  return Buffer.concat(chunks);
}

async function reply(stream: ClientHttp2Stream | TLSSocket, say: string): Promise<string> {
  stream.write(say);
  return String(((await once(stream, 'data')) as [Buffer])[0]);
}

/** How the other side has ended the stream; 0 would be a proper end. */
const resetOf = async (stream: ClientHttp2Stream): Promise<number | undefined> => {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  return stream.rstCode;
};

describe('what is spoken', () => {
  test.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [['http/1.0', 'http/1.1'], 'http/1.1'],
    [['unheard-of'], 'unheard-of'],
    [[], false],
  ])('a collection answers an offer of %j with %j', async (offer, chosen) => {
    const socket = await dial({ identity: dana.trust, offer });
    expect(socket.alpnProtocol).toBe(chosen);
  });

  test.each([
    [['h2', 'http/1.1'], 'http/1.1'],
    [['postgresql'], 'postgresql'],
    [[], false],
  ])('a service in TCP mode answers %j with %j and carries bytes', async (offer, chosen) => {
    const socket = await dial({ identity: dana.trust, offer, name: 'echo.demo.localhost' });
    expect(socket.alpnProtocol).toBe(chosen);
    expect(await reply(socket, 'bytes')).toBe('bytes');
  });

  test('a client that was given http/1.1 is answered in it', async () => {
    const socket = await dial({ identity: dana.trust, offer: ['http/1.1'] });
    const target = `${HOST}:${backend.port}`;
    expect(await reply(socket, `CONNECT ${target} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await reply(socket, 'bytes')).toBe('bytes');
  });

  test('the settings are those of a proxy for many tunnels on a long link', async () => {
    const { remoteSettings } = await openSession();
    expect(remoteSettings).toMatchObject({
      maxConcurrentStreams: 1_000,
      initialWindowSize: 1024 * 1024,
      maxHeaderListSize: 16 * 1024,
    });
  });
});

describe('a stream', () => {
  test('carries bytes both ways', async () => {
    const stream = ask(await openSession());
    expect(await statusOf(stream)).toBe(200);
    expect(await reply(stream, 'ping')).toBe('ping');
    stream.end('last');
    expect(String(await readAll(stream))).toBe('last');
    expect(await resetOf(stream)).toBe(constants.NGHTTP2_NO_ERROR);
  });

  test('keeps what the client sends before it is answered', async () => {
    const stream = ask(await openSession());
    stream.write('early ');
    stream.write('bytes ');
    stream.end('and the end');
    expect(String(await readAll(stream))).toBe('early bytes and the end');
  });

  test('delivers what the backend sends long after the client has ended its side', async () => {
    behave = (socket) => {
      socket.resume().on('end', () => setTimeout(() => socket.end('late'), 200));
    };
    const stream = ask(await openSession());
    stream.end('question');
    expect(String(await readAll(stream))).toBe('late');
  });

  test('takes bytes long after the backend has ended its side', async () => {
    let received: Promise<Buffer> | undefined;
    behave = (socket) => {
      received = readAll(socket);
      socket.end('greeting');
    };
    const stream = ask(await openSession());
    expect(String(await readAll(stream))).toBe('greeting');
    await wait(200);
    stream.end('afterwards');
    await until(async () => received);
    expect(String(await received)).toBe('afterwards');
    expect(await resetOf(stream)).toBe(constants.NGHTTP2_NO_ERROR);
  });

  test('is reset, not ended, when the backend resets', async () => {
    behave = (socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    };
    const stream = ask(await openSession());
    expect(await statusOf(stream)).toBe(200);
    let ended = false;
    stream.on('end', () => (ended = true)).resume();
    stream.write('x');
    expect(await resetOf(stream)).not.toBe(constants.NGHTTP2_NO_ERROR);
    expect(ended).toBe(false);
  });

  test('resets the backend, and never ends it, when the client resets', async () => {
    const seen: string[] = [];
    behave = (socket) => {
      socket.on('end', () => seen.push('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''));
      socket.on('close', () => seen.push('close')).resume();
    };
    const session = await openSession();
    const abort = new AbortController(); // Node's `close(code)` would end the stream before it resets it
    const stream = ask(session, backend.port, abort.signal);
    expect(await statusOf(stream)).toBe(200);
    stream.write('half a mess');
    await wait(50);
    abort.abort();
    await until(async () => seen.includes('close'));
    expect(seen).toEqual(['ECONNRESET', 'close']);
    // The connection and other streams go on.
    behave = echo;
    expect(await reply(ask(session), 'next')).toBe('next');
  });

  test('gives up dialling for a stream that was reset, and keeps no place for it', async () => {
    const session = await openSession();
    for (let i = 0; i < 200; i++) ask(session, backend.port, AbortSignal.timeout(i % 20));
    expect(await reply(ask(session), 'still here')).toBe('still here');
    await until(async () => backend.sockets.filter(({ destroyed }) => !destroyed).length === 1);
  });

  test('300 streams on one connection carry their own bytes', async () => {
    const session = await openSession();
    const texts = Array.from({ length: 300 }, (_, i) => `${i}:`.repeat(2_000));
    const answers = await Promise.all(
      texts.map(async (text) => {
        const stream = ask(session);
        stream.end(text);
        return String(await readAll(stream));
      }),
    );
    expect(answers).toEqual(texts);
    // Back among few: the window is the large one again.
    await expect.poll(() => session.remoteSettings.initialWindowSize).toBe(1024 * 1024);
  });

  test('the 1,001st stream waits for a place', async () => {
    const session = await openSession();
    const streams = Array.from({ length: 1_001 }, () => ask(session));
    const answered = streams.map((stream) => statusOf(stream));
    await Promise.all(answered.slice(0, 1_000));
    expect(session.remoteSettings.initialWindowSize).toBe(64 * 1024);
    expect(await Promise.race([answered[1_000], wait(300, 'waits')])).toBe('waits');
    streams[0]!.end();
    expect(await answered[1_000]).toBe(200);
  });
});

describe('bulk', () => {
  const SIZE = 8 * 1024 * 1024;

  test('8 MiB there and back arrive intact, full duplex', async () => {
    const sent = randomBytes(SIZE);
    const stream = ask(await openSession());
    stream.end(sent);
    expect((await readAll(stream)).equals(sent)).toBe(true);
  });

  test('a backend that does not read stops the client, and gets all of it later', async () => {
    behave = (socket) => void socket.pause();
    const stream = ask(await openSession());
    expect(await statusOf(stream)).toBe(200);
    const chunk = randomBytes(64 * 1024);
    const total = 64 * 1024 * 1024;
    let taken = 0;
    const feed = async () => {
      for (let written = 0; written < total; written += chunk.length) {
        await new Promise<void>((resolve) => stream.write(chunk, () => resolve()));
        taken += chunk.length;
      }
      stream.end();
    };
    const fed = feed();
    await stalled(() => taken);
    // Socket buffers of the system, one window, a few chunks: far from all of it.
    expect(taken).toBeLessThan(24 * 1024 * 1024);
    const received = readAll(backend.sockets[0]!);
    await fed;
    expect((await received).length).toBe(total);
    backend.sockets[0]!.end();
    await readAll(stream);
  });

  test('a client that does not read stops the backend, and gets all of it later', async () => {
    const chunk = randomBytes(64 * 1024);
    const total = 64 * 1024 * 1024;
    behave = (socket) => {
      let written = 0;
      const more = () => {
        while (written < total) {
          written += chunk.length;
          if (!socket.write(chunk)) return;
        }
        socket.end();
      };
      socket.on('drain', more);
      more();
    };
    const session = await openSession();
    const stream = ask(session);
    stream.pause();
    expect(await statusOf(stream)).toBe(200);
    const left = () => backend.sockets[0]!.bytesWritten;
    await stalled(left);
    expect(left()).toBeLessThan(24 * 1024 * 1024);
    // Others on the same connection are not held up by it.
    behave = echo;
    expect(await reply(ask(session), 'me too')).toBe('me too');
    expect((await readAll(stream)).length).toBe(total);
  });

  const stalled = async (count: () => number) => {
    for (let before = -1; before !== count() || before === 0;) {
      before = count();
      await wait(300);
    }
  };
});

describe('a refusal', () => {
  const refusal = async (stream: ClientHttp2Stream) => {
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    expect(headers['content-type']).toBe('application/problem+json');
    const body = problemDocument.parse(JSON.parse(String(await readAll(stream))));
    expect(body.status).toBe(headers[':status']);
    return body;
  };

  test('names the reason, and the connection goes on', async () => {
    const session = await openSession();
    expect(await refusal(ask(session, 1))).toMatchObject({
      status: 403,
      code: 'target_not_allowed',
      detail: `${HOST}:1 is not part of this service.`,
    });
    expect(await reply(ask(session), 'allowed')).toBe('allowed');
  });

  test('ends the stream of a client that had more to say', async () => {
    const stream = ask(await openSession(), 1);
    stream.write('x'.repeat(100_000));
    expect(await refusal(stream)).toMatchObject({ status: 403 });
    await resetOf(stream);
  });

  test('a backend that is gone is 502', async () => {
    const gone = await startBackend(echo);
    await publishCollection(edge, [backend.port, gone.port]);
    await gone.stop();
    expect(await refusal(ask(await openSession(), gone.port))).toMatchObject({
      status: 502,
      code: 'target_unreachable',
    });
  });

  test.each([
    { ':method': 'GET', ':path': '/', ':scheme': 'https', ':authority': 'a:1' },
    { ':method': 'CONNECT', ':authority': 'no-port' },
    { ':method': 'CONNECT', ':authority': `${'a'.repeat(400)}:1` },
  ])('what is no CONNECT host:port is 400: %j', async (headers) => {
    const session = await openSession();
    expect(await refusal(request(session, headers))).toMatchObject({
      status: 400,
      code: 'malformed_request',
    });
    expect(await reply(ask(session), 'allowed')).toBe('allowed');
  });

  test('headers without end are not read for ever', async () => {
    const session = await openSession();
    const stream = request(session, {
      ':method': 'CONNECT',
      ':authority': `${HOST}:${backend.port}`,
      ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x-${i}`, 'y'.repeat(2_000)])),
    });
    expect(await resetOf(stream)).not.toBe(constants.NGHTTP2_NO_ERROR);
  });

  test('without a certificate HTTP/2 is not even begun', async () => {
    const socket = await dial({ identity: undefined });
    expect(await readAll(socket)).toHaveLength(0);
  });

  test('what is no HTTP/2 behind its name ends the connection', async () => {
    const socket = await dial({ identity: dana.trust });
    socket.write('GET / HTTP/1.1\r\n\r\n');
    socket.on('end', () => socket.end()).resume();
    await once(socket, 'close');
  });
});

describe('continuous authorisation', () => {
  const audit = () => readFile(join(edge.data, 'audit.jsonl'), 'utf8');

  test('the end of the session cuts every stream and the connection', async () => {
    const person = await signIn(edge, await registerDevice(edge));
    const session = await openSession({ identity: person.trust });
    const streams = [ask(session), ask(session), ask(session)];
    for (const stream of streams) expect(await reply(stream, 'before')).toBe('before');
    const over = once(session, 'close');
    await edge.edge.endSessions(person.device.id, 'Over.');
    for (const stream of streams) {
      expect(await resetOf(stream)).not.toBe(constants.NGHTTP2_NO_ERROR);
    }
    await over;
    // Written behind what is cut, which waits for no disk.
    const cuts = await until(async () => {
      const lines = (await audit()).split('\n').filter((line) => line.includes(person.device.id));
      const found = lines.filter((line) => line.includes('"connection-cut"'));
      return found.length >= 3 ? found : undefined;
    });
    expect(cuts).toHaveLength(3);
  });

  test('a person who is signed out is told so for each stream', async () => {
    const person = await signIn(edge, await registerDevice(edge));
    await edge.edge.endSessions(person.device.id, 'Over.');
    const stream = ask(await openSession({ identity: person.trust }));
    expect(await statusOf(stream)).toBe(403);
    expect(JSON.parse(String(await readAll(stream)))).toMatchObject({ code: 'session_ended' });
  });

  test('a stream is judged by what holds when it is opened', async () => {
    const session = await openSession();
    expect(await reply(ask(session), 'before')).toBe('before');
    await publishCollection(edge, [1]);
    expect(await statusOf(ask(session))).toBe(403);
    await publishCollection(edge, [backend.port]);
    expect(await reply(ask(session), 'after')).toBe('after');
  });

  test('switching the service off cuts the connection', async () => {
    const session = await openSession();
    expect(await reply(ask(session), 'before')).toBe('before');
    const over = once(session, 'close');
    await edge.edge.setServiceEnabled(COLLECTION.id, false);
    await over;
    expect(await readAll(await dial({ identity: dana.trust }))).toHaveLength(0);
    await edge.edge.setServiceEnabled(COLLECTION.id, true);
    expect(await reply(ask(await openSession()), 'after')).toBe('after');
  });

  test('an expired certificate opens no further stream, and running ones go on', async () => {
    const short = await startEdge({ lifetimes: { trustToken: 3 } });
    cleanUps.push(() => short.stop());
    await publishCollection(short, [backend.port]);
    const person = await signIn(short, await registerDevice(short));
    const signedInAt = Date.now();
    const session = await openSession({ identity: person.trust, at: short });
    const running = ask(session);
    expect(await reply(running, 'in time')).toBe('in time');
    await wait(signedInAt + 4_000 - Date.now());
    const late = ask(session);
    expect(await statusOf(late)).toBe(403);
    expect(JSON.parse(String(await readAll(late)))).toMatchObject({ code: 'certificate_expired' });
    expect(await reply(running, 'still')).toBe('still');
  });
});

describe('limits', () => {
  test.for(['h2', 'http/1.1'])(
    'an idle tunnel over %s ends, and the device is told',
    async (protocol) => {
      const short = await startEdge({ lifetimes: { idle: 1 } });
      cleanUps.push(() => short.stop());
      await publishCollection(short, [backend.port]);
      const person = await signIn(short, await registerDevice(short));
      const events = await openEvents(short, person);
      cleanUps.push(() => events.close());
      const at = { identity: person.trust, at: short };
      let tunnel: ClientHttp2Stream | TLSSocket;
      if (protocol === 'h2') tunnel = ask(await openSession(at));
      else {
        tunnel = await dial({ ...at, offer: [] });
        tunnel.write(
          `CONNECT ${HOST}:${backend.port} HTTP/1.1\r\nHost: ${HOST}:${backend.port}\r\n\r\n`,
        );
        await once(tunnel, 'data');
      }
      expect(await reply(tunnel, 'here')).toBe('here');
      const over = readAll(tunnel).catch(() => {}); // however it ends
      expect(await events.next('connection.ended')).toMatchObject({
        service: COLLECTION.id,
        code: 'inactive',
      });
      await over;
    },
  );

  test('without a stream, a connection of somebody who was refused ends after 15 s, another after an hour', async () => {
    const refused = await signIn(edge, await registerDevice(edge));
    await edge.edge.endSessions(refused.device.id, 'Over.');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    cleanUps.push(() => vi.useRealTimers());
    const theirs = await openSession({ identity: refused.trust });
    const hers = await openSession();
    const answers = (session: ClientHttp2Session): Promise<boolean> =>
      new Promise((resolve) => {
        session.once('close', () => resolve(false));
        if (session.destroyed || !session.ping((error) => resolve(error === null))) resolve(false);
      });
    await vi.advanceTimersByTimeAsync(14_000);
    expect([await answers(theirs), await answers(hers)]).toEqual([true, true]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([await answers(theirs), await answers(hers)]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(3_580_000);
    expect(await answers(hers)).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await answers(hers)).toBe(false);
  });

  test('streams take places as connections do', async () => {
    const counting = await startEdge({ ports: { operations: { port: 0 } } });
    cleanUps.push(() => counting.stop());
    await publishCollection(counting, [backend.port]);
    const person = await signIn(counting, await registerDevice(counting));
    const places = async () => {
      const answer = await fetch(`http://127.0.0.1:${counting.edge.operationsPort}/metrics`);
      return Number(/^banyan_edge_connections (\d+)$/m.exec(await answer.text())?.[1]);
    };
    const session = await openSession({ identity: person.trust, at: counting });
    expect(await places()).toBe(1);
    const streams = [ask(session), ask(session), ask(session)];
    for (const stream of streams) expect(await reply(stream, 'in')).toBe('in');
    expect(await places()).toBe(4);
    for (const stream of streams) stream.end();
    await expect.poll(places).toBe(1);
  });
});

describe('stopping', () => {
  const startShort = async () => {
    const short = await startEdge();
    await publishCollection(short, [backend.port]);
    const person = await signIn(short, await registerDevice(short));
    return { short, session: await openSession({ identity: person.trust, at: short }) };
  };

  test('no stream is begun, those that run may finish, and then the connection ends', async () => {
    const { short, session } = await startShort();
    const stream = ask(session);
    expect(await reply(stream, 'before')).toBe('before');
    const goaway = once(session, 'goaway');
    const over = once(session, 'close');
    const stopped = short.stop(10_000);
    expect((await goaway)[0]).toBe(constants.NGHTTP2_NO_ERROR);
    expect(await reply(stream, 'meanwhile')).toBe('meanwhile');
    stream.end('last');
    expect(String(await readAll(stream))).toBe('last');
    await over;
    await stopped;
  });

  test('what outlives the drain is cut', async () => {
    const { short, session } = await startShort();
    const stream = ask(session);
    expect(await reply(stream, 'before')).toBe('before');
    const startedAt = performance.now();
    await short.stop(200);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await resetOf(stream)).not.toBe(constants.NGHTTP2_NO_ERROR);
  });

  test('a client that goes away leaves nothing behind', async () => {
    const session = await openSession();
    expect(await reply(ask(session), 'x')).toBe('x');
    session.destroy();
    await until(async () => backend.sockets.every(({ destroyed }) => destroyed));
  });
});
