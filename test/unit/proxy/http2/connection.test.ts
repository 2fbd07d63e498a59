// The rules of RFC 9113 that a peer may break, and what is promised to the local programs when it does, or does not.
import { once } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  ERROR,
  FRAME,
  frame,
  Http2Error,
  SETTING,
} from '../../../../src/proxy/http2/frames.ts';
import { StreamLost } from '../../../../src/proxy/http2/stream.ts';
import {
  data,
  number,
  outcomeOf,
  scriptedPeer,
  settings,
  yes,
} from '../../../support/http2-peer.ts';

const PADDED = 0x8;
const PRIORITY = 0x20;
const MIB = 1024 * 1024;

const setting = (name: number, value: number): Buffer => {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(name);
  payload.writeUInt32BE(value, 2);
  return frame(FRAME.settings, 0, 0, payload);
};
const windowUpdate = (stream: number, bytes: number): Buffer =>
  frame(FRAME.windowUpdate, 0, stream, number(bytes));
const reset = (stream: number, code: number): Buffer =>
  frame(FRAME.rstStream, 0, stream, number(code));
const goaway = (last: number): Buffer =>
  frame(FRAME.goaway, 0, 0, Buffer.concat([number(last), number(0)]));
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A tunnel that has been said yes to. */
function anOpenTunnel(options = {}) {
  const peer = scriptedPeer(options);
  const statuses: number[] = [];
  const stream = peer.connection.open('host.lab:22', (status) => statuses.push(status));
  const outcome = outcomeOf(stream);
  peer.say(settings, yes(1));
  return { ...peer, stream, statuses, outcome };
}

/** For 'end', 'error' and 'close', which come a tick later. */
const soon = () => new Promise(setImmediate);

const dataTo = (heard: { type: number; payload: Buffer }[]): Buffer =>
  Buffer.concat(heard.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload));

