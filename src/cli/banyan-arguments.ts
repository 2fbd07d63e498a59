// Command line of `banyan`: a command, what it is about, a few options. Reading only; nothing is done here.
import { parseArgs } from 'node:util';
import { AppError } from '../shared/errors.ts';

interface CommandFacts {
  /** Names of what must follow the command. */
  takes: readonly string[];
  /** Names of what may follow after that. */
  mayTake?: readonly string[];
  options?: Readonly<Record<string, 'text' | 'flag'>>;
  usage: string;
  about: string;
}

export const COMMANDS = {
  register: {
    takes: ['invite'],
    options: { name: 'text', ownership: 'text', secrets: 'text', yes: 'flag' },
    usage:
      'register <invite> [--name NAME] [--ownership WORDS] [--secrets keychain|file|memory] [--yes]',
    about: 'Join an organisation; shows it and its fingerprint, and asks first.',
  },
  organisations: {
    takes: [],
    usage: 'organisations',
    about: 'Those that this device is registered with, and which one is active.',
  },
  switch: {
    takes: ['organisation'],
    usage: 'switch <name or id>',
    about: 'Make another one active; disconnects, and keeps both registrations.',
  },
  login: {
    takes: [],
    options: { 'no-browser': 'flag', 'device-code': 'flag' },
    usage: 'login [--no-browser | --device-code]',
    about: 'Sign in, in the browser of this computer or with a code at any other device.',
  },
  logout: { takes: [], usage: 'logout', about: 'Sign out: disconnects, removes the login files.' },
  status: { takes: [], usage: 'status', about: 'Device, session and connected services.' },
  services: { takes: [], usage: 'services', about: 'The services that you may use.' },
  connect: {
    takes: ['service'],
    options: { port: 'text' },
    usage: 'connect <service> [--port N]',
    about: 'Open the local port of a service.',
  },
  open: {
    takes: ['service'],
    usage: 'open <service>',
    about: 'Open a web service in the browser, signed in by this device.',
  },
  disconnect: { takes: ['service'], usage: 'disconnect <service>', about: 'Close it again.' },
  override: {
    takes: ['service'],
    options: { reset: 'flag' },
    usage: 'override <service> <port> | override <service> --reset',
    about: 'Use a port of your own, or the usual one again.',
  },
  unlock: {
    takes: [],
    usage: 'unlock',
    about: 'Give the running client the passphrase of its file of secrets.',
  },
  unregister: {
    takes: [],
    options: { yes: 'flag' },
    usage: 'unregister [--yes]',
    about: 'Leave the active organisation and remove everything of it here.',
  },
  up: {
    takes: [],
    options: { 'exit-with-parent': 'flag' },
    usage: 'up [--exit-with-parent]',
    about: 'Run the client in this terminal until Ctrl-C, or until standard input ends.',
  },
  ui: {
    takes: [],
    mayTake: ['invite'],
    options: { 'exit-with-parent': 'flag' },
    usage: 'ui [invite] [--exit-with-parent]',
    about: 'The same with the window as a browser tab on this computer.',
  },
  diagnose: {
    takes: [],
    mayTake: ['service'],
    options: { save: 'flag' },
    usage: 'diagnose [service] [--save]',
    about:
      'Try every step of the way to a service or to the organisation; --save for whoever helps.',
  },
  logs: {
    takes: [],
    options: { follow: 'flag' },
    usage: 'logs [--follow]',
    about: 'The log, and with --follow what is added to it until Ctrl-C.',
  },
  quit: { takes: [], usage: 'quit', about: 'Stop the client that runs.' },
} as const satisfies Record<string, CommandFacts>;

export type CommandName = keyof typeof COMMANDS;

export interface BanyanArguments {
  command: CommandName;
  positionals: readonly string[];
  values: Readonly<Record<string, string | boolean | undefined>>;
}

export const BANYAN_HELP = `Usage: banyan <command> [options]

${Object.values(COMMANDS)
  .map(({ usage, about }) => `  ${usage}\n      ${about}`)
  .join('\n')}

      --json      print one JSON object; events on the way go to standard error, one object a line
      --version, --help

A command uses the client that runs (the app, or "banyan up"). Where none does, it runs the client
itself while it needs it; connect then stays in the foreground until Ctrl-C.

Environment: BANYAN_HOME  folder of this client
             BANYAN_SECRETS=memory  keep secrets in memory, never in the keychain
             BANYAN_PASSPHRASE_FILE  file (0600) with the passphrase for --secrets file
             BANYAN_LOG=debug  write more into <home>/logs/banyan.log
Exit status: 0 ok, 1 failed, 2 usage, 3 sign-in needed, 4 denied, 5 port in use.
`;

/** Throws `usage/invalid-input` with what is wrong. */
export function parseBanyanArguments(
  argv: readonly string[],
): BanyanArguments | 'help' | 'version' {
  const { values, positionals } = parse(argv);
  if (values['help']) return 'help';
  if (values['version']) return 'version';
  const [name, ...rest] = positionals;
  if (name === undefined) throw usage('Which command? They are listed by banyan --help.');
  if (!isCommand(name)) throw usage(`There is no command "${name}"; banyan --help lists them.`);
  const facts: CommandFacts = COMMANDS[name];
  for (const option of Object.keys(values)) {
    if (option !== 'json' && !(facts.options && option in facts.options)) {
      throw usage(`banyan ${name} does not know --${option}.`);
    }
  }
  const least = facts.takes.length;
  const most = least + (facts.mayTake?.length ?? 0);
  const isComplete =
    name === 'override'
      ? rest.length === (values['reset'] ? 1 : 2)
      : rest.length >= least && rest.length <= most;
  if (!isComplete) throw usage(`It is used like this: banyan ${facts.usage}.`);
  return { command: name, positionals: rest, values };
}

/** A port as people type it. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw usage(`"${text}" is not a port: use a number from 1 to 65535.`);
}

export const usage = (message: string): AppError => new AppError('usage/invalid-input', message);

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

function parse(argv: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {
    json: flag,
    help: { ...flag, short: 'h' },
    version: flag,
  };
  for (const facts of Object.values<CommandFacts>(COMMANDS)) {
    for (const [name, kind] of Object.entries(facts.options ?? {})) {
      options[name] = { type: kind === 'text' ? 'string' : 'boolean' };
    }
  }
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { values: values as BanyanArguments['values'], positionals };
  } catch (error) {
    throw usage(error instanceof Error ? (error.message.split('. ')[0] ?? '') + '.' : 'What?');
  }
}
