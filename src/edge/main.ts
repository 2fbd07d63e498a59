#!/usr/bin/env node
// `banyan-edge`: runs the server side, and administers one that runs.
import { isIPv6 } from 'node:net';
import { AppError, ERRORS, EXIT, toWireError } from '../shared/errors.ts';
import { callsTo } from './administration/control-client.ts';
import { DocumentError } from './administration/document-error.ts';
import { type Arguments, parseArguments, usage } from './commands/arguments.ts';
import { callerName, type Command } from './commands/context.ts';
import { apiKeyCommands } from './commands/api-keys.ts';
import { documentCommands } from './commands/documents.ts';
import { peopleCommands } from './commands/people.ts';
import { settingsCommands } from './commands/settings.ts';
import type { CommandName } from './commands/table.ts';
import { dataFolderOf } from './config-file.ts';
import { createPrint, print } from './print.ts';

const commands: Record<Exclude<CommandName, 'start' | 'demo'>, Command> = {
  ...documentCommands,
  ...peopleCommands,
  ...settingsCommands,
  ...apiKeyCommands,
};

async function run(given: Arguments): Promise<void> {
  const { command } = given;
  // Loaded only here: the other commands are to answer at once.
  if (command === 'demo') return (await import('./commands/demo.ts')).demo(given);
  if (command === 'start')
    return (await import('./commands/start.ts')).start(given, configOf(given));
  const data = given.text('data') ?? (await dataFolderOf(configOf(given)));
  return commands[command]({
    arguments: given,
    call: callsTo(data),
    print: createPrint(given.has('json')),
    by: callerName(process.env),
  });
}

function configOf(given: Arguments): string {
  const file = given.text('config') ?? process.env['BANYAN_EDGE_CONFIG'];
  if (file) return file;
  throw usage('Which edge? Name its configuration with --config or BANYAN_EDGE_CONFIG.');
}

/** What is in the way of starting is told by the system. */
function explained(error: unknown): unknown {
  const { code, address, port } = error as { code?: string; address?: string; port?: number };
  const at = `${address ?? ''}:${port ?? ''}`;
  if (code === 'EADDRINUSE') {
    return new AppError('edge/port-in-use', `Something listens at ${at} already.`, {
      cause: error,
    });
  }
  if (code === 'EADDRNOTAVAIL' && address !== undefined) {
    const all = isIPv6(address) ? '[::]' : '0.0.0.0';
    return new AppError(
      'edge/config-invalid',
      `${address} is no address of this machine. Behind a router listen at ${all}:${port}; the outer name is organisation.host.`,
      { cause: error },
    );
  }
  if (code === 'EACCES' && port !== undefined) {
    return new AppError('edge/config-invalid', `This account may not listen at ${at}.`, {
      cause: error,
    });
  }
  return error;
}

// Whoever reads our output may stop reading, e.g. `banyan-edge audit | head -1`.
process.stdout.on('error', () => {});

const argv = process.argv.slice(2);
try {
  const given = parseArguments(argv);
  if (typeof given === 'string') print(given);
  else await run(given);
  process.exitCode = EXIT.ok;
} catch (thrown) {
  const error = explained(thrown);
  const wire = toWireError(error);
  // What is no error of ours is the administrator's own to read: nobody else sees this terminal.
  const message = wire.code === 'internal' ? `${wire.message} ${String(error)}` : wire.message;
  const problems = error instanceof DocumentError ? { problems: error.problems } : {};
  createPrint(argv.includes('--json')).error({ ...wire, message, ...problems });
  process.exitCode = ERRORS[wire.code].exit;
}
// Nothing is left to do: keep-alive sockets of others must not hold the program. Output goes first.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
