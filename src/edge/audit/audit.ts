// Who was allowed what, and when: one JSON line per decision, only ever appended.
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type Log, reason } from '../log.ts';

export interface AuditEntry {
  correlation_id: string;
  /**
   * `probe`: somebody asked whether a connection would be let in. `request`: one of a web service. `registration`: of a
   * device, with `invite` or, by signing in, with `person`; or an attempt.
   */
  event: 'connection' | 'connection-cut' | 'probe' | 'request' | 'registration';
  allowed: boolean;
  /** Refusal code; with `allowed` true: what an enforcing policy would have said. */
  code?: string;
  service?: string;
  /** Id of the invite; its code is written nowhere. */
  invite?: string;
  device?: string;
  person?: string;
  /** `host:port` that was asked for inside the service. */
  target?: string;
  /** Client's address. */
  from?: string;
}

export interface Audit {
  write(entry: AuditEntry): void;
  close(): Promise<void>;
}

export function openAudit(path: string, log: Log): Audit {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', (error) => log('error', 'audit cannot be written', { reason: reason(error) }));
  return {
    write: (entry) => {
      file.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`);
    },
    async close() {
      file.end();
      await finished(file).catch(() => {}); // reported by the listener above
    },
  };
}
