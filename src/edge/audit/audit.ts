// Who was allowed what, and when: one JSON line per decision, only ever appended.
import { closeSync, createWriteStream, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { type Log, reason } from '../log.ts';

const BLOCK = 64 * 1024;

export const AUDIT_EVENTS = [
  'connection',
  'connection-cut',
  'probe',
  'request',
  'registration',
  'sign-in',
  'change',
] as const;

export interface AuditEntry {
  correlation_id: string;
  /**
   * `probe`: somebody asked whether a connection would be let in. `request`: one of a web service. `registration`: of a
   * device, with `invite`, by signing in with `person`, or with the `manager` whose certificate it has; or an attempt.
   * `sign-in`: by password, or of a browser whose device vouches for it, then with its `service`. `change`: by an
   * administrator.
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
  /** Client's address. */
  from?: string;
  /** Of a change: the command, what it was about, which version of it this made, and by whom, as they said. */
  action?: string;
  subject?: string;
  version?: number;
  by?: string;
}

export type AuditLine = AuditEntry & { at: string };

export interface Audit {
  write(entry: AuditEntry): void;
  /** The last of those that match, the oldest first. */
  last(most: number, matches: (line: AuditLine) => boolean): Promise<AuditLine[]>;
  /** Every one from now on. Returns how to stop listening. */
  on(listener: (line: AuditLine) => void): () => void;
  close(): Promise<void>;
}

export function openAudit(path: string, log: Log): Audit {
  const wasCut = endsWithinALine(path);
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', (error) => log('error', 'audit cannot be written', { reason: reason(error) }));
  // What a killed process has left unfinished must not swallow the next entry.
  if (wasCut) file.write('\n');
  const listeners = new Set<(line: AuditLine) => void>();
  return {
    write: (entry) => {
      const line = { at: new Date().toISOString(), ...entry };
      file.write(`${JSON.stringify(line)}\n`);
      for (const listener of listeners) listener(line);
    },
    async last(most, matches) {
      // What was decided before this question is part of the answer.
      await new Promise<void>((resolve) => void file.write('', () => resolve()));
      const found: AuditLine[] = [];
      for await (const text of linesFromTheEnd(path)) {
        const line = parseLine(text);
        if (line && matches(line) && found.push(line) === most) break;
      }
      return found.toReversed();
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      file.end();
      await finished(file).catch(() => {}); // reported by the listener above
    },
  };
}

function endsWithinALine(path: string): boolean {
  if (!existsSync(path)) return false;
  const file = openSync(path, 'r');
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1, 10);
  if (size > 0) readSync(file, last, 0, 1, size - 1);
  closeSync(file);
  return last[0] !== 10;
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
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}
