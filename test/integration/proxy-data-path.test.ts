// No byte is lost, doubled or changed, and no end is taken for another, whatever way bytes take through the engine.
import { createHash, type Hash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import { readToEnd } from '../support/bytes.ts';
import { openDataPath, PATHS, tunnelTo } from '../support/data-paths.ts';
import { createTestPki } from '../support/pki.ts';
import { echoed } from '../support/running-engine.ts';
import { until } from '../support/until.ts';

let server: Credentials;
let person: Credentials;
beforeAll(async () => {
  const pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
});

const MIB = 1024 * 1024;
const echo = (stream: Duplex) => void stream.pipe(stream);
const inTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Sends `size` random bytes in pieces of at most `piece`, with pauses, and ends. Resolves with their checksum. */
async function send(stream: Duplex, size: number, piece = MIB, pauses = false): Promise<string> {
  const sum = createHash('sha1');
  const bytes = randomBytes(Math.min(size, 4 * MIB));
  for (let left = size; left > 0;) {
    const length = Math.min(left, piece === MIB ? MIB : randomInt(1, piece));
    const from = randomInt(0, bytes.length - Math.min(length, bytes.length) + 1);
    const part = bytes.subarray(from, from + length);
    sum.update(part);
    left -= part.length;
    if (!stream.write(part)) await once(stream, 'drain');
    if (pauses && randomInt(8) === 0) await inTurn();
  }
  stream.end();
  return sum.digest('hex');
}

/** Reads to the end, now and then not at all for a while. */
async function checksum(stream: Duplex, pauses = false): Promise<string> {
  const sum: Hash = createHash('sha1');
  stream.on('data', (chunk: Buffer) => {
    sum.update(chunk);
    if (!pauses || randomInt(16) > 0) return;
    stream.pause();
    setTimeout(() => stream.resume(), randomInt(4));
  });
  stream.resume();
  await once(stream, 'end');
  return sum.digest('hex');
}

describe.each(PATHS)('%s', (path) => {
  const open = async (behave: (stream: Duplex) => void) => {
    const opened = await openDataPath(path, { server, person, behave });
    onTestFinished(() => opened.stop());
    return opened;
  };

  it('delivers what the server sends long after the local program has ended its side', async () => {
    const question: Buffer[] = [];
    const { connect } = await open((stream) => {
      stream.on('data', (chunk: Buffer) => question.push(chunk)).resume();
      stream.on('end', () => {
        stream.write('late ');
        setTimeout(() => stream.end('later'), 100);
      });
    });
    const socket = await connect();
    socket.end('question');
    expect(String(await readToEnd(socket))).toBe('late later');
    expect(String(Buffer.concat(question))).toBe('question');
  });

  it.each([
    { size: 8, what: 'little' },
    { size: 2 * MIB, what: 'so much that reading changes over' },
  ])(
    'delivers what the local program sends long after the server has ended, $what, and then is over',
    async ({ size }) => {
      let received = 0;
      let isEnded = false;
      const { connect, engine } = await open((stream) => {
        stream.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
        stream.on('end', () => (isEnded = true));
        stream.end('bye');
      });
      const socket = await connect();
      expect(String(await readToEnd(socket))).toBe('bye');
      socket.end(Buffer.alloc(size));
      await until(async () => isEnded);
      expect(received).toBe(size);
      const [closed] = await until(async () => {
        const told = engine.told('connection-closed');
        return told.length > 0 && told;
      });
      expect(closed).toMatchObject({ ended: 'finished', bytesSent: size, bytesReceived: 3 });
      expect(engine.told('connection-refused')).toEqual([]);
    },
  );

  it('takes an upload that the server answers with nothing but its end for finished', async () => {
    const { connect, engine } = await open((stream) => {
      stream.resume().on('end', () => stream.end());
    });
    const socket = await connect();
    socket.end(Buffer.alloc(MIB));
    expect(await readToEnd(socket)).toHaveLength(0);
    const [closed] = await until(async () => {
      const told = engine.told('connection-closed');
      return told.length > 0 && told;
    });
    expect(closed).toMatchObject({ ended: 'finished', bytesSent: MIB, bytesReceived: 0 });
    expect(engine.told('connection-refused')).toEqual([]);
  });

  it('carries 20,000 writes of one byte, each way', async () => {
    const { connect } = await open(echo);
    const socket = await connect();
    const all = randomBytes(20_000);
    const back = readToEnd(socket);
    for (let at = 0; at < all.length; at += 1) {
      socket.write(all.subarray(at, at + 1));
      if (at % 50 === 0) await inTurn();
    }
    socket.end();
    expect((await back).equals(all)).toBe(true);
  });

  it('carries 64 MiB each way at once', async () => {
    const farEnds: string[][] = [];
    const { connect } = await open((stream) => {
      const ends = Promise.all([send(stream, 64 * MIB), checksum(stream)]);
      void ends.then((sums) => farEnds.push(sums));
    });
    const socket = await connect();
    const nearEnd = await Promise.all([checksum(socket), send(socket, 64 * MIB)]);
    await until(async () => farEnds.length === 1);
    expect(farEnds).toEqual([nearEnd]);
  });

  it('keeps 30 busy connections apart, whatever the pieces and pauses', async () => {
    const farEnds: string[][] = [];
    const { connect } = await open((stream) => {
      const size = randomInt(MIB, 2 * MIB);
      const ends = Promise.all([send(stream, size, 200_000, true), checksum(stream, true)]);
      void ends.then((sums) => farEnds.push(sums));
    });
    const nearEnds = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const socket = await connect();
        const size = randomInt(MIB, 2 * MIB);
        return Promise.all([checksum(socket, true), send(socket, size, 200_000, true)]);
      }),
    );
    const sorted = (ends: string[][]) => ends.map((end) => end.join(' ')).toSorted();
    await until(async () => farEnds.length === nearEnds.length);
    expect(sorted(nearEnds)).toEqual(sorted(farEnds));
  });

  it('lets the server speak first', async () => {
    const { connect } = await open((stream) => {
      stream.write('220 ready');
      stream.resume().once('data', () => stream.end('221 bye'));
    });
    const socket = await connect();
    const [greeting] = (await once(socket.resume(), 'data')) as [Buffer];
    expect(String(greeting)).toBe('220 ready');
    socket.end('QUIT');
    expect(String(await readToEnd(socket))).toBe('221 bye');
  });

  it('is back when its backend is: up, down, up', async () => {
    let isUp = true;
    const { connect } = await open((stream) => {
      if (isUp) echo(stream);
      else stream.destroy();
    });
    const isServed = async () => {
      const socket = await connect().catch(() => null);
      const answer = socket && (await echoed(socket, 'x'));
      socket?.destroy();
      return answer === 'x';
    };
    const seen: boolean[] = [];
    for (const up of [true, false, true, false, true]) {
      isUp = up;
      seen.push(await isServed());
    }
    expect(seen).toEqual([true, false, true, false, true]);
  });
});

describe.each(PATHS.slice(1))('%s', (path) => {
  it('loses no byte right behind CONNECT, nor right behind its answer', async () => {
    const { stop, address } = await openDataPath(path, {
      server,
      person,
      behave(stream) {
        stream.write('hello ');
        stream.pipe(stream);
      },
    });
    onTestFinished(stop);
    const early = 'x'.repeat(100_000);
    const socket: Socket = await tunnelTo(address, { early });
    socket.end('end');
    expect(String(await readToEnd(socket))).toBe(`hello ${early}end`);
  });
});
