// The commands of `banyan`: help, completion and the reading of arguments are made from this table.
import { CLIENT_PROGRAMS } from '../shared/model/client-program.ts';
import { OWNERSHIPS, SECRET_STORES } from '../shared/model/device.ts';
import { SHELL_NAMES } from './shell-variables.ts';

export interface OptionFacts {
  /** What its value is called; absent: it has none. */
  value?: string;
  about: string;
}

export interface CommandFacts {
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
    about: 'Those that this device is registered with, and which one is active. Short: orgs.',
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
  services: {
    takes: [],
    options: {
      search: { value: 'TEXT', about: 'Only those with it in their name, title or type.' },
      names: { about: 'Only names, one a line, as they are known here: nothing is asked for.' },
    },
    about: 'The services that you may use.',
    exits: [3, 4],
  },
  connect: {
    takes: ['service'],
    options: {
      port: {
        value: 'N',
        about: 'Use this local port, and keep it for the service, as banyan override does.',
      },
      address: ADDRESS,
      foreground: { about: 'Stay until Ctrl-C, and disconnect then.' },
    },
    about: 'Open the local port of a service.',
    exits: [3, 4, 5],
  },
  open: {
    takes: ['service'],
    options: {
      'no-browser': { about: 'Only print the address of the page; open it on this computer.' },
      with: {
        value: 'PROGRAM',
        about: `One of ${CLIENT_PROGRAMS.join(', ')}; default: the first that is installed.`,
      },
      save: { about: 'Of a remote desktop: only save its .rdp file with your downloads.' },
    },
    about:
      'Open a web service in the browser, signed in by this device; any other one in a program of this computer.',
    exits: [3, 4, 5],
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
  settings: {
    takes: [],
    mayTake: ['setting', 'value'],
    options: {
      user: { value: 'NAME', about: 'Of a proxy that asks for one; the password is asked for.' },
      yes: YES,
    },
    usage: 'settings [setting] [value] [--user NAME] [--yes]',
    about: 'Show the settings of this computer, one of them, or change it.',
    exits: [4],
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
    usage:
      'kubeconfig on [service] [--context NAME] | kubeconfig off [service] [--context NAME] | kubeconfig show',
    about:
      'Add Kubernetes services to ~/.kube/banyan, or a proxy to a cluster of your own kubeconfig; or take them out.',
    exits: [3, 4],
  },
  'kube-token': {
    takes: ['service'],
    about:
      'Print a token for the cluster of a service as an ExecCredential, which kubectl asks for: good for minutes, there alone.',
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
    options: {
      'exit-with-parent': WITH_PARENT,
      'install-service': { about: 'Write a user unit of systemd that runs it from your login on.' },
      'remove-service': { about: 'Remove that unit again.' },
    },
    about: 'Run the client in this terminal until Ctrl-C.',
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
    about:
      'Try every step of the way to a service or to the organisation; ends with 1 where one of them fails.',
    exits: [3],
  },
  logs: {
    takes: [],
    options: { follow: { about: 'Go on with what is added, until Ctrl-C.' } },
    about: 'What the client that runs has noted.',
  },
  connections: {
    takes: [],
    mayTake: ['service'],
    about: 'The last connections that programs made: where to, how much, how long, how they ended.',
    exits: [3, 4],
  },
  updates: {
    takes: [],
    options: {
      check: { about: 'Look for a newer version of the app now.' },
      install: { about: 'Restart the app as the newer version that is ready.' },
    },
    usage: 'updates [--check | --install]',
    about: 'How it stands with newer versions of the app.',
  },
  certs: {
    takes: [],
    about: 'The certificates of this device and this session: for whom, by whom, until when.',
  },
  env: {
    takes: [],
    mayTake: ['service'],
    options: { shell: { value: 'NAME', about: `For ${SHELL_NAMES.join(', ')}; default: yours.` } },
    about:
      'Print variables that lead programs to a service, and to the certificates. In bash: eval "$(banyan env <service>)".',
    exits: [3, 4],
  },
  posture: {
    takes: [],
    options: { check: { about: 'Look at this computer anew, and report it.' } },
    about: 'What your organisation is told about the safety of this computer, and how to mend it.',
    exits: [3],
  },
  completion: {
    takes: ['shell'],
    usage: 'completion bash|zsh|fish',
    about: 'Print what completes commands, options and names of services in your shell.',
  },
  quit: { takes: [], about: 'Stop the client that runs.' },
} as const satisfies Record<string, CommandFacts>;

export type CommandName = keyof typeof COMMANDS;
