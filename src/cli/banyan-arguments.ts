// Command line of `banyan`: a command, what it is about, a few options. Reading only; nothing is done here.
import { parseArgs } from 'node:util';
import { AppError, type EXIT } from '../shared/errors.ts';
import { readListenAddress } from '../shared/model/listen-address.ts';
import { closest } from './closest.ts';
import {
  type CommandFacts,
  type CommandName,
  COMMANDS,
  type OptionFacts,
} from './command-table.ts';
import { table } from './print.ts';

export interface BanyanArguments {
  command: CommandName;
  positionals: readonly string[];
  values: Readonly<Record<string, string | boolean | undefined>>;
}

const EXIT_WORDS: Record<(typeof EXIT)[keyof typeof EXIT], string> = {
  0: 'ok',
  1: 'failed',
  2: 'usage',
  3: 'registration or sign-in needed',
  4: 'denied',
  5: 'port in use',
};

const exitStatus = (codes: readonly (keyof typeof EXIT_WORDS)[]): string =>
  `Exit status: ${codes.map((code) => `${code} ${EXIT_WORDS[code]}`).join(', ')}.`;

function usageOf(name: CommandName): string {
  const facts: CommandFacts = COMMANDS[name];
  const options = Object.entries(facts.options ?? {}).map(([option, { value }]) =>
    value === undefined ? `[--${option}]` : `[--${option} ${value}]`,
  );
  const words = [
    name,
    ...facts.takes.map((taken) => `<${taken}>`),
    ...(facts.mayTake ?? []).map((taken) => `[${taken}]`),
    ...options,
  ];
  return facts.usage ?? words.join(' ');
}

const commandNames = Object.keys(COMMANDS) as CommandName[];

export const BANYAN_HELP = `Usage: banyan <command> [options]

${commandNames.map((name) => `  ${usageOf(name)}\n      ${COMMANDS[name].about}`).join('\n')}

      --json      print one JSON object; events on the way go to standard error, one object a line
      --version, --help; banyan help <command> tells more of one

A command uses the client that runs (the app, or "banyan up"). Where none does, it runs the client
itself while it needs it; connect then stays in the foreground until Ctrl-C.

Environment: BANYAN_HOME  folder of this client
             BANYAN_SECRETS  keychain, file or memory: where secrets are kept unless --secrets says otherwise
             BANYAN_PASSPHRASE_FILE  file (0600) with the passphrase for --secrets file
             BANYAN_LOG=debug  write more into <home>/logs/banyan.log
${exitStatus([0, 1, 2, 3, 4, 5])}
`;

const OF_ALL: Record<'json' | 'help', OptionFacts> = {
  json: { about: 'Print one JSON object instead of text for people.' },
  help: { about: 'This text.' },
};

/** Of one command, from the same table. */
export function helpOf(name: CommandName): string {
  const facts: CommandFacts = COMMANDS[name];
  const options = Object.entries<OptionFacts>({ ...facts.options, ...OF_ALL });
  const rows = options.map(([option, { value, about }]) => [
    value === undefined ? `  --${option}` : `  --${option} ${value}`,
    about,
  ]);
  return [
    `Usage: banyan ${usageOf(name)}`,
    '',
    facts.about,
    '',
    ...table(rows),
    '',
    exitStatus([0, 1, 2, ...(facts.exits ?? [])]),
    '',
  ].join('\n');
}

/** Throws `usage/invalid-input` with what is wrong. */
export function parseBanyanArguments(
  argv: readonly string[],
): BanyanArguments | { help: string } | 'version' {
  const { values, positionals } = parse(argv);
  if (values['version']) return 'version';
  const [typed, ...rest] = positionals;
  const [topic] = rest;
  if (typed === undefined || (typed === 'help' && topic === undefined))
    return { help: BANYAN_HELP };
  if (typed === 'help') return { help: helpOf(commandOf(topic ?? '')) };
  const name = commandOf(typed);
  if (values['help']) return { help: helpOf(name) };
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
  if (!isComplete) throw usage(`It is used like this: banyan ${usageOf(name)}.`);
  return { command: name, positionals: rest, values };
}

/** A port as people type it. */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw usage(`"${text}" is not a port: use a number from 1 to 65535.`);
}

/** As people type it; without one, the address stays. */
export function parseAddress(text: unknown): { host?: string } {
  if (typeof text !== 'string') return {};
  const read = readListenAddress(text);
  if ('host' in read) return read;
  throw read.problem === 'not-loopback'
    ? new AppError(
        'tunnel/address-not-loopback',
        `${text} is not an address of this computer alone: anybody in the network could use the service with your rights.`,
      )
    : usage(`"${text}" is not an address: use 127.0.0.1, another 127.*, or ::1.`);
}

export const usage = (message: string): AppError => new AppError('usage/invalid-input', message);

/** Shorter, as other such programs have it. */
const ALIASES = new Map<string, CommandName>([['orgs', 'organisations']]);

function commandOf(typed: string): CommandName {
  const name = ALIASES.get(typed) ?? typed;
  if (isCommand(name)) return name;
  throw noCommand(name);
}

function noCommand(name: string): AppError {
  const [meant] = closest(name, commandNames);
  const perhaps = meant === undefined ? '' : ` Did you mean "${meant}"?`;
  return usage(`There is no command "${name}".${perhaps} banyan --help lists them.`);
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);

function parse(argv: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {
    json: flag,
    help: { ...flag, short: 'h' },
    version: flag,
  };
  for (const facts of Object.values<CommandFacts>(COMMANDS)) {
    for (const [name, { value }] of Object.entries(facts.options ?? {})) {
      options[name] = { type: value === undefined ? 'boolean' : 'string' };
    }
  }
  try {
    const { values, positionals } = parseArgs({
      args: joinedFingerprint(argv),
      options,
      allowPositionals: true,
    });
    return { values: values as BanyanArguments['values'], positionals };
  } catch (error) {
    throw usage(whatIsWrong(error instanceof Error ? error.message : '', Object.keys(options)));
  }
}

/** From what Node says of an argument. */
function whatIsWrong(message: string, options: readonly string[]): string {
  const [, unknown] = /^Unknown option '--?([^']+)'/.exec(message) ?? [];
  if (unknown === undefined) return `${message.split('. ')[0] ?? ''}.`;
  const [meant] = closest(unknown, options);
  const hint = meant === undefined ? 'banyan --help lists them.' : `Did you mean --${meant}?`;
  return `There is no option --${unknown}. ${hint}`;
}

/** One in 64 fingerprints begins with a dash, and would be taken for an option. */
function joinedFingerprint(argv: readonly string[]): string[] {
  const at = argv.indexOf('--fingerprint');
  if (at < 0 || at + 1 >= argv.length) return [...argv];
  return [...argv.slice(0, at), `--fingerprint=${argv[at + 1]}`, ...argv.slice(at + 2)];
}
