// Words of the activity page.
import type { ConnectionOutcome, LogLevel, RecentConnection } from '../../shared/model/activity.ts';

export const activityText = {
  title: 'Activity',
  about:
    'What has happened since Banyan was started. Nothing of it leaves this computer by itself.',
  views: 'Show',
  connections: 'Connections',
  log: 'Log',
  service: 'Service',
  everyService: 'All services',
  level: 'Importance',
  levels: {
    info: 'Everything',
    warn: 'Warnings and errors',
    error: 'Errors',
  } satisfies Record<Exclude<LogLevel, 'debug'>, string>,
  levelWords: {
    debug: 'Detail',
    info: 'Info',
    warn: 'Warning',
    error: 'Error',
  } satisfies Record<LogLevel, string>,
  pause: 'Pause',
  resume: 'Resume',
  paused: 'Paused. What happens meanwhile is kept and shown when you resume.',
  copy: 'Copy lines',
  lines: (shown: number) => (shown === 1 ? '1 line' : `${shown} lines`),
  noLines: 'No lines like that yet.',
  noConnections: 'No connections yet',
  noConnectionsOf: (service: string) => `No connections through ${service} yet`,
  noConnectionsHelp:
    'Connect a service and use it: each connection that a program makes appears here.',
  outcomes: {
    running: 'Running',
    finished: 'Finished',
    reset: 'Ended abruptly',
    idle: 'Ended: nothing was sent for long',
    lifetime: 'Ended: open for too long',
    closed: 'Ended by disconnecting',
    refused: 'Refused: a web page made it',
    denied: 'Not allowed',
  } satisfies Record<ConnectionOutcome, string>,
  /** The Access Tier would have let it through. */
  unanswered: 'No answer',
  columns: {
    target: 'Target',
    sent: 'Sent',
    received: 'Received',
    duration: 'Duration',
    outcome: 'How it ended',
  },
};

export const outcomeWord = ({ outcome, because }: RecentConnection): string =>
  because?.code === 'tunnel/target-unreachable'
    ? activityText.unanswered
    : activityText.outcomes[outcome];

/** e.g. `< 0.1 s`, `0.4 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationWords(ms: number): string {
  if (ms < 100) return '< 0.1 s';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
