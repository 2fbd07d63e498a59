// What bounds the streams of one connection, seen by Node's own client; without TLS, and with nothing behind it.
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  serveStreams,
  type StreamRequest,
  type StreamsOptions,
} from '../../../../src/edge/access-tier/http2-connect.ts';

const NOBODY = { code: 'role', reason: 'None of your roles may use this service.' } as const;
const refusing = { refused: true, status: 403, denial: NOBODY, correlationId: 'c' } as const;

async function aSession(options: Partial<StreamsOptions>, settings: object = {}) {
  const asked: StreamRequest[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const session = connectHttp2('http://tier', {
    createConnection: () => connect(port, '127.0.0.1'),
    settings,
  });
  session.on('error', () => {});
  const [socket] = await accepted;
  serveStreams(socket as TLSSocket, {
    open(request) {
      asked.push(request);
      return Promise.resolve(refusing);
    },
    takePlace: () => () => {},
    idleMs: 60_000,
    retireMs: 60_000,
    ...options,
  });
  onTestFinished(() => {
    session.destroy();
    socket.destroy();
    server.close();
  });
  await once(session, 'remoteSettings');
  return { session, asked };
}
const ask = (session: ClientHttp2Session): ClientHttp2Stream => {
  const headers = { ':method': 'CONNECT', ':authority': 'db.lab:5432' };
  const stream = session.request(headers, { endStream: false });
  stream.on('error', () => {});
  return stream.resume();
};

const closed = (stream: ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => stream.once('close', resolve));

test('a stream without a place is refused, so that it may be tried elsewhere, and is not asked for', async () => {
  const taken: number[] = [];
  const takePlace = () => {
    if (taken.length === 1) return null;
    taken.push(1);
    return () => void taken.pop();
  };
  let answer: ((given: typeof refusing) => void) | undefined;
  const open = () => new Promise<typeof refusing>((resolve) => (answer = resolve));
  const { session } = await aSession({ takePlace, open });
  const first = ask(session);
  const second = ask(session);
  await closed(second);
  expect(second.rstCode).toBe(constants.NGHTTP2_REFUSED_STREAM);
  answer?.(refusing);
  await closed(first);
  expect(taken).toEqual([]);
});

test('from half of the longest life on, streams come on another connection, and those that run go on', async () => {
  const { session } = await aSession({ retireMs: 50, open: () => new Promise(() => {}) });
  const running = ask(session);
  await once(session, 'goaway');
  expect([session.closed, running.closed]).toEqual([true, false]);
});

test('who does not take a refusal keeps no place by that', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const left = vi.fn();
  const { session, asked } = await aSession(
    { takePlace: () => left },
    { initialWindowSize: 0 }, // no room for the body
  );
  const stream = ask(session);
  await once(stream, 'response');
  expect(asked).toMatchObject([{ wanted: { host: 'db.lab', port: 5432 } }]);
  await vi.advanceTimersByTimeAsync(4_900);
  expect(left).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  await closed(stream);
  expect(left).toHaveBeenCalledOnce();
});
