// Programs of this computer that a click may start for a service. A closed set: what each is given is made by the client
// from its own state, never from words of a window.
import { databaseProgramsFor, theSshHost } from './commands.ts';
import type { Service } from './service.ts';

export const CLIENT_PROGRAMS = [
  'ssh',
  'psql',
  'mysql',
  'redis-cli',
  'dbeaver',
  'chromium',
  'firefox',
  'kubectl',
] as const;
export type ClientProgram = (typeof CLIENT_PROGRAMS)[number];

/** Those that could use it, installed or not, the most usual first. */
export function programsFor(
  service: Service,
  /** Hosts of its entry in the person's SSH configuration, if there is one. */
  sshEntry?: string,
): ClientProgram[] {
  const { type, mode } = service;
  // Behind a pattern or a collection there are many hosts: which one, only she knows.
  if (type === 'SSH') {
    const isOne = sshEntry === undefined ? mode === 'TCP' : theSshHost(sshEntry) !== null;
    return isOne ? ['ssh'] : [];
  }
  if (mode === 'CHAIN') return type === 'K8S' ? ['kubectl'] : ['chromium', 'firefox'];
  if (type !== 'DATABASE') return [];
  const databases = databaseProgramsFor(service);
  // The free edition of DBeaver speaks no Redis.
  const hasDriver = databases.some((program) => program !== 'redis-cli');
  return [...databases, ...(hasDriver ? (['dbeaver'] as const) : [])];
}
