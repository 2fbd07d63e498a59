// Command line of `banyan`: a command, what it is about, a few options. Reading only; nothing is done here.
import { parseArgs } from 'node:util';
import { AppError, type EXIT } from '../shared/errors.ts';
import { OWNERSHIPS, SECRET_STORES } from '../shared/model/device.ts';
import { readListenAddress } from '../shared/model/listen-address.ts';
import { table } from './print.ts';

interface OptionFacts {
  /** What its value is called; absent: it has none. */
  value?: string;
  about: string;
}

interface CommandFacts {
  /** Names of what must follow the command. */
  takes: readonly string[];
  /** Names of what may follow after that. */
  mayTake?: readonly string[];
  options?: Readonly<Record<string, OptionFacts>>;
  /** Where it is more than the names above say. */
  usage?: string;
  about: string;
  /** Beside 0, 1 and 2, which any may end with. */
  exits?: readonly (3 | 4 | 5)[];
}

const YES: OptionFacts = { about: 'Do not ask; say yes.' };
const ADDRESS: OptionFacts = {
  value: 'ADDRESS',
  about: 'Listen there, at an address of this computer alone: 127.0.0.1, another 127.*, or ::1.',
};
const WITH_PARENT: OptionFacts = {
  about: 'Stop when standard input ends: however the program that started it does.',
};

export const COMMANDS = {
  register: {
    takes: ['invite or address'],
    options: {
      name: {
        value: 'NAME',
        about: 'What this device is called; default: the name of the computer.',
      },
      ownership: {
        value: 'WORDS',
        about: `Whose it is: ${OWNERSHIPS.join(', ')}; default: the first.`,
      },
      secrets: {
        value: 'WHERE',
        about: `Where its secrets are kept: ${SECRET_STORES.join(', ')}; default: BANYAN_SECRETS, else keychain.`,
      },
      fingerprint: {
        value: 'GROUPS',
        about:
          'With an address: the whole fingerprint of the organisation, as its administrator says it; nothing is asked then.',
      },
      'no-browser': { about: 'With an address: print the sign-in page instead of opening it.' },
      yes: YES,
    },
    about:
      'Join an organisation, by invite or by signing in; shows it and its fingerprint, and asks first.',
    exits: [3, 4],
  },
  organisations: {
    takes: [],
    about: 'Those that this device is registered with, and which one is active.',
  },
  switch: {
    takes: ['name or id'],
    about: 'Make another one active; disconnects, and keeps both registrations.',
  },
  login: {
    takes: [],
    options: {
      'no-browser': { about: 'Only print the address of the page; open it on this computer.' },
      'device-code': { about: 'Sign in with a code at any other device.' },
    },
    usage: 'login [--no-browser | --device-code]',
    about: 'Sign in, in the browser of this computer or with a code at any other device.',
    exits: [3, 4],
  },
  logout: { takes: [], about: 'Sign out: disconnects, removes the login files.' },
  status: { takes: [], about: 'Device, session and connected services.' },
  services: { takes: [], about: 'The services that you may use.', exits: [3, 4] },
  connect: {
    takes: ['service'],
    options: {
      port: {
        value: 'N',
        about: 'Use this local port, and keep it for the service, as banyan override does.',
      },
      address: ADDRESS,
    },
    about: 'Open the local port of a service.',
    exits: [3, 4, 5],
  },
  open: {
    takes: ['service'],
    options: {
      'no-browser': { about: 'Only print the address of the page; open it on this computer.' },
    },
    about: 'Open a web service in the browser, signed in by this device.',
    exits: [3, 4],
  },
  disconnect: { takes: ['service'], about: 'Close it again.', exits: [3, 4] },
  override: {
    takes: ['service'],
    options: { address: ADDRESS, reset: { about: 'Use the usual port and address again.' } },
    usage: 'override <service> <port> [--address ADDRESS] | override <service> --reset',
    about: 'Use a port and an address of your own, or the usual ones again.',
    exits: [3, 4, 5],
  },
  'auto-connect': {
    takes: ['service', 'on|off'],
    about: 'Connect it by itself each time you sign in, or not; connects nothing now.',
    exits: [3, 4],
  },
  'ssh-config': {
    takes: ['on, off or show'],
    mayTake: ['service'],
    usage: 'ssh-config on [service] | ssh-config off [service] | ssh-config show',
    about:
      'Add SSH services to your SSH configuration, or take them out: all, or one. Then ssh, scp, rsync and git work by name, without a Connect.',
    exits: [3, 4],
  },
  kubeconfig: {
    takes: ['on, off or show'],
    mayTake: ['service'],
    options: {
      context: {
        value: 'NAME',
        about:
          'Let the cluster of this context of your own kubeconfig go through the service, by proxy-url; off: no longer.',
      },
    },
    usage: 'kubeconfig on|off [service] [--context NAME] | kubeconfig show',
    about:
      'Add Kubernetes services to ~/.kube/banyan, or a proxy to a cluster of your own kubeconfig; or take them out.',
    exits: [3, 4],
  },
  unlock: { takes: [], about: 'Give the running client the passphrase of its file of secrets.' },
  unregister: {
    takes: [],
    options: { yes: YES },
    about: 'Leave the active organisation and remove everything of it here.',
    exits: [3, 4],
  },
  up: {
    takes: [],
    options: { 'exit-with-parent': WITH_PARENT },
    about: 'Run the client in this terminal until Ctrl-C, or until standard input ends.',
  },
  ui: {
    takes: [],
    mayTake: ['invite'],
    options: { 'exit-with-parent': WITH_PARENT },
    about: 'The same with the window as a browser tab on this computer.',
  },
  diagnose: {
    takes: [],
    mayTake: ['service'],
    options: { save: { about: 'Write a report without secrets, for whoever helps.' } },
    about: 'Try every step of the way to a service or to the organisation.',
    exits: [3],
  },
  logs: {
    takes: [],
    options: { follow: { about: 'Go on with what is added, until Ctrl-C.' } },
    about: 'What the client that runs has noted.',
  },
  quit: { takes: [], about: 'Stop the client that runs.' },
} as const satisfies Record<string, CommandFacts>;

export type CommandName = keyof typeof COMMANDS;

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
      --version, --help; banyan <command> --help tells more of one

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
  const [name, ...rest] = positionals;
  if (name === undefined || name === 'help') return { help: BANYAN_HELP };
  if (!isCommand(name)) throw usage(`There is no command "${name}"; banyan --help lists them.`);
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
    throw usage(error instanceof Error ? (error.message.split('. ')[0] ?? '') + '.' : 'What?');
  }
}

/** One in 64 fingerprints begins with a dash, and would be taken for an option. */
function joinedFingerprint(argv: readonly string[]): string[] {
  const at = argv.indexOf('--fingerprint');
  if (at < 0 || at + 1 >= argv.length) return [...argv];
  return [...argv.slice(0, at), `--fingerprint=${argv[at + 1]}`, ...argv.slice(at + 2)];
}
