// What holds for every input of a kind, and not only for those that somebody thought of. test/fuzz has the counterpart:
// what holds for any bytes at all.
import * as fc from 'fast-check';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { judgeFirstBytes } from '../../../src/proxy/guard/web-page.ts';
import { routeChain } from '../../../src/proxy/listeners/chain.ts';
import { bodyReader } from '../../../src/proxy/listeners/http-body.ts';
import { parseTarget } from '../../../src/proxy/listeners/target.ts';
import { readHead } from '../../../src/proxy/net/http-head.ts';
import { refusedConnect } from '../../../src/proxy/upstream/http1-connect.ts';
import { formatHostPort, parseHostPort } from '../../../src/shared/protocol/host-port.ts';
import { REFUSALS } from '../../../src/shared/protocol/refusal-codes.ts';
import { checkRequest } from '../../fuzz/targets.ts';
import { runRoute } from '../../support/local-program.ts';

// A fixed seed: what holds today must not fail tomorrow by chance. New ground is the fuzzer's.
fc.configureGlobal({ seed: 1, numRuns: 150 });

const name = fc.stringMatching(
  /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,20}[A-Za-z0-9])?(\.[A-Za-z0-9]{1,10}){0,3}$/,
);
const port = fc.integer({ min: 1, max: 65_535 });
const v6 = fc.ipV6().filter((address) => !address.includes('.'));
const target = fc.record({ host: fc.oneof(name, fc.ipV4(), v6), port });
const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const fieldValue = fc.stringMatching(
  /^([!-~\u00a0-\u00ff]([!-~\t \u00a0-\u00ff]{0,30}[!-~\u00a0-\u00ff])?)?$/,
);

/** The same bytes, cut at any places. */
const cut = (bytes: Buffer, places: number[]): Buffer[] => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
    (one, other) => one - other,
  );
  return at.slice(1).map((end, nth) => bytes.subarray(at[nth], end));
};
const places = fc.array(fc.nat(), { maxLength: 6 });

describe('the head of a message', () => {
  it('is read the same however it is cut, and no byte behind it is lost', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(token, fieldValue), { maxLength: 8 }),
        payload,
        places,
        async (fields, rest, places) => {
          const text = ['GET / HTTP/1.1', ...fields.map((field) => field.join(': ')), '', ''];
          const bytes = Buffer.concat([Buffer.from(text.join('\r\n'), 'latin1'), rest]);
          const stream = new PassThrough();
          const reading = readHead(stream, 1_000);
          for (const piece of cut(bytes, places)) {
            stream.write(piece);
            await new Promise(setImmediate);
          }
          stream.end();
          const { startLine, lines } = await reading;
          expect(startLine).toBe('GET / HTTP/1.1');
          expect(lines.map(({ name, value }) => [name, value])).toEqual(fields);
          const left: Buffer[] = [];
          for await (const chunk of stream) left.push(chunk as Buffer);
          expect(Buffer.concat(left)).toEqual(rest);
        },
      ),
    ));
});

describe('a request to tunnel', () => {
  const goesThere = async (request: Buffer, wanted: string, rest: Buffer, places: number[]) => {
    const pieces = cut(Buffer.concat([request, rest]), places);
    const { asked, left } = await runRoute(routeChain, pieces);
    expect(asked).toHaveLength(1);
    expect(formatHostPort(asked[0]!.target!)).toBe(wanted);
    expect(asked[0]!.early + left).toBe(rest.toString('latin1'));
  };

  it('by CONNECT goes where it says, with every byte behind it', () =>
    fc.assert(
      fc.asyncProperty(target, payload, places, (target, rest, places) => {
        const authority = formatHostPort(target);
        const request = Buffer.from(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
        return goesThere(request, authority.toLowerCase(), rest, places);
      }),
    ));

  it('by SOCKS5 goes where it says, with every byte behind it', () =>
    fc.assert(
      fc.asyncProperty(fc.record({ host: name, port }), payload, places, (target, rest, places) => {
        const { host, port } = target;
        const head = Buffer.from([5, 1, 0, 5, 1, 0, 3, host.length]);
        const request = Buffer.concat([head, Buffer.from(host), Buffer.of(port >> 8, port & 255)]);
        return goesThere(request, formatHostPort(target).toLowerCase(), rest, places);
      }),
    ));
});

describe('a request in absolute form', () => {
  const odd = fc.oneof(
    fc.tuple(
      fc.constantFrom(
        'Connection',
        'Keep-Alive',
        'Proxy-Connection',
        'Proxy-Authorization',
        'TE',
        'Upgrade',
        'Trailer',
        'Content-Length',
        'Transfer-Encoding',
        'Via',
        'Host',
        'X-Hop',
        'HTTP2-Settings',
      ),
      fc.constantFrom('5', '6', '5, 5', 'chunked', 'identity', 'close, X-Hop', 'Host', 'x', ''),
    ),
    fc.tuple(token, fieldValue),
  );

  it('never gives away a field that was meant for us, nor two lengths', () =>
    fc.assert(
      fc.asyncProperty(
        target,
        fc.array(odd, { maxLength: 8 }),
        payload,
        async (target, fields, rest) => {
          const authority = formatHostPort(target);
          const lines = ['Host: a', ...fields.map((field) => field.join(':')), '', ''].join('\r\n');
          const head = `POST http://${authority}/x HTTP/1.1\r\n${lines}`;
          await checkRequest(Buffer.concat([Buffer.from(head, 'latin1'), rest]));
        },
      ),
    ));
});

describe('a body in chunks', () => {
  it('arrives as it was, and what is behind it does not', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(payload.filter(({ length }) => length > 0)),
        payload,
        places,
        async (chunks, rest, places) => {
          const encoded = [
            ...chunks.flatMap((chunk) => [`${chunk.length.toString(16)};x\r\n`, chunk, '\r\n']),
            '0\r\nTrailer: x\r\n\r\n',
          ].map((part) => Buffer.from(part as string));
          const body = bodyReader({ kind: 'chunked' });
          const pieces = cut(Buffer.concat([...encoded, rest]), places);
          const out = Buffer.concat(pieces.flatMap((piece) => body.push(piece)));
          const expected = [
            ...chunks.flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']),
            '0\r\n\r\n',
          ].map((part) => Buffer.from(part as string));
          expect(body.isComplete).toBe(true);
          expect(out).toEqual(Buffer.concat(expected));
        },
      ),
    ));
});

