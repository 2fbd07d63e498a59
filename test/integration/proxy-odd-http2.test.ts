// An Access Tier whose HTTP/2 is allowed but odd, or hostile: what the local programs get of it.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import {
  END_HEADERS,
  END_STREAM,
  ERROR,
  FRAME,
  frame,
  SETTING,
} from '../../src/proxy/http2/frames.ts';
import { data, type Heard, number, settings, yes } from '../support/http2-peer.ts';
import { createTestPki } from '../support/pki.ts';
import { aTunnel, connectTo, program, runEngine } from '../support/running-engine.ts';
import { type ScriptedConnection, startScriptedTier } from '../support/scripted-tier.ts';
import { until } from '../support/until.ts';

const PIECE = Buffer.alloc(16 * 1024 - 9);

let person: Credentials;
let server: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  person = await pki.issue({ commonName: 'person' });
  server = await pki.issue({ commonName: 'svc.test' });
});

const reset = (stream: number, code: number): Buffer =>
  frame(FRAME.rstStream, 0, stream, number(code));
const goaway = (last: number): Buffer =>
  frame(FRAME.goaway, 0, 0, Buffer.concat([number(last), number(ERROR.none)]));
const maxStreams = (count: number): Buffer =>
  frame(
    FRAME.settings,
    0,
    0,
    Buffer.concat([Buffer.from([0, SETTING.maxConcurrentStreams]), number(count)]),
  );
/** `:status 403`, nothing behind it yet. */
const no = (stream: number): Buffer =>
  frame(FRAME.headers, END_HEADERS, stream, Buffer.from([0x08, 3, 0x34, 0x30, 0x33]));

async function aServer({
  greeting = settings,
  hear,
}: {
  greeting?: Buffer;
  hear: (frame: Heard, connection: ScriptedConnection, nth: number) => void;
}) {
  const heard: Heard[] = [];
  const tier = await startScriptedTier(server, (frame, connection) => {
    heard.push(frame);
    if (frame.type === FRAME.settings && frame.flags === 0) connection.say(greeting);
    hear(frame, connection, tier.connections.indexOf(connection));
  });
  onTestFinished(() => tier.stop());
  const engine = await runEngine(person);
  onTestFinished(() => engine.stop());
  const address = await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
  const requests = () => heard.filter(({ type }) => type === FRAME.headers).length;
  return { tier, engine, address, heard, requests };
}

const received = (socket: Socket) => {
  const got = { bytes: 0, endings: [] as string[] };
  socket
    .on('data', (chunk: Buffer) => (got.bytes += chunk.length))
    .on('end', () => got.endings.push('end'))
    .on('error', () => got.endings.push('error'));
  return got;
};

describe('a tunnel', () => {
  it('that is given up with its answer harms no other', async () => {
    const { address } = await aServer({
      hear: ({ type, stream }, { say }) => {
        if (type !== FRAME.headers) return;
        if (stream === 1) say(yes(1), reset(1, ERROR.connect));
        else say(yes(stream));
      },
    });
    const first = await connectTo(address, 'host.lab:1');
    const got = received(first.socket);
    await until(async () => got.endings.length > 0);
    first.socket.destroy();
    const second = await connectTo(address, 'host.lab:2');
    expect(second.status).toBe(200);
    second.socket.destroy();
  });

  it('that is refused and then reset is told of the refusal, and not asked for again', async () => {
    const { address, requests } = await aServer({
      hear: ({ type, stream }, { say }) => {
        if (type === FRAME.headers) say(no(stream), reset(stream, ERROR.none));
      },
    });
    const { status, text } = await connectTo(address, 'host.lab:1');
    expect(status).toBe(403);
    expect(text).toContain('status 403');
    expect(requests()).toBe(1);
  });

  it.each<[string, Buffer | null, 'ended' | 'not ended']>([
    ['loses the connection', null, 'ended'],
    ['wants to hear no more', reset(1, ERROR.none), 'ended'],
    ['wants to hear no more, though we go on', reset(1, ERROR.none), 'not ended'],
  ])(
    'whose server has said all and %s is read to its end, however slowly',
    async (_how, last, near) => {
      let sent = 0;
      let room = 1024 * 1024;
      let hasEnded = false;
      const { address, tier } = await aServer({
        hear: ({ type, stream, flags, payload }, { say }) => {
          if (type === FRAME.headers) say(yes(stream));
          if (type === FRAME.data && flags & END_STREAM) hasEnded = true;
          if (type === FRAME.windowUpdate && stream === 1) room += payload.readUInt32BE();
          else if (type !== FRAME.headers) return;
          for (; room >= PIECE.length; room -= PIECE.length, sent += PIECE.length)
            say(data(1, PIECE));
        },
      });
      const { socket, text } = await connectTo(address, 'host.lab:1');
      const got = received(socket);
      got.bytes = text.length - text.indexOf('\r\n\r\n') - 4;
      socket.pause();
      if (near === 'ended') socket.end('question');
      await until(async () => hasEnded === (near === 'ended'));
      // Until neither the sockets nor the window have room.
      for (let before = -1; before !== sent; await delay(300)) before = sent;
      const connection = tier.connections[0] as ScriptedConnection;
      connection.say(data(1, '', true), ...(last ? [last] : []));
      if (!last) connection.socket.end();
      await delay(100);
      socket.resume();
      await until(async () => got.endings.length > 0);
      socket.destroy();
      expect(got).toEqual({ bytes: sent, endings: ['end'] });
    },
  );

  it('that nobody has looked at is asked for over another connection', async () => {
    const { address, tier } = await aServer({
      hear: ({ type, stream }, { say }, nth) => {
        if (type === FRAME.headers) say(...(nth < 2 ? [goaway(0)] : [yes(stream)]));
      },
    });
    const socket = await program(address);
    socket.write('CONNECT host.lab:1 HTTP/1.1\r\n\r\nearly');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toContain(' 200 ');
    expect(tier.connections).toHaveLength(3);
    socket.destroy();
  });
});

it('a server that allows no tunnel is asked a few times, and not dialled for ever', async () => {
  const { address, tier, requests } = await aServer({
    greeting: maxStreams(0),
    hear: ({ type, stream }, { say }) => {
      if (type === FRAME.headers) say(reset(stream, ERROR.refusedStream));
    },
  });
  const { status } = await connectTo(address, 'host.lab:1');
  expect(status).toBe(503);
  await delay(200);
  expect(tier.connections).toHaveLength(1);
  expect(requests()).toBe(4);
});

it('a connection that its server leaves is closed when nobody uses it', async () => {
  const { tier } = await aServer({
    hear: ({ type, flags }, { say }) => {
      if (type === FRAME.settings && flags !== 0) say(goaway(2 ** 31 - 1));
    },
  });
  await until(async () => tier.connections.length > 0);
  const [connection] = tier.connections;
  await until(async () => connection?.socket.readableEnded === true);
});
