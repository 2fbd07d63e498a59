import { describe, expect, it } from 'vitest';
import { DialError } from '../../../../src/proxy/net/dial.ts';
import { routeChain } from '../../../../src/proxy/listeners/chain.ts';
import { AppError } from '../../../../src/shared/errors.ts';
import { refusalError } from '../../../../src/shared/protocol/refusal-codes.ts';
import { type Options, runRoute } from '../../../support/local-program.ts';

const GREETING = [5, 1, 0];
const PORT_443 = [0x01, 0xbb];
const name = (text: string) => [3, text.length, ...Buffer.from(text, 'latin1')];
const request = (address: number[], command = 1) => [5, command, 0, ...address, ...PORT_443];
const REPLY = (code: number) => `050${code}0001000000000000`;

/** Pieces in, answers in hexadecimal out. */
async function talk(pieces: (number[] | string)[], options?: Options) {
  const bytes = pieces.map((piece) =>
    typeof piece === 'string' ? Buffer.from(piece, 'latin1') : Buffer.from(piece),
  );
  const outcome = await runRoute(routeChain, bytes, options);
  return { ...outcome, answer: Buffer.from(outcome.received, 'latin1').toString('hex') };
}

describe('SOCKS5 CONNECT', () => {
  it.each([
    [name('DB.lab'), 'db.lab'],
    [name('10.1.2.3'), '10.1.2.3'],
    [[1, 10, 0, 0, 7], '10.0.0.7'],
    [[4, 0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1], '2001:db8::1'],
  ])('%j goes to %s', async (address, host) => {
    const { asked, answer } = await talk([GREETING, request(address)]);
    expect(asked).toEqual([{ target: { host, port: 443 }, early: '' }]);
    expect(answer).toBe(`0500${REPLY(0)}`);
  });

  it('works byte by byte, and loses nothing of what is sent right behind it', async () => {
    const whole = [...GREETING, ...request(name('a.lab')), ...Buffer.from('early')];
    const slow = await talk(whole.map((byte) => [byte]));
    expect(slow.answer).toBe(`0500${REPLY(0)}`);
    expect((slow.asked[0]?.early ?? '') + slow.left).toBe('early');
    const fast = await talk([whole]);
    expect(fast.asked[0]).toEqual({ target: { host: 'a.lab', port: 443 }, early: 'early' });
  });
});

describe('SOCKS5 refuses', () => {
  it.each([
    ['a client that offers no way without a password', [[5, 1, 2]], '05ff'],
    ['a client that offers nothing', [[5, 0]], '05ff'],
    ['BIND', [GREETING, request(name('a'), 2)], `0500${REPLY(7)}`],
    ['UDP ASSOCIATE', [GREETING, request([1, 0, 0, 0, 0], 3)], `0500${REPLY(7)}`],
    ['an unknown address type', [GREETING, [5, 1, 0, 2, 1]], `0500${REPLY(8)}`],
    ['port 0', [GREETING, [5, 1, 0, 1, 1, 2, 3, 4, 0, 0]], `0500${REPLY(1)}`],
    ['a name that is none', [GREETING, request(name('a\r\nHost: b'))], `0500${REPLY(1)}`],
    ['an empty name', [GREETING, request([3, 0])], `0500${REPLY(1)}`],
    ['another version in the request', [GREETING, [4, 1, 0, 1]], '0500'],
    ['a reserved byte in use', [GREETING, [5, 1, 9, 1]], '0500'],
    ['a request that ends too soon', [GREETING, [5, 1, 0, 1, 1]], '0500'],
    ['SOCKS4', [[4, 1, 0, 80, 1, 2, 3, 4, 0]], '005b000000000000'],
  ])('%s', async (_what, pieces, answer) => {
    const outcome = await talk(pieces);
    expect(outcome.answer).toBe(answer);
    expect(outcome.asked).toEqual([]);
    expect(outcome.routed).toBeNull();
  });
});

const dialled = (code: string) =>
  new AppError('tunnel/target-unreachable', 'x', {
    cause: new DialError('unreachable', Object.assign(new Error(code), { code })),
  });
const fails = (code: ConstructorParameters<typeof AppError>[0]) => new AppError(code, 'x');

it.each([
  [refusalError('target_not_allowed', 'x', ''), 2],
  [fails('tunnel/denied'), 2],
  [fails('tunnel/unreachable'), 3],
  [dialled('ENETUNREACH'), 3],
  [refusalError('target_unreachable', 'x', ''), 4],
  [dialled('EHOSTUNREACH'), 4],
  [dialled('ECONNREFUSED'), 5],
  [fails('tunnel/certificate-expired'), 1],
  [new Error('x'), 1],
])('SOCKS5 says of %s: %i', async (failure, code) => {
  const { answer } = await talk([GREETING, request(name('a'))], { failure });
  expect(answer).toBe(`0500${REPLY(code)}`);
});