describe('the judge of web pages', () => {
  const fields = fc.array(
    fc.constantFrom(
      'Host: localhost',
      'Host: evil.example',
      'User-Agent: Mozilla/5.0',
      'User-Agent: curl/8',
      'Origin: null',
      'Origin: http://own.example',
      'Sec-Fetch-Site: none',
      'Accept: */*',
      'Sec-Fetch-Site: cross-site',
      'Sec-Fetch-Mode: cors',
      ':',
      'x',
    ),
    { maxLength: 6 },
  );

  it('never takes back what it said about a beginning', () =>
    fc.assert(
      fc.asyncProperty(fields, payload, async (fields, rest) => {
        const head = Buffer.from(['POST /x HTTP/1.1', ...fields, '', ''].join('\r\n'));
        const bytes = Buffer.concat([head, rest]);
        const final = judgeFirstBytes(bytes, ['own.example']);
        expect(final).not.toBe('incomplete');
        for (let length = 0; length < bytes.length; length += 1) {
          const verdict = judgeFirstBytes(bytes.subarray(0, length), ['own.example']);
          expect(verdict).toBe(length < head.length ? 'incomplete' : final);
        }
      }),
    ));
});

describe('a problem document', () => {
  it('of the Access Tier becomes its code; anything else becomes some refusal', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.record(
            {
              code: fc.oneof(fc.constantFrom(...Object.keys(REFUSALS)), fc.string()),
              detail: fc.oneof(
                fc.string(),
                fc.string({ minLength: 1_001, maxLength: 2_000 }),
                fc.nat(),
              ),
              correlation_id: fc.anything(),
            },
            { requiredKeys: [] },
          ),
          fc.jsonValue(),
        ),
        fc.integer({ min: 300, max: 599 }),
        async (problem, status) => {
          const refusal = refusedConnect(status, JSON.stringify(problem) ?? '', 'a.lab:1');
          const { code, detail } = (problem ?? {}) as Record<string, unknown>;
          const isOurs = typeof detail === 'string' && Object.hasOwn(REFUSALS, String(code));
          if (isOurs) {
            expect(refusal.code).toBe(REFUSALS[code as keyof typeof REFUSALS]);
            expect(refusal.message).toBe(detail.slice(0, 1_000));
          } else {
            expect(refusal.code).toMatch(/^tunnel\/target-(?:refused|unreachable)$/);
            expect(refusal.message).toContain('a.lab:1');
          }
        },
      ),
    ));
});

describe('host and port', () => {
  it('are read back as they were written', () =>
    fc.assert(
      fc.asyncProperty(target, async (target) => {
        const expected = { ...target, host: target.host.toLowerCase() };
        expect(parseHostPort(formatHostPort(target), 0)).toEqual(expected);
        expect(parseTarget(formatHostPort(target), 0)).toEqual(expected);
      }),
    ));

  it('never hold what means something in the head of a request', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), async (text) => {
        const parsed = parseTarget(`${text}:1`, 0);
        if (parsed) expect(formatHostPort(parsed)).toMatch(/^[a-z0-9_.:[\]-]+$/);
      }),
    ));
});
