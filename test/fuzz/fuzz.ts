// A small mutating fuzzer: takes inputs that make sense, spoils them, and checks what must hold for any bytes at all.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Random, seeded } from './random.ts';

const CORPUS = path.resolve(import.meta.dirname, '..', 'fixtures', 'corpus');
const MAX_BYTES = 20 * 1024;
const STUCK_MS = 5_000;

export interface FuzzTarget {
  /** Also the folder of its corpus. */
  name: string;
  /** Throws when something does not hold. Must depend on the bytes alone, or a failure could not be repeated. */
  check(bytes: Buffer): void | Promise<void>;
}

export interface Finding {
  target: string;
  /** The shortest input found that fails. */
  bytes: Buffer;
  error: Error;
}

export interface FuzzResult {
  runs: number;
  finding: Finding | null;
}

export async function fuzz(
  targets: readonly FuzzTarget[],
  { seed, seconds }: { seed: number; seconds: number },
): Promise<FuzzResult> {
  const random = seeded(seed);
  const corpora = targets.map((target) => ({ target, corpus: readCorpus(target.name) }));
  const until = performance.now() + seconds * 1000;
  let runs = 0;
  for (const { target, corpus } of corpora) {
    for (const bytes of corpus) {
      const finding = await find(target, bytes);
      if (finding) return { runs, finding };
    }
  }
  while (performance.now() < until) {
    for (const { target, corpus } of corpora) {
      runs += 1;
      const finding = await find(target, mutate(random, corpus));
      if (finding) return { runs, finding };
    }
  }
  return { runs, finding: null };
}

const readCorpus = (name: string): Buffer[] => {
  const folder = path.join(CORPUS, name);
  return readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(path.join(folder, file)));
};

async function find(target: FuzzTarget, bytes: Buffer): Promise<Finding | null> {
  const error = await failure(target, bytes);
  if (!error) return null;
  const shortest = await shorten(target, bytes);
  return {
    target: target.name,
    bytes: shortest,
    error: (await failure(target, shortest)) ?? error,
  };
}

async function failure(target: FuzzTarget, bytes: Buffer): Promise<Error | null> {
  const stuck = new AbortController();
  const checked = (async () => target.check(bytes))();
  try {
    await Promise.race([
      checked,
      wait(STUCK_MS, undefined, stuck).then(() => {
        throw new Error('never ends');
      }),
    ]);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    stuck.abort();
  }
}

/** Leaves pieces out, smaller and smaller ones, for as long as it still fails. */
async function shorten(target: FuzzTarget, bytes: Buffer): Promise<Buffer> {
  let best = bytes;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length;) {
      const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
      if (await failure(target, shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}

/** What parsers trip over. */
const WORDS = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\x7f',
  '\u00ff',
  '/',
  '@',
  '[',
  ']',
  'Content-Length: 5\r\n',
  'Content-Length: 6\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close, x\r\n',
  'Host: b\r\n',
  'Upgrade: h2c\r\n',
  'Via: x\r\n',
  'TE: trailers\r\n',
  'Origin: null\r\n',
  'Sec-Fetch-Site: cross-site\r\n',
  ' HTTP/1.1\r\n',
  ' HTTP/1.0\r\n',
  'CONNECT ',
  'GET ',
  'http://',
  'https://',
  '[::1]',
  ':80',
  ':0',
  ':65536',
  '%00',
  '..',
  '\x05\x01\x00',
  '\x05\x01\x00\x03',
  '\x04',
  '0\r\n\r\n',
  'ffffffffffffffff',
  '{',
  '"',
  '\\u0000',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 200 OK\r\n',
  '\r\n folded',
].map((word) => Buffer.from(word, 'latin1'));

function mutate(random: Random, corpus: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(random.pick(corpus));
  for (let left = 1 + random.int(5); left > 0; left -= 1) {
    const anywhere = random.int(bytes.length + 1);
    // Half of the time where a line begins: most of what parsers trip over is a line of its own.
    const at = random.int(2) ? bytes.lastIndexOf('\n', anywhere) + 1 : anywhere;
    const length = random.int(1 + Math.min(bytes.length - at, 40));
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const insert = (piece: Buffer) => Buffer.concat([before, piece, after]);
    switch (random.int(7)) {
      case 0:
        bytes = insert(random.pick(WORDS));
        break;
      case 1:
        bytes = insert(Buffer.of(random.int(256)));
        break;
      case 2:
        bytes = Buffer.concat([before, after.subarray(length)]);
        break;
      case 3:
        bytes = insert(after.subarray(0, length));
        break;
      case 4:
        if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random.int(8));
        break;
      case 5: {
        const other = random.pick(corpus);
        bytes = Buffer.concat([before, other.subarray(random.int(other.length + 1))]);
        break;
      }
      default:
        // Now and then something long, for the limits.
        bytes = insert(
          Buffer.alloc(random.int(4) ? length : random.int(MAX_BYTES), random.pick(WORDS)),
        );
    }
    bytes = bytes.subarray(0, MAX_BYTES);
  }
  return bytes;
}
