// What must hold for any bytes that a socket brings: the same however they are cut, nothing lost, nothing smuggled.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { isIP } from 'node:net';
import { PassThrough } from 'node:stream';
import { judgeFirstBytes } from '../../src/proxy/guard/web-page.ts';
import { routeChain } from '../../src/proxy/listeners/chain.ts';
import { bodyReader, listOf } from '../../src/proxy/listeners/http-body.ts';
import { OneExchange } from '../../src/proxy/listeners/one-exchange.ts';
import { parseTarget } from '../../src/proxy/listeners/target.ts';
import { readHead } from '../../src/proxy/net/http-head.ts';
import { StartError } from '../../src/proxy/net/read-start.ts';
import { Http2Error } from '../../src/proxy/http2/frames.ts';
import { refusedConnect } from '../../src/proxy/upstream/refused-connect.ts';
import { AppError } from '../../src/shared/errors.ts';
import { formatHostPort, parseHostPort } from '../../src/shared/protocol/host-port.ts';
import { outcomeOf, scriptedPeer, settings } from '../support/http2-peer.ts';
import { runRoute } from '../support/local-program.ts';
import type { FuzzTarget } from './fuzz.ts';

/** The bytes in one piece, byte by byte where that is quick, in pieces of 7, and in two at some place. */
export function waysToCut(bytes: Buffer): Buffer[][] {
  const every = (size: number) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, nth) =>
      bytes.subarray(nth * size, (nth + 1) * size),
    );
  const middle = bytes.length > 0 ? bytes.reduce((sum, byte) => sum + byte, 0) % bytes.length : 0;
  return [
    [bytes],
    [bytes.subarray(0, middle), bytes.subarray(middle)],
    ...(bytes.length <= 200 ? [every(1)] : []),
    ...(bytes.length <= 2_000 ? [every(7)] : [every(1_000)]),
  ];
}

async function sameForEveryCut<Result>(
  bytes: Buffer,
  run: (pieces: Buffer[]) => Result | Promise<Result>,
): Promise<Result> {
  const [whole = [], ...others] = waysToCut(bytes);
  const expected = await run(whole);
  for (const pieces of others) assert.deepEqual(await run(pieces), expected);
  return expected;
}

const HOST = /^[a-z0-9_][a-z0-9_.-]*$/;
const isHost = (host: string) => HOST.test(host) || isIP(host) === 6;

export async function checkRequest(bytes: Buffer): Promise<void> {
  const { asked, payload } = await sameForEveryCut(bytes, async (pieces) => {
    const outcome = await runRoute(routeChain, pieces);
    assert.equal(outcome.error, null);
    assert.ok(outcome.asked.length === (outcome.routed ? 1 : 0));
    const [asked] = outcome.asked;
    outcome.routed?.far.destroy();
    return {
      asked: asked?.target ?? null,
      answer: outcome.received,
      payload: (asked?.early ?? '') + outcome.left,
    };
  });
  if (!asked) return;
  assert.ok(isHost(asked.host) && asked.port >= 1 && asked.port <= 65_535);
  if (bytes[0] === 5 || bytes.toString('latin1', 0, 8) === 'CONNECT ') {
    // Nothing behind the request is lost or changed.
    assert.ok(bytes.toString('latin1').endsWith(payload));
  } else await checkForwarded(bytes, payload);
}

const WRITTEN_BY_US = new Set(['connection', 'content-length', 'host', 'transfer-encoding', 'via']);
const NEVER_FORWARDED =
  /^(?:proxy-connection|proxy-authorization|proxy-authenticate|keep-alive|te|trailer|upgrade|http2-settings)$/i;

const headOf = (bytes: Buffer) => {
  const stream = new PassThrough();
  stream.end(bytes);
  return readHead(stream, 1_000);
};

/** `payload`: the rewritten request, and what the client sent behind its head. */
async function checkForwarded(bytes: Buffer, payload: string): Promise<void> {
  const asked = await headOf(bytes);
  const { startLine, lines } = await headOf(Buffer.from(payload, 'latin1'));
  assert.match(startLine, /^\S+ (?:\/\S*|\*) HTTP\/1\.[01]$/);
  const values = (name: string) => listOf(lines, name);
  for (const { name } of lines) assert.doesNotMatch(name, NEVER_FORWARDED);
  for (const name of listOf(asked.lines, 'connection').map((option) => option.toLowerCase())) {
    if (!WRITTEN_BY_US.has(name)) assert.deepEqual(values(name), []);
  }
  assert.deepEqual(values('connection'), ['close']);
  assert.equal(values('host').length, 1);
  assert.ok(values('content-length').length + values('transfer-encoding').length <= 1);
  assert.equal(values('via').at(-1), `${startLine.slice(-3)} banyan`);
  // Of two lengths none may be chosen: another reader would choose the other.
  const lengths = new Set(
    ['content-length', 'transfer-encoding'].flatMap((name) => listOf(asked.lines, name)),
  );
  assert.ok(lengths.size <= 1);
}

