// What has happened lately: lines of the log, and connections with what became of them.
import type { WireError } from '../errors.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Redacted where it was written. */
export interface LogLine {
  /** Counted from 1 since the client was started. */
  number: number;
  /** Milliseconds since the epoch. */
  at: number;
  level: LogLevel;
  message: string;
  /** Service id, where it is about one. */
  service: string | null;
  /** The rest of it, as `name=value`. */
  facts: string;
}

/** As `ConnectionEnd` of the engine, and `denied`: by the Access Tier, with its reason. */
export type ConnectionOutcome =
  'running' | 'finished' | 'reset' | 'idle' | 'lifetime' | 'closed' | 'refused' | 'denied';

export interface RecentConnection {
  id: number;
  service: string;
  /** `host:port` behind the service. */
  target: string;
  startedAt: number;
  /** Payload each way; 0 while it runs: the engine counts for itself and tells at the end. */
  bytesSent: number;
  bytesReceived: number;
  /** null while it runs. */
  durationMs: number | null;
  outcome: ConnectionOutcome;
  because?: WireError;
}

/** One line as text, for copying and for a terminal. */
export const logLineText = ({ at, level, message, service, facts }: LogLine): string =>
  [
    new Date(at).toISOString(),
    level.toUpperCase().padEnd(5),
    message,
    service && `[${service}]`,
    facts,
  ]
    .filter(Boolean)
    .join(' ');