describe('a peer that breaks the rules', () => {
  it.each<[string, Buffer, number]>([
    ['speaks of something else first', yes(1), ERROR.protocol],
    ['sends a frame longer than allowed', hex('004001 00 00 00000001'), ERROR.frameSize],
    ['gives a stream settings', frame(FRAME.settings, 0, 1, Buffer.alloc(0)), ERROR.protocol],
    ['cuts a setting', frame(FRAME.settings, 0, 0, Buffer.alloc(5)), ERROR.frameSize],
    ['acknowledges with settings', frame(FRAME.settings, ACK, 0, Buffer.alloc(6)), ERROR.frameSize],
    ['takes frames of no size', setting(SETTING.maxFrameSize, 100), ERROR.protocol],
    ['wants to be pushed to', setting(SETTING.enablePush, 1), ERROR.protocol],
    ['opens a window too wide', setting(SETTING.initialWindowSize, 2 ** 31), ERROR.flowControl],
    ['widens a window too far', windowUpdate(0, 2 ** 31 - 1), ERROR.flowControl],
    ['widens a window by nothing', windowUpdate(0, 0), ERROR.protocol],
    ['cuts a ping', frame(FRAME.ping, 0, 0, Buffer.alloc(7)), ERROR.frameSize],
    ['pings a stream', frame(FRAME.ping, 0, 1, Buffer.alloc(8)), ERROR.protocol],
    ['says farewell to a stream', frame(FRAME.goaway, 0, 1, Buffer.alloc(8)), ERROR.protocol],
    ['cuts its farewell', frame(FRAME.goaway, 0, 0, Buffer.alloc(7)), ERROR.frameSize],
    ['cuts a reset', frame(FRAME.rstStream, 0, 1, Buffer.alloc(3)), ERROR.frameSize],
    ['cuts a window', frame(FRAME.windowUpdate, 0, 0, Buffer.alloc(3)), ERROR.frameSize],
    ['resets what never was', reset(3, ERROR.none), ERROR.protocol],
    ['answers what never was', yes(3), ERROR.protocol],
    ['opens a stream of its own', yes(2), ERROR.protocol],
    ['sends data of no stream', data(0, 'x'), ERROR.protocol],
    ['pads more than there is', frame(FRAME.data, PADDED, 1, hex('05 61')), ERROR.protocol],
    ['pads nothing', frame(FRAME.data, PADDED, 1, Buffer.alloc(0)), ERROR.protocol],
    ['pads more headers than there are', yes(1, END_HEADERS | PADDED), ERROR.protocol],
    ['continues what has ended', frame(FRAME.continuation, 0, 1, hex('88')), ERROR.protocol],
    ['talks within its headers', Buffer.concat([yes(1, 0), settings]), ERROR.protocol],
    [
      'continues other headers',
      Buffer.concat([yes(1, 0), frame(FRAME.continuation, 0, 3, hex('88'))]),
      ERROR.protocol,
    ],
    ['promises', frame(FRAME.pushPromise, END_HEADERS, 1, hex('00000002 88')), ERROR.protocol],
    [
      'uses a table that was not allowed',
      frame(FRAME.headers, END_HEADERS, 1, hex('be')),
      ERROR.compression,
    ],
    [
      'wants a table that was not allowed',
      frame(FRAME.headers, END_HEADERS, 1, hex('3fe11f')),
      ERROR.compression,
    ],
    ['cuts a header', frame(FRAME.headers, END_HEADERS, 1, hex('48 05 32')), ERROR.compression],
    [
      'counts without end',
      frame(FRAME.headers, END_HEADERS, 1, hex('7f ffffffffffff')),
      ERROR.compression,
    ],
    [
      'answers with no number',
      frame(FRAME.headers, END_HEADERS, 1, hex('08 03 616263')),
      ERROR.compression,
    ],
    [
      'never ends its headers',
      Buffer.concat([
        yes(1, 0),
        ...Array.from({ length: 4_000 }, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(0))),
      ]),
      ERROR.enhanceYourCalm,
    ],
    [
      'sends more than fits',
      Buffer.concat([yes(1), ...Array.from({ length: 5 }, () => data(1, Buffer.alloc(16 * 1024)))]),
      ERROR.flowControl,
    ],
  ])('one that %s ends the connection, and is told why', async (what, bytes, code) => {
    const peer = scriptedPeer();
    const stream = peer.connection.open('host.lab:22', () => {});
    const outcome = outcomeOf(stream);
    // Nobody reads, so that the window is not widened.
    stream.pause();
    peer.say(...(what.startsWith('speaks') ? [bytes] : [settings, bytes]));
    expect(peer.why()).toBeInstanceOf(Http2Error);
    expect(peer.why()?.code).toBe(code);
    const heard = await peer.heard();
    expect(heard.at(-1)?.type).toBe(FRAME.goaway);
    expect(heard.at(-1)?.payload.readUInt32BE(4)).toBe(code);
    expect(outcome()).toBe('|lost');
    expect(peer.connection.isOpen).toBe(false);
  });

  it.each<[string, Buffer]>([
    ['data before an answer', data(1, 'x')],
    ['an answer without a status', frame(FRAME.headers, END_HEADERS, 1, hex('0f 0d 01 30'))],
    [
      'an end in place of an answer',
      frame(FRAME.headers, END_HEADERS | END_STREAM, 1, hex('08 03 313030')),
    ],
    ['a window that widens by nothing', windowUpdate(1, 0)],
    ['headers in the middle', Buffer.concat([yes(1), yes(1)])],
  ])('%s is the end of that tunnel, and of no other', async (_what, bytes) => {
    const peer = scriptedPeer();
    const [spoiled, other] = [1, 3].map((id) => {
      const stream = peer.connection.open(`host-${id}.lab:22`, () => {});
      return { stream, outcome: outcomeOf(stream) };
    });
    peer.say(settings, bytes, yes(3), data(3, 'fine'));
    await soon();
    expect([spoiled?.outcome(), other?.outcome()]).toEqual(['|lost', 'fine']);
    const resets = (await peer.heard()).filter(({ type }) => type === FRAME.rstStream);
    expect(resets.map(({ stream, payload }) => [stream, payload.readUInt32BE()])).toEqual([
      [1, ERROR.protocol],
    ]);
  });

  it('one that asks is answered with its own words', async () => {
    const peer = scriptedPeer();
    peer.say(settings, frame(FRAME.ping, 0, 0, hex('0102030405060708')));
    const pong = (await peer.heard()).find(({ type }) => type === FRAME.ping);
    expect(pong).toMatchObject({ flags: ACK, payload: hex('0102030405060708') });
  });
});

