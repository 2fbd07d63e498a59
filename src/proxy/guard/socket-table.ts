// The same question put to /proc/net/tcp, where netlink cannot be had: the kernel walks its whole table for each reading.
import { openSync, readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';
import type { LocalUsers } from './local-users.ts';

export type Table = 'tcp' | 'tcp6';

/** Hands over the table from its start, in pieces, until `take` returns true: it has seen enough. */
export type ReadTable = (table: Table, take: (piece: Buffer) => boolean) => Promise<void>;

export const createSocketTable = (
  uid: number,
  readTable: ReadTable = readKernelTable(),
): Pick<LocalUsers, 'isOurs'> => new SocketTable(uid, readTable);

interface Question {
  /** ` LOCAL REMOTE ` of the other end's socket, as the tables write it. */
  v4: Buffer | null;
  /** The same in tcp6; a program that dials ::ffff:127.0.0.1 stands only there. */
  v6: Buffer;
  port: number;
  /** undefined: in no table so far. */
  owner?: { uid: number; isOrphan: boolean };
  isRetry: boolean;
  answer: (isOurs: boolean) => void;
}

/**
 * The kernel walks its whole hash table for every reading, some milliseconds even when it is all but empty. So one
 * reading at a time, for all who are waiting when it starts; and under load no more than a fifth of a processor,
 * though nobody waits longer than MAX_REST_MS for a reading to begin, and the first FREE_MS of rest are given free.
 */
const REST = 4;
const MAX_REST_MS = 20;
const FREE_MS = 40;

class SocketTable {
  readonly #uid: number;
  readonly #readTable: ReadTable;
  #waiting: Question[] = [];
  #isAnswering = false;
  #restUntil = 0;
  /** Rest that readings have earned and time has not yet given. */
  #owedMs = 0;
  #readAt = 0;

  constructor(uid: number, readTable: ReadTable) {
    this.#uid = uid;
    this.#readTable = readTable;
  }

  isOurs(socket: Socket): Promise<boolean> {
    return new Promise((answer) => {
      const question = questionAbout(socket, answer);
      if (!question) {
        answer(false);
        return;
      }
      this.#waiting.push(question);
      if (!this.#isAnswering) void this.#answerAll();
    });
  }

  async #answerAll(): Promise<void> {
    this.#isAnswering = true;
    while (this.#waiting.length > 0) {
      await this.#rest();
      const questions = this.#waiting;
      this.#waiting = [];
      const startedAt = performance.now();
      try {
        await this.#lookUp(questions);
      } catch {
        // Without the table nobody can be told apart: refused like a stranger, rather than let in like a friend.
      }
      const endedAt = performance.now();
      const restMs = this.#restAfter(startedAt, endedAt);
      this.#restUntil = endedAt + restMs;
      for (const question of questions) this.#settle(question);
    }
    this.#isAnswering = false;
  }

  /** Only whoever reads on and on has to rest: many programs that start at once have to wait for nobody. */
  #restAfter(startedAt: number, endedAt: number): number {
    this.#owedMs = Math.max(0, this.#owedMs - (startedAt - this.#readAt));
    this.#owedMs += (endedAt - startedAt) * REST;
    this.#readAt = endedAt;
    return Math.min(Math.max(0, this.#owedMs - FREE_MS), MAX_REST_MS);
  }

  /** At least until those have been accepted that wait at the port already. */
  #rest(): Promise<void> {
    const leftMs = this.#restUntil - performance.now();
    return new Promise((resolve) => {
      if (leftMs > 0) setTimeout(resolve, leftMs);
      else setImmediate(resolve);
    });
  }

  async #lookUp(questions: Question[]): Promise<void> {
    await this.#search('tcp', questions);
    await this.#search('tcp6', questions);
  }

  async #search(table: Table, questions: Question[]): Promise<void> {
    const open = new Map<number, Question[]>();
    let left = 0;
    for (const question of questions) {
      if (question.owner || (table === 'tcp' && !question.v4)) continue;
      const samePort = open.get(question.port);
      if (samePort) samePort.push(question);
      else open.set(question.port, [question]);
      left += 1;
    }
    if (left === 0) return;
    const lines = new TableLines(table, (port, socket, owner) => {
      for (const question of open.get(port) ?? []) {
        const wanted = table === 'tcp' ? question.v4 : question.v6;
        if (question.owner || !wanted || !socket(wanted.length).equals(wanted)) continue;
        question.owner = owner();
        left -= 1;
      }
    });
    await this.#readTable(table, (piece) => {
      lines.push(piece);
      return left === 0;
    });
  }

  /**
   * An orphan, a socket whose program has closed it, shows as root's. It and what is missing get a second look: the
   * kernel gives the table page by page, and it changes in between.
   */
  #settle(question: Question): void {
    const { owner, isRetry, answer } = question;
    const isKnown = owner && (owner.uid !== 0 || !owner.isOrphan);
    if (isKnown) answer(owner.uid === this.#uid || owner.uid === 0);
    else if (isRetry) answer(false);
    else {
      delete question.owner;
      question.isRetry = true;
      this.#waiting.push(question);
    }
  }
}

