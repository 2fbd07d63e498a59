// Against the examples of RFC 7541, and against what nghttp2 (in Node's server) reads and writes.
import * as fc from 'fast-check';
import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { Http2Connection } from '../../../../src/proxy/http2/connection.ts';
import { statusOf } from '../../../../src/proxy/http2/hpack.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

it.each([
  [
    'C.5.1',
    '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
    302,
  ],
  [
    'C.6.1, in Huffman code',
    '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    302,
  ],
  ['a name that is written out', '00 07 3a737461747573 03 343037', 407],
  ['a name in Huffman code', '00 85 b8848d36a3 03 343037', 407],
  ['an empty table, and an index', '20 8d', 404],
  ['nothing of it', '0f 0d 01 30', null],
  ['nothing', '', null],
])('the status of %s', (_which, block, status) => {
  expect(statusOf(hex(block))).toBe(status);
});

/** A server of Node's that answers with the status its target's port names, and these fields. */
function serverOf(fields: Record<string, string>) {
  const [ours, theirs] = duplexPair();
  const asked: (string | undefined)[] = [];
  const session = performServerHandshake(theirs);
  session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    asked.push(headers[':authority']);
    stream.on('error', () => {});
    stream.respond({ ':status': Number(headers[':authority']?.split(':')[1]), ...fields });
  });
  const connection = new Http2Connection(ours, {
    streamWindow: 65_535,
    connectionWindow: 65_536,
    onSettings: () => {},
    onGoaway: () => {},
    onOver: () => {},
  });
  return { connection, asked };
}

const answerOf = (connection: Http2Connection, authority: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const stream = connection.open(authority, (status) => {
      resolve(status);
      stream.destroy();
    });
    stream.on('error', reject);
  });

it('reads every status that nghttp2 writes', async () => {
  const { connection } = serverOf({});
  const all = Array.from({ length: 400 }, (_, nth) => 200 + nth);
  const answers = await Promise.all(all.map((status) => answerOf(connection, `h:${status}`)));
  expect(answers).toEqual(all);
  connection.close();
});

it('finds the status among fields of any kind, and asks for names of any length', () =>
  fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.stringMatching(/^x-[a-z0-9-]{1,30}$/),
        fc.stringMatching(/^([!-~]{0,30}|[!-~]{120,300})$/),
        { maxKeys: 8 },
      ),
      fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,250}[a-z0-9]$/),
      fc.integer({ min: 200, max: 599 }),
      async (fields, host, status) => {
        const { connection, asked } = serverOf(fields);
        expect(await answerOf(connection, `${host}:${status}`)).toBe(status);
        expect(asked).toEqual([`${host}:${status}`]);
        connection.close();
      },
    ),
    { seed: 1, numRuns: 60 },
  ));