describe('a tunnel', () => {
  it('is asked for by CONNECT, without a table', async () => {
    const { heard } = anOpenTunnel();
    const frames = await heard();
    expect(frames[0]?.payload.subarray(0, 6)).toEqual(hex('0001 00000000'));
    const request = frames.find(({ type }) => type === FRAME.headers);
    expect(request).toMatchObject({ flags: END_HEADERS, stream: 1 });
    expect(request?.payload.toString('latin1')).toBe('\x02\x07CONNECT\x01\x0bhost.lab:22');
  });

  it('hears of 1xx nothing, and of its answer once', () => {
    const peer = scriptedPeer();
    const statuses: number[] = [];
    peer.connection.open('host.lab:22', (status) => statuses.push(status));
    const early = frame(FRAME.headers, END_HEADERS, 1, hex('08 03 313033'));
    // Padding and priority mean nothing.
    const odd = frame(
      FRAME.headers,
      END_HEADERS | PADDED | PRIORITY,
      1,
      hex('02 8000000110 89 0000'),
    );
    peer.say(settings, early, odd);
    expect(statuses).toEqual([204]);
  });

  it('gets every byte in order, whatever the padding, the trailers and unknown frames between', async () => {
    const { say, outcome } = anOpenTunnel();
    say(
      data(1, 'one '),
      frame(0xfa, 0xff, 1, Buffer.alloc(9_000)),
      frame(FRAME.data, PADDED, 1, hex('03 74776f20 000000')),
      frame(FRAME.data, PADDED, 1, hex('00')),
      data(1, 'three'),
      frame(FRAME.headers, END_HEADERS | END_STREAM, 1, hex('00 01 61 01 62')),
    );
    await soon();
    expect(outcome()).toBe('one two three|end');
  });

  it('reads the same however the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 40 }).map((bytes) => data(1, Buffer.from(bytes))),
            fc.uint8Array({ maxLength: 40 }).map((bytes) => data(3, Buffer.from(bytes))),
            fc.constant(frame(FRAME.data, PADDED, 1, hex('02 616263 0000'))),
            fc.constantFrom(
              settings,
              windowUpdate(0, 5),
              windowUpdate(3, 7),
              frame(0x42, 0, 0, hex('00')),
            ),
          ),
          { maxLength: 12 },
        ),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (frames, places) => {
          const bytes = Buffer.concat([settings, yes(1), yes(3), ...frames, data(1, '', true)]);
          const run = async (pieces: Buffer[]) => {
            const peer = scriptedPeer();
            const outcomes = [1, 3].map((id) =>
              outcomeOf(peer.connection.open(`${id}:1`, () => {})),
            );
            peer.say(...pieces);
            await soon();
            return { outcomes: outcomes.map((outcome) => outcome()), why: peer.why() };
          };
          const at = [
            0,
            ...places.map((place) => place % (bytes.length + 1)),
            bytes.length,
          ].toSorted((one, other) => one - other);
          const cut = at.slice(1).map((end, nth) => bytes.subarray(at[nth], end));
          const whole = await run([bytes]);
          expect(whole.why).toBeUndefined();
          expect(await run(cut)).toEqual(whole);
          expect(await run(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole);
        },
      ),
      { seed: 1, numRuns: 100 },
    ));

  it('sends what the windows allow, the rest when they widen, and its end behind all of it', async () => {
    const { say, stream, heard } = anOpenTunnel();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, nth) => nth % 251));
    const place = Buffer.from(bytes);
    stream.end(place);
    // Whoever reads in bulk uses it again.
    place.fill(0);
    expect(dataTo(await heard())).toHaveLength(65_535);
    say(windowUpdate(1, 20_000));
    expect(dataTo(await heard())).toHaveLength(65_535);
    say(windowUpdate(0, 30_000));
    expect(dataTo(await heard())).toHaveLength(85_535);
    // Smaller than what is out already: nothing more until it is positive again.
    say(setting(SETTING.initialWindowSize, 100), windowUpdate(0, 70_000), windowUpdate(1, 60_000));
    expect(dataTo(await heard())).toHaveLength(85_535);
    say(windowUpdate(1, 200_000));
    const all = await heard();
    expect(dataTo(all).equals(bytes)).toBe(true);
    expect(all.at(-1)).toMatchObject({ type: FRAME.data, flags: END_STREAM });
    for (const { payload } of all) expect(payload.length).toBeLessThanOrEqual(16_384);
  });

  it('lets the peer send more when its bytes were taken, and not before', async () => {
    const { say, stream, heard } = anOpenTunnel({
      streamWindow: 64 * 1024,
      connectionWindow: 128 * 1024,
    });
    const widened = async (id: number) =>
      (await heard())
        .filter(({ type, stream }) => type === FRAME.windowUpdate && stream === id)
        .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
    const before = await widened(0);
    stream.attach(() => false);
    stream.pause();
    for (let nth = 0; nth < 4; nth += 1) say(data(1, Buffer.alloc(16 * 1024)));
    expect(await widened(1)).toBe(0);
    expect((await widened(0)) - before).toBe(0);
    stream.resume();
    expect(await widened(1)).toBe(64 * 1024);
    expect((await widened(0)) - before).toBe(64 * 1024);
  });

  it('that is given up leaves its part of the common window to the others', async () => {
    const { say, stream, connection } = anOpenTunnel({
      streamWindow: MIB,
      connectionWindow: 2 * MIB,
    });
    stream.attach(() => false);
    stream.pause();
    for (let nth = 0; nth < 20; nth += 1) say(data(1, Buffer.alloc(16 * 1024)));
    expect(connection.untakenBytes).toBe(20 * 16 * 1024);
    stream.destroy();
    // The peer did not know yet.
    say(data(1, Buffer.alloc(16 * 1024)), reset(1, ERROR.none), windowUpdate(1, 3));
    expect(connection.untakenBytes).toBe(0);
  });

  it('is reset when it is destroyed before both sides have ended, and only then', async () => {
    const { say, stream, heard, outcome } = anOpenTunnel();
    stream.end('bye');
    say(data(1, 'bye', true));
    await soon();
    await soon();
    expect(outcome()).toBe('bye|end');
    expect(stream.destroyed).toBe(true);
    expect((await heard()).some(({ type }) => type === FRAME.rstStream)).toBe(false);
    const other = anOpenTunnel();
    other.stream.destroy();
    const last = (await other.heard()).at(-1);
    expect([last?.type, last?.payload.readUInt32BE()]).toEqual([FRAME.rstStream, ERROR.connect]);
  });

  it('whose server has said all, and wants no more, ends in order', async () => {
    const { say, stream, outcome } = anOpenTunnel();
    say(data(1, 'all', true), reset(1, ERROR.none));
    stream.write('more');
    await soon();
    await soon();
    expect(outcome()).toBe('all|end');
    expect(stream.destroyed).toBe(true);
  });

  it("that is over both ways is nobody else's business any more, whoever reads it late", async () => {
    const { say, stream, connection } = anOpenTunnel();
    stream.removeAllListeners('data').pause().end();
    await soon();
    say(data(1, 'all of it', true), reset(1, ERROR.none), reset(1, ERROR.connect));
    for (let nth = 0; nth < 20; nth += 1) say(reset(1, ERROR.none));
    connection.close();
    await soon();
    expect(stream.listenerCount('end')).toBeLessThan(3);
    const late = outcomeOf(stream);
    stream.resume();
    await once(stream, 'close');
    expect(late()).toBe('all of it|end');
  });

  it('is none of a thousand that are lost when all of them have a little to say at once', async () => {
    const { say, connection, heard, hold, why } = anOpenTunnel();
    say(setting(SETTING.initialWindowSize, MIB), windowUpdate(0, 64 * MIB));
    const streams = Array.from({ length: 1_000 }, (_, nth) =>
      connection.open(`host-${nth}.lab:22`, () => {}),
    );
    await heard();
    const goOn = hold();
    for (const stream of streams) stream.on('error', () => {}).write(Buffer.alloc(4_096, 's'));
    streams.at(-1)?.write(Buffer.alloc(256 * 1024, 'b'));
    await soon();
    expect(why()).toBeUndefined();
    goOn();
    await vi.waitFor(async () =>
      expect(dataTo(await heard())).toHaveLength(1_000 * 4_096 + 256 * 1024),
    );
  });

  it('feels one change of the windows for each SETTINGS, however many it holds', async () => {
    const { say, stream, connection, heard } = anOpenTunnel();
    for (let nth = 0; nth < 1_000; nth += 1) connection.open(`host-${nth}.lab:22`, () => {});
    stream.write(Buffer.alloc(80_000));
    const payload = Buffer.concat(
      Array.from({ length: 2_600 }, (_, nth) =>
        Buffer.concat([Buffer.from([0, SETTING.initialWindowSize]), number(nth % 2 ? 70_000 : 0)]),
      ),
    );
    say(windowUpdate(0, MIB));
    const started = performance.now();
    for (let nth = 0; nth < 10; nth += 1) say(frame(FRAME.settings, 0, 0, payload));
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(dataTo(await heard())).toHaveLength(70_000);
  });

  it('costs the same though its peer widens the window byte by byte', async () => {
    const { say, stream, heard } = anOpenTunnel();
    const bytes = Buffer.alloc(8 * MIB, 'abcdefg');
    stream.end(bytes);
    say(windowUpdate(0, 8 * MIB));
    const started = performance.now();
    for (let nth = 0; nth < 5_000; nth += 1) say(windowUpdate(1, 1));
    expect(performance.now() - started).toBeLessThan(2_000);
    const sent = dataTo(await heard());
    expect(sent.equals(bytes.subarray(0, 65_535 + 5_000))).toBe(true);
  });

  it.each<[string, Buffer, Partial<StreamLost>]>([
    ['refuses it', reset(1, ERROR.refusedStream), { code: ERROR.refusedStream, isUntouched: true }],
    ['breaks it off', reset(1, ERROR.none), { code: ERROR.none, isUntouched: false }],
    ['goes away before it', goaway(0), { code: null, isUntouched: true }],
  ])('tells whether the peer had looked at it when it %s', async (_how, bytes, expected) => {
    const peer = scriptedPeer();
    let lost: unknown;
    peer.connection.open('host.lab:22', () => {}).on('error', (error) => (lost = error));
    peer.say(settings, bytes);
    await soon();
    expect(lost).toBeInstanceOf(StreamLost);
    expect(lost).toMatchObject(expected);
  });

  it('goes on when the peer goes away behind it, and no other is asked for there', async () => {
    const { say, outcome, connection } = anOpenTunnel();
    expect(connection.isOpen).toBe(true);
    say(goaway(1), data(1, 'still here', true));
    expect(connection.isOpen).toBe(false);
    await soon();
    expect(outcome()).toBe('still here|end');
  });
});
