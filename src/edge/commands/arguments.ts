// Command line of `banyan-edge`: a command of one or two words, what it is about, options. Reading only.
import { parseArgs } from 'node:util';
import { AppError } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import { nearest } from '../json/read.ts';
import { table } from '../print.ts';
import { type CommandFacts, type CommandName, COMMANDS, type OptionFacts } from './table.ts';

export interface Arguments {
  command: CommandName;
  positionals: readonly string[];
  /** The value of an option, where it was given. */
  text(option: string): string | undefined;
  /** All values of an option that may be repeated. */
  list(option: string): string[];
  has(option: string): boolean;
}

/** Of every command that asks an edge that runs. */
const CONTROL: Readonly<Record<string, OptionFacts>> = {
  config: { value: 'FILE', about: 'Configuration of the edge; default: BANYAN_EDGE_CONFIG.' },
  data: { value: 'DIR', about: 'Its data folder, instead.' },
  json: { about: 'Print one JSON object instead of text for people.' },
};
const HELP: Readonly<Record<string, OptionFacts>> = { help: { about: 'This text.' } };

const names = Object.keys(COMMANDS) as CommandName[];
const EXITS =
  'Exit status: 0 ok, 1 failed, 2 usage or a file that cannot be used, 4 refused, 5 port in use.';

function optionsOf(name: CommandName): Record<string, OptionFacts> {
  const { options = {} }: CommandFacts = COMMANDS[name];
  const common = name === 'start' || name === 'demo' ? {} : CONTROL;
  return { ...options, ...common, ...HELP };
}

const usageOf = (name: CommandName): string => {
  const { takes = [], options = {} }: CommandFacts = COMMANDS[name];
  const rest = Object.keys(options).length > 0 ? ['[options]'] : [];
  return [name, ...takes.map((taken) => `<${taken}>`), ...rest].join(' ');
};

const GENERAL_HELP = `Usage: banyan-edge <command> [options]

${names.map((name) => `  ${usageOf(name)}\n      ${COMMANDS[name].about}`).join('\n')}

banyan-edge <command> --help tells its options. Every command but start and demo asks the edge that
runs: by --config FILE or --data DIR, else by the variable BANYAN_EDGE_CONFIG; --json prints one object.
${EXITS}`;

function helpOf(name: CommandName): string {
  const rows = Object.entries(optionsOf(name)).map(([option, { value, isList, about }]) => [
    `  --${option}${value === undefined ? '' : ` ${value}`}${isList ? ' ...' : ''}`,
    about,
  ]);
  const lines = [
    `Usage: banyan-edge ${usageOf(name)}`,
    '',
    COMMANDS[name].about,
    '',
    ...table(rows),
  ];
  return [...lines, '', EXITS].join('\n');
}

/** A text to print instead of running, or what to run. Throws `usage/invalid-input`. */
export function parseArguments(argv: readonly string[]): string | Arguments {
  const [first = 'help', second = ''] = argv;
  if (['help', '--help', '-h'].includes(first)) return GENERAL_HELP;
  if (first === '--version') return VERSION;
  const name = [`${first} ${second}`, first].find(isCommand);
  if (name === undefined) {
    const group = names.filter((each) => each.startsWith(`${first} `));
    if (group.length > 0 && ['', '--help', '-h'].includes(second))
      return group.map(helpOf).join('\n\n');
    throw usage(unknownCommand(group.length > 0 ? `${first} ${second}` : first, group));
  }
  const options = optionsOf(name);
  const { values, positionals } = parse(argv.slice(name.split(' ').length), name, options);
  if (values['help']) return helpOf(name);
  const { takes = [] }: CommandFacts = COMMANDS[name];
  if (positionals.length !== takes.length) {
    throw usage(`It is used like this: banyan-edge ${usageOf(name)}.`);
  }
  return {
    command: name,
    positionals,
    text(option) {
      const value = values[option];
      return typeof value === 'string' ? value : undefined;
    },
    list(option) {
      const value = values[option];
      return Array.isArray(value) ? value.map(String) : [];
    },
    has: (option) => values[option] === true,
  };
}

function parse(
  args: readonly string[],
  name: CommandName,
  options: Readonly<Record<string, OptionFacts>>,
) {
  const known = Object.entries(options).map(([option, { value, isList = false }]) => [
    option,
    {
      type: value === undefined ? ('boolean' as const) : ('string' as const),
      multiple: isList,
      ...(option === 'help' && { short: 'h' }),
    },
  ]);
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(known) as Record<string, { type: 'boolean' | 'string' }>,
    });
  } catch (error) {
    const message = (error as Error).message;
    const [, unknown] = /^Unknown option '--?([^']+)'/.exec(message) ?? [];
    if (unknown === undefined) throw usage(`${message.split('. ')[0] ?? message}.`);
    const near = nearest(unknown, Object.keys(options));
    const hint = near ? `did you mean --${near}?` : `banyan-edge ${name} --help lists them.`;
    throw usage(`banyan-edge ${name} does not know --${unknown}; ${hint}`);
  }
}

const firstWord = (name: string): string => name.split(' ')[0] ?? '';

function unknownCommand(asked: string, group: readonly CommandName[]): string {
  const near = nearest(asked.trim(), [...new Set([...group, ...names.map(firstWord), ...names])]);
  const hint = near ? `did you mean "${near}"?` : 'banyan-edge --help lists them.';
  return `There is no command "${asked.trim()}"; ${hint}`;
}

/** A whole number within bounds. */
export function numberOf(
  given: Arguments,
  option: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw usage(`--${option} takes a number from ${least} to ${most}, not "${text}".`);
}

/** One of several words, as they are listed. */
export function choiceOf<Choice extends string>(
  given: Arguments,
  option: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = given.text(option);
  const found = choices.find((choice) => choice.toLowerCase() === text?.toLowerCase());
  if (text === undefined || found !== undefined) return found;
  throw usage(`--${option} takes one of ${choices.join(', ')}, not "${text}".`);
}

export const usage = (message: string): AppError => new AppError('usage/invalid-input', message);

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name);
