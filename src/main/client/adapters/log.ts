// The client's log: one JSON object a line, secrets struck out, two files of bounded size.
import { appendFileSync, chmodSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Log, LogFields } from '../ports.ts';
import { LOG_LEVELS, type LogLevel } from '../../../shared/model/activity.ts';
import { redact, redactText } from './redact.ts';

const LARGEST_FILE = 5 * 1024 * 1024;

export interface FileLogOptions {
  file: string;
  /** Nothing below this is written. */
  level?: LogLevel;
  largestFile?: number;
}

/** Written line by line and at once: the last line before a crash is the one that is needed. */
export function createFileLog({
  file,
  level = 'info',
  largestFile = LARGEST_FILE,
}: FileLogOptions): Log {
  let size: number | undefined;

  function write(lineLevel: LogLevel, message: string, fields?: LogFields): void {
    if (LOG_LEVELS.indexOf(lineLevel) < LOG_LEVELS.indexOf(level)) return;
    const line = formatLine(lineLevel, message, fields);
    try {
      size ??= prepare(file);
      if (size > largestFile) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
    } catch {
      size = undefined; // a full or removed disk must not stop the client; the next line tries again
    }
  }

  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

export function formatLine(level: LogLevel, message: string, fields: LogFields = {}): string {
  const time = new Date().toISOString();
  const clean = redact(fields) as LogFields;
  return `${JSON.stringify({ time, level, message: redactText(message), ...clean })}\n`;
}

function prepare(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    chmodSync(file, 0o600);
    return statSync(file).size;
  } catch {
    return 0; // no log yet
  }
}
