// Who was allowed what, and when: one JSON line per decision, only ever appended.
import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { type Log, reason } from '../log.ts';
import { createTurns } from '../turns.ts';

const BLOCK = 64 * 1024;
const LINE_END = 10;

export const AUDIT_EVENTS = [
  'connection',
  'connection-cut',
  'probe',
  'request',
  'registration',
  'sign-in',
  'change',
  'certificate',
  'api-key',
  'kube-token',
  'entries-lost',
] as const;

export interface AuditEntry {
  correlation_id: string;
  /**
   * `probe`: somebody asked whether a connection would be let in. `request`: one of a web service. `registration`: of a
   * device, with `invite`, by signing in with `person`, or with the `manager` whose certificate it has; or an attempt.
   * `sign-in`: by password, or of a browser whose device vouches for it, then with its `service`. `change`: by an
   * administrator. `certificate`: of a service, was issued by an ACME directory, or was not. `api-key`: a key for
   * administrators that was refused, or asked for more than its role; `by` is its name where it is one. `kube-token`: somebody
   * asked for a token for a cluster. `entries-lost`: before this one some could not be written, on a full disk say; what they were about
   * nobody knows, so it counts as not allowed.
   */
  event: (typeof AUDIT_EVENTS)[number];
  allowed: boolean;
  /** Refusal code; with `allowed` true: what an enforcing policy would have said. */
  code?: string;
  service?: string;
  /** Id of the invite; its code is written nowhere. */
  invite?: string;
  device?: string;
  person?: string;
  manager?: string;
  /** `host:port` that was asked for inside the service. */
  target?: string;
  /** `GET /path` of a request at a web service, of its path 500 characters at most; never what was asked behind a `?`. */
  request?: string;
  /** Client's address. */
  from?: string;
  /**
   * Of a change: the command, what it was about, which version of it this made, why and by whom, as they said. Of a
   * certificate: its names, and why not.
   */
  action?: string;
  subject?: string;
  version?: number;
  reason?: string;
  by?: string;
  /** How many were lost. */
  lost?: number;
}

export type AuditLine = AuditEntry & { at: string };

export interface Audit {
  write(entry: AuditEntry): void;
  /** Everything until now is in the file, or is counted as lost. Never rejects. */
  written(): Promise<void>;
  /** The last of those that match, the oldest first. */
  last(most: number, matches: (line: AuditLine) => boolean): Promise<AuditLine[]>;
  /** After the file was renamed: goes on in a new one of the old name, and loses nothing between them. */
  reopen(): Promise<void>;
  /** Every one from now on. Returns how to stop listening. */
  on(listener: (line: AuditLine) => void): () => void;
  close(): Promise<void>;
}

export function openAudit(path: string, log: Log): Audit {
  const listeners = new Set<(line: AuditLine) => void>();
  const inTurn = createTurns();
  let file: FileHandle | null = null;
  const waiting: AuditLine[] = [];
  let lost = 0;
  let isClosed = false;

  /** Opens anew after a failure: what was wrong, a full disk say, may be over. */
  const attempt = async (write: (file: FileHandle) => Promise<void>): Promise<void> => {
    if (isClosed) throw new Error('the audit is closed');
    file ??= await openAtLineStart(path);
    try {
      await write(file);
    } catch (error) {
      await file.close().catch(() => {}); // why it failed is in the error that is passed on
      file = null;
      throw error;
    }
  };
  const append = (...lines: readonly AuditLine[]): Promise<void> =>
    attempt((to) => to.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
  const tell = (line: AuditLine): void => {
    for (const listener of listeners) listener(line);
  };
  const noteLost = async (): Promise<void> => {
    if (lost === 0) return;
    const entry = { event: 'entries-lost', correlation_id: randomUUID(), allowed: false } as const;
    const line = { at: new Date().toISOString(), ...entry, lost };
    await append(line);
    lost = 0;
    tell(line);
  };
  /** All of one turn of the event loop at once: each write wakes a thread, which costs more than the decision. */
  const record = async (): Promise<void> => {
    await endOfTurn();
    const lines = waiting.splice(0);
    try {
      await noteLost();
      await append(...lines);
    } catch (error) {
      lost += lines.length;
      for (const { event, correlation_id: id } of lines) {
        const facts = { reason: reason(error), event, id, lost };
        log('error', 'audit cannot be written: an entry is lost', facts);
      }
    }
  };
  const written = (): Promise<void> => inTurn(() => Promise.resolve());
  // Whoever asks before the first entry finds a file, and that it cannot be written is known from the start.
  const begin = (): Promise<void> =>
    attempt(() => Promise.resolve()).catch((error: unknown) => {
      log('error', 'audit cannot be opened', { reason: reason(error) });
    });
  void inTurn(begin);

  return {
    written,
    write: (entry) => {
      const line = { at: new Date().toISOString(), ...entry };
      if (waiting.push(line) === 1) void inTurn(record);
      tell(line);
    },
    async last(most, matches) {
      // What was decided before this question is part of the answer.
      await written();
      const found: AuditLine[] = [];
      for await (const text of linesFromTheEnd(path)) {
        const line = parseLine(text);
        if (line && matches(line) && found.push(line) === most) break;
      }
      return found.toReversed();
    },
    reopen: () =>
      inTurn(async () => {
        await file?.close();
        file = null;
        await begin();
      }),
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () =>
      inTurn(async () => {
        isClosed = true;
        await file?.close();
        file = null;
      }),
  };
}

/** What a killed process or a full disk has left unfinished must not swallow the next entry. */
async function openAtLineStart(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1, LINE_END);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    if (last[0] !== LINE_END) await file.appendFile('\n');
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** null: it was cut short by the end of the machine or of the disk. */
function parseLine(text: string): AuditLine | null {
  try {
    return JSON.parse(text) as AuditLine;
  } catch {
    return null;
  }
}

/** The newest first, without reading a file of years as a whole. */
async function* linesFromTheEnd(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    let { size: end } = await file.stat();
    let rest: Buffer = Buffer.alloc(0);
    while (end > 0) {
      const length = Math.min(end, BLOCK);
      end -= length;
      const block = Buffer.alloc(length);
      await file.read(block, 0, length, end);
      // Split at bytes: a block may begin within a letter, but never within a line break.
      const lines = splitLines(Buffer.concat([block, rest]));
      rest = lines.shift() ?? Buffer.alloc(0);
      yield* lines.toReversed().map(String).filter(Boolean);
    }
    if (rest.length > 0) yield rest.toString();
  } finally {
    await file.close();
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}
