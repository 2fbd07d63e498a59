// `banyan-edge start`: an organisation in the foreground. One line when it is ready, then a log on standard error, one JSON
// object a line, until SIGTERM or Ctrl-C; then it drains. A second signal does not wait.
import { inGroups } from '../../shared/model/fingerprint.ts';
import { readConfigFile } from '../config-file.ts';
import { createEdge } from '../index.ts';
import type { Log, LogLevel } from '../log.ts';
import { print, printError } from '../print.ts';
import type { Arguments } from './arguments.ts';

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info'];

export async function start(given: Arguments, configFile: string): Promise<void> {
  const { edge: config, drainMs, logLevel } = await readConfigFile(configFile);
  const log = createLog(logLevel);
  // Asked for before anything is made, so that an early signal stops it too.
  const stopAsked = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  const edge = await createEdge({ ...config, log });
  const facts = {
    organisation: edge.organisation,
    rootFingerprint: edge.rootFingerprint,
    accessTierPort: edge.accessTierPort,
    data: config.data,
    pid: process.pid,
  };
  const sentence = `${config.name} is ready at ${edge.organisation} (process ${process.pid}), fingerprint ${inGroups(edge.rootFingerprint)}`;
  print(given.has('json') ? JSON.stringify({ ready: true, ...facts }) : sentence);
  log('info', 'ready', facts);
  log('info', 'stopping', { signal: await stopAsked, drainMs });
  await edge.stop(drainMs);
  log('info', 'stopped');
}

const createLog =
  (least: LogLevel): Log =>
  (level, message, fields) => {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(least)) return;
    printError(JSON.stringify({ at: new Date().toISOString(), level, message, ...fields }));
  };
