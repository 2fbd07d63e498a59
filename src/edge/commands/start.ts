// `banyan-edge start`: an organisation in the foreground. One line when it is ready, then a log on standard error, one JSON
// object a line, until SIGTERM or Ctrl-C; then it drains. A second signal does not wait. SIGHUP reads the configuration again
// and goes on in a new audit file where the old one was renamed.
import { inGroups } from '../../shared/model/fingerprint.ts';
import { readConfigFile } from '../config-file.ts';
import { createEdge } from '../index.ts';
import { type Log, type LogLevel, reason } from '../log.ts';
import { print, printError } from '../print.ts';
import type { Arguments } from './arguments.ts';

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info'];

export async function start(given: Arguments, configFile: string): Promise<void> {
  const read = await readConfigFile(configFile);
  const { edge: config } = read;
  const running = { drainMs: read.drainMs, logLevel: read.logLevel };
  const log = createLog(() => running.logLevel);
  // Asked for before anything is made, so that an early signal stops it too.
  const stopAsked = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  let reload = (): Promise<void> => Promise.resolve(); // what there is to read is being read
  process.on('SIGHUP', () => void reload());
  const edge = await createEdge({ ...config, log });
  reload = async () => {
    await edge.reopenAudit();
    try {
      const next = await readConfigFile(configFile);
      Object.assign(running, { drainMs: next.drainMs, logLevel: next.logLevel });
      const waiting = edge.reload(next.edge);
      log('info', 'configuration read', { waitsForRestart: waiting.join(', ') || 'nothing' });
    } catch (error) {
      log('error', 'the configuration cannot be used; everything stays', { reason: reason(error) });
    }
  };
  const facts = {
    organisation: edge.organisation,
    rootFingerprint: edge.rootFingerprint,
    accessTierPort: edge.accessTierPort,
    ...(edge.operationsPort !== null && { operationsPort: edge.operationsPort }),
    ...(edge.restPort !== null && { restPort: edge.restPort }),
    data: config.data,
    pid: process.pid,
    ...(edge.isNew && { created: true }),
  };
  // Else a mistyped folder, or a backup that is not where it belongs, would look like any start.
  const where = config.database === undefined ? config.data : 'its database';
  const founded = edge.isNew ? `. This organisation is new: there was none in ${where}.` : '';
  const sentence = `${config.name} is ready at ${edge.organisation} (process ${process.pid}), fingerprint ${inGroups(edge.rootFingerprint)}${founded}`;
  print(given.has('json') ? JSON.stringify({ ready: true, ...facts }) : sentence);
  log('info', 'ready', facts);
  const signal = await stopAsked;
  log('info', 'stopping', { signal, drainMs: running.drainMs });
  await edge.stop(running.drainMs);
  log('info', 'stopped');
}

const createLog =
  (least: () => LogLevel): Log =>
  (level, message, fields) => {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(least())) return;
    printError(JSON.stringify({ at: new Date().toISOString(), level, message, ...fields }));
  };