/** Addresses stand there as the processor keeps a number of 32 bits. */
const hexWord = (bytes: readonly number[]): string =>
  Buffer.from(endianness() === 'LE' ? bytes.toReversed() : bytes)
    .toString('hex')
    .toUpperCase();
const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
const ZEROS = '0'.repeat(16);
const V6_LOOPBACK = `${ZEROS}00000000${hexWord([0, 0, 0, 1])}`;
const MAPPED = `${ZEROS}${hexWord([0, 0, 0xff, 0xff])}`;

/** null: the connection has gone, or is not between two loopback addresses. */
function questionAbout(socket: Socket, answer: Question['answer']): Question | null {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (!remoteAddress || !remotePort || !localAddress || !localPort) return null;
  const entry = (peer: string, own: string) =>
    Buffer.from(`${peer}:${hexPort(remotePort)} ${own}:${hexPort(localPort)} `);
  const common = { port: remotePort, isRetry: false, answer };
  if (remoteAddress === '::1' && localAddress === '::1') {
    return { ...common, v4: null, v6: entry(V6_LOOPBACK, V6_LOOPBACK) };
  }
  const peer = loopbackWord(remoteAddress);
  const own = loopbackWord(localAddress);
  if (!peer || !own) return null;
  return { ...common, v4: entry(peer, own), v6: entry(MAPPED + peer, MAPPED + own) };
}

const loopbackWord = (address: string): string | null =>
  /^127\.\d+\.\d+\.\d+$/.test(address) ? hexWord(address.split('.').map(Number)) : null;

const LF = 0x0a;
const COLON = 0x3a;
/** What the kernel pads every line to, its line feed included. A hint, checked for each line. */
const LINE = 150;
/** `  12: ` */
const MAX_NUMBER = 12;

/** For each line: the local port, the sockets' two addresses for comparison, and on demand whose it is. */
type OnLine = (
  port: number,
  socket: (length: number) => Buffer,
  owner: () => { uid: number; isOrphan: boolean },
) => void;

/** Reads the table line by line without making a string of each: there may be tens of thousands. */
class TableLines {
  readonly #addressLength: number;
  readonly #onLine: OnLine;
  /** The beginning of a line whose rest is still to come. */
  #rest: Buffer | null = null;

  constructor(table: Table, onLine: OnLine) {
    this.#addressLength = table === 'tcp' ? 8 : 32;
    this.#onLine = onLine;
  }

  push(piece: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, piece]) : piece;
    let start = 0;
    while (start < bytes.length) {
      const end = bytes[start + LINE - 1] === LF ? start + LINE - 1 : bytes.indexOf(LF, start);
      if (end < 0) break;
      this.#take(bytes, start, end);
      start = end + 1;
    }
    this.#rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : null;
  }

  /** ` 12: LOCAL:PORT REMOTE:PORT st tx:rx tr:when retrnsmt uid timeout inode …`, numbers in hexadecimal up to `when`. */
  #take(bytes: Buffer, start: number, end: number): void {
    let colon = start;
    while (colon < start + MAX_NUMBER && bytes[colon] !== COLON) colon += 1;
    const local = colon + 2;
    const port = portAt(bytes, local + this.#addressLength + 1);
    this.#onLine(
      port,
      (length) => bytes.subarray(local, local + length),
      () => {
        const [, , , , , , uid, , inode] = bytes.toString('latin1', local, end).split(/ +/);
        return { uid: Number(uid), isOrphan: inode === '0' };
      },
    );
  }
}

function portAt(bytes: Buffer, at: number): number {
  let port = 0;
  for (let digit = at; digit < at + 4; digit += 1) {
    const code = bytes[digit] ?? 0;
    // '0'–'9', 'A'–'F'; of the heading comes a number that nobody asks for, or one whose line does not match.
    port = port * 16 + (code >= 0x41 ? code - 0x37 : code - 0x30);
  }
  return port;
}

/** How long other connections on this thread may be kept waiting at a time. */
const SLICE_MS = 1;

/**
 * The kernel gives one page a call, so a long table takes hundreds of calls. Made right here, a millisecond's worth at a
 * time: handing each to the thread pool takes half as much processor time again, and under load far longer.
 * Descriptors stay open; reading at position 0 makes the table anew.
 */
function readKernelTable(): ReadTable {
  const descriptors = new Map<Table, number>();
  const page = Buffer.allocUnsafe(64 * 1024);
  return async (table, take) => {
    const descriptor = descriptors.get(table) ?? openSync(`/proc/self/net/${table}`, 'r');
    descriptors.set(table, descriptor);
    let position = 0;
    let sliceStart = performance.now();
    for (;;) {
      const length = readSync(descriptor, page, 0, page.length, position);
      if (length === 0 || take(page.subarray(0, length))) return;
      position += length;
      if (performance.now() - sliceStart > SLICE_MS) {
        await new Promise(setImmediate);
        sliceStart = performance.now();
      }
    }
  };
}
