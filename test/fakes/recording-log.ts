// A log that remembers.
import type { Log, LogFields } from '../../src/main/client/ports.ts';

export interface RecordingLog extends Log {
  lines: { level: string; message: string; fields: LogFields | undefined }[];
}

export function recordingLog(): RecordingLog {
  const lines: RecordingLog['lines'] = [];
  const at = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
