// Words of the activity page.
import type { LogLevel } from '../../shared/model/activity.ts';

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
  columns: {
    target: 'Target',
    sent: 'Sent',
    received: 'Received',
    duration: 'Duration',
    outcome: 'How it ended',
  },
};