function checkChunkedBody(bytes: Buffer): void {
  const read = (pieces: Buffer[]) => {
    const body = bodyReader({ kind: 'chunked' });
    const out: Buffer[] = [];
    try {
      for (const piece of pieces) out.push(...body.push(piece));
    } catch (error) {
      assert.ok(error instanceof StartError);
      return null;
    }
    return { text: Buffer.concat(out), isComplete: body.isComplete };
  };
  const [whole = [], ...others] = waysToCut(bytes);
  const expected = read(whole);
  for (const pieces of others) assert.deepEqual(read(pieces), expected);
  // What was written anew says the same to the next reader.
  if (expected) assert.deepEqual(read([expected.text]), expected);
}

async function checkAnswer(bytes: Buffer): Promise<void> {
  const text = await sameForEveryCut(bytes, async (pieces) => {
    const far = new PassThrough();
    const exchange = new OneExchange(far, bodyReader({ kind: 'none' }));
    let received = '';
    exchange.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    for (const piece of pieces) {
      far.write(piece);
      await new Promise(setImmediate);
    }
    far.end();
    if (!exchange.readableEnded) await once(exchange, 'end');
    exchange.destroy();
    return received;
  });
  assert.match(text, /^HTTP\/1\.[01] \d{3}/);
  const final = text.split(/(?<=\r\n\r\n)/).find((head) => !/^HTTP\/1\.[01] 1(?!01)/.test(head));
  assert.match(final ?? '', /\r\nConnection: close\r\n\r\n$/);
}

function checkWebPage(bytes: Buffer): void {
  const final = judgeFirstBytes(bytes, ['own.example']);
  // Whatever came first: once something is said, it is the last word.
  const step = Math.max(1, Math.floor(bytes.length / 200));
  // A lone word passes, as a browser writes its request line in one piece.
  const line = bytes.indexOf(' /') + 2;
  for (let length = Math.max(line, 1); length < bytes.length; length += step) {
    const verdict = judgeFirstBytes(bytes.subarray(0, length), ['own.example']);
    if (verdict !== 'incomplete') assert.equal(verdict, final);
  }
}

function checkProblem(bytes: Buffer): void {
  const refusal = refusedConnect(400 + ((bytes[0] ?? 0) % 200), bytes.toString(), 'a.lab:1');
  assert.ok(refusal instanceof AppError);
  assert.match(refusal.code, /^tunnel\//);
  assert.ok(refusal.message.length <= 1_000 && (refusal.correlationId ?? '').length <= 200);
}

function checkHostPort(bytes: Buffer): void {
  const text = bytes.toString('latin1');
  const parsed = parseHostPort(text, 80);
  if (parsed) assert.deepEqual(parseHostPort(formatHostPort(parsed), 0), parsed);
  const target = parseTarget(text, 0);
  if (!target) return;
  assert.deepEqual(target, parsed);
  assert.ok(isHost(target.host));
  assert.doesNotMatch(formatHostPort(target), /[\s/@\\"]/);
}

/** A peer that begins in order, and then says anything: two tunnels, of which nothing may be lost, made up or mixed. */
async function checkHttp2(bytes: Buffer): Promise<void> {
  await sameForEveryCut(bytes, async (pieces) => {
    const peer = scriptedPeer();
    const outcomes = ['a.lab:1', 'b.lab:2'].map((authority) =>
      outcomeOf(peer.connection.open(authority, () => {})),
    );
    peer.say(settings, ...pieces);
    const why = peer.why();
    assert.ok(why === undefined || why instanceof Http2Error);
    await new Promise(setImmediate);
    const got = outcomes.map((outcome) => outcome());
    peer.connection.close();
    return { got, code: why?.code };
  });
}

export const TARGETS: readonly FuzzTarget[] = [
  { name: 'request', check: checkRequest },
  { name: 'chunked-body', check: checkChunkedBody },
  { name: 'answer', check: checkAnswer },
  { name: 'web-page', check: checkWebPage },
  { name: 'problem', check: checkProblem },
  { name: 'host-port', check: checkHostPort },
  { name: 'http2', check: checkHttp2 },
];
