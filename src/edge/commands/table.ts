// Every command of `banyan-edge`, what it takes and what it is for: read by the parser and printed as help.
import { OWNERSHIPS } from '../../shared/model/device.ts';
import { SERVICE_TYPES } from '../../shared/model/service.ts';
import { MOST_USES } from '../enrolment/invites.ts';

export interface OptionFacts {
  /** What its value is called; absent: it has none. */
  value?: string;
  /** May be given several times. */
  isList?: true;
  about: string;
}

export interface CommandFacts {
  /** Names of what must follow the command. */
  takes?: readonly string[];
  options?: Readonly<Record<string, OptionFacts>>;
  about: string;
}

const REASON: OptionFacts = { value: 'TEXT', about: 'Why; the person may read it.' };
const FILE = { takes: ['file'] } as const;
const DESCRIPTION: OptionFacts = { value: 'TEXT', about: 'What it is, for people.' };

const SERVICE_OPTIONS = {
  type: {
    value: 'TYPE',
    about: `${SERVICE_TYPES.join(', ')}; GENERIC is "Other TCP Service". Default: GENERIC.`,
  },
  domain: { value: 'NAME', about: 'Name that people and certificates know it by.' },
  'friendly-name': { value: 'TEXT', about: 'Name in the app; default: its name.' },
  description: DESCRIPTION,
  cluster: { value: 'NAME', about: 'Part of its id; default: main.' },
  'http-connect': {
    about: 'A collection: the client names the backend, by HTTP CONNECT.',
  },
  backend: { value: 'HOST:PORT', about: 'The one backend, where it is no collection.' },
  'backend-tls': { about: 'The backend speaks TLS.' },
  'allow-hostname': {
    value: 'NAME',
    isList: true,
    about: 'Backend Allowed Hostname; a * may begin or end it.',
  },
  'allow-cidr': {
    value: 'CIDR',
    isList: true,
    about: 'Backend Allowed CIDR; with hostnames, both have to match.',
  },
  'allow-port': { value: 'PORT|FROM-TO', isList: true, about: 'Allowed ports; default: all.' },
  'dns-override': {
    value: 'NAME=NAME',
    isList: true,
    about: 'Dial another name or address instead of a name.',
  },
  port: {
    value: 'PORT',
    about: 'Met at this port of its own; default: that of the Access Tier.',
  },
  'listen-port': {
    value: 'PORT',
    about: 'Assigned Listen Port of the app; default: any free one.',
  },
  'no-override': { about: 'People may not use another port.' },
  'proxy-domain': {
    value: 'NAME',
    isList: true,
    about: 'Domains to Proxy: the others are dialled directly. Blank for Kubernetes.',
  },
  policy: { value: 'POLICY', about: 'Attach this policy too.' },
  permissive: { about: 'With --policy: let everybody in and only note who would not be.' },
} as const satisfies Record<string, OptionFacts>;

const ROLE_OPTIONS = {
  group: { value: 'GROUP', isList: true, about: 'Members of one of these.' },
  email: { value: 'E-MAIL', isList: true, about: 'One of these people.' },
  ownership: {
    value: 'WORDS',
    isList: true,
    about: `On devices that are one of: ${OWNERSHIPS.join(', ')}.`,
  },
  platform: {
    value: 'NAME',
    isList: true,
    about: 'On one of: Windows, macOS, Linux, iOS, Android, Unregistered.',
  },
  serial: { value: 'NUMBER', isList: true, about: 'On devices with one of these serial numbers.' },
  'known-device-only': { about: 'Only on registered devices.' },
  'managed-only': { about: 'Only on devices that a Device Manager vouches for.' },
  description: DESCRIPTION,
} as const satisfies Record<string, OptionFacts>;

const POLICY_OPTIONS = {
  role: { value: 'ROLE', isList: true, about: 'Who may; any of them suffices.' },
  'trust-level': { value: 'LEVEL', about: 'Low, Medium or High at least; default: none.' },
  for: { value: 'tcp|web', about: 'What it is intended for; default: tcp.' },
  from: { value: 'TIME', about: 'Not before, e.g. 2026-12-01T08:00:00Z.' },
  until: { value: 'TIME', about: 'Not after.' },
  description: DESCRIPTION,
} as const satisfies Record<string, OptionFacts>;

const JSON_OPTION = { json: { about: 'Print one line of JSON when ready.' } };

export const COMMANDS = {
  start: {
    options: { config: { value: 'FILE', about: 'Its configuration.' }, ...JSON_OPTION },
    about: 'Run an organisation in the foreground, until SIGTERM or Ctrl-C.',
  },
  demo: {
    options: {
      data: { value: 'DIR', about: 'Keep everything there; default: a folder that is deleted.' },
      ...JSON_OPTION,
      'access-tier-port': { value: 'N', about: 'Default: 8443 when it is free, else a free one.' },
      'deployment-uses': {
        value: 'N',
        about: `Also print an invite for N devices (${MOST_USES} at most), for thirty days.`,
      },
      'exit-with-parent': { about: 'Stop when standard input ends.' },
    },
    about: 'Run a demo organisation on this machine only, until Ctrl-C.',
  },
  status: { about: 'The edge that runs: what it is called, where it is, what it has.' },
  'ssh-authority': {
    about: 'The line for TrustedUserCAKeys: SSH servers that have it know people by certificate.',
  },

  'service list': { about: 'All services, with the policy that is attached.' },
  'service show': { takes: ['service'], about: 'Its document, as it was given.' },
  'service create': {
    takes: ['name'],
    options: SERVICE_OPTIONS,
    about: 'Register a service, as the form of a console would.',
  },
  'service put': { ...FILE, about: 'Insert or overwrite one by its JSON; - is standard input.' },
  'service enable': { takes: ['service'], about: 'Switch it on.' },
  'service disable': { takes: ['service'], about: 'Switch it off: it ends for everybody, now.' },
  'service delete': { takes: ['service'], about: 'Remove it; it has to be disabled.' },

  'role list': { about: 'All roles, and the policies that use them.' },
  'role show': { takes: ['role'], about: 'Its document.' },
  'role create': { takes: ['name'], options: ROLE_OPTIONS, about: 'Make a role of attributes.' },
  'role put': { ...FILE, about: 'Insert or overwrite one by its JSON; - is standard input.' },
  'role enable': { takes: ['role'], about: 'Switch it on.' },
  'role disable': { takes: ['role'], about: 'Switch it off: nobody has it.' },
  'role delete': { takes: ['role'], about: 'Remove one that no policy uses.' },

  'policy list': { about: 'All policies, and the services that they are attached to.' },
  'policy show': { takes: ['policy'], about: 'Its document.' },
  'policy create': {
    takes: ['name'],
    options: POLICY_OPTIONS,
    about: 'Make a Basic Authorization Policy for Users.',
  },
  'policy put': { ...FILE, about: 'Insert or overwrite one by its JSON; - is standard input.' },
  'policy delete': { takes: ['policy'], about: 'Remove one that is attached to nothing.' },
  attach: {
    takes: ['policy', 'service'],
    options: {
      mode: { value: 'MODE', about: 'enforcing or permissive; default: enforcing.' },
    },
    about: 'Attach a policy to a service, instead of the one before.',
  },
  detach: { takes: ['service'], about: 'Take the policy off: nobody gets in any more.' },

  'user list': { about: 'Local people.' },
  'user add': {
    takes: ['e-mail'],
    options: {
      name: { value: 'TEXT', about: 'Default: the e-mail.' },
      group: { value: 'GROUP', isList: true, about: 'Groups, for roles.' },
    },
    about: 'Let somebody sign in; the password is asked for, or the first line of standard input.',
  },
  'user password': { takes: ['e-mail'], about: 'Set a new password; their sign-ins end.' },
  'user groups': {
    takes: ['e-mail'],
    options: { group: { value: 'GROUP', isList: true, about: 'All groups from now on.' } },
    about: 'Set the groups; without --group there are none.',
  },
  'user disable': { takes: ['e-mail'], about: 'Let them sign in no more; their sign-ins end.' },
  'user enable': { takes: ['e-mail'], about: 'Let them sign in again.' },
  'user delete': { takes: ['e-mail'], about: 'Remove them; their sign-ins end.' },

  'device list': { about: 'Registered devices, with trust level and state.' },
  'device ban': {
    takes: ['device'],
    options: { reason: REASON },
    about: 'Its sign-ins end, and it gets none until it is unbanned.',
  },
  'device unban': { takes: ['device'], about: 'Accept it again.' },
  'device revoke': {
    takes: ['device'],
    options: { reason: REASON },
    about: 'Accept it no more, for good: it has to register again.',
  },
  'device cap': {
    takes: ['device', 'level'],
    options: { reason: REASON },
    about: 'No more than this trust level, whatever it says of itself; none lifts the cap.',
  },

  'session list': { about: 'Sign-ins that are live.' },
  'session end': {
    options: {
      id: { value: 'SESSION', about: 'This one.' },
      device: { value: 'DEVICE', about: 'All of a device.' },
      user: { value: 'E-MAIL', about: 'All of a person.' },
      reason: REASON,
    },
    about: 'End sign-ins, and what runs by them.',
  },

  'invite create': {
    options: { hours: { value: 'N', about: 'Good so long, 1 to 168; default: 24.' } },
    about: 'A link that registers one device.',
  },
  'invite deployment': {
    takes: ['name'],
    options: {
      uses: { value: 'N', about: `For so many devices, ${MOST_USES} at most.` },
      days: { value: 'N', about: 'Good so long, 1 to 366; default: 30.' },
    },
    about: 'A link that registers many devices (docs/how-to/deploy.md).',
  },
  'invite list': { about: 'Deployment invites and their uses.' },
  'invite revoke': { takes: ['invite'], about: 'Register no further device by it.' },

  'settings show': { about: 'TrustProvider settings.' },
  'settings set': {
    options: {
      'token-lifetime': { value: 'HOURS', about: 'Of TrustToken and TrustCert: 2 to 72.' },
      'unregistered-devices': {
        value: 'dropped|allowed',
        about: 'Whether browsers without a registered device may sign in to web services.',
      },
    },
    about: 'Change them; what was issued stays as it is.',
  },
  'settings trust-manager': {
    takes: ['name', 'file'],
    options: {
      ownership: { value: 'WORDS', about: `Whose its devices are; default: ${OWNERSHIPS[0]}.` },
    },
    about: 'Accept device certificates of this Device Manager CA (PEM).',
  },
  'settings distrust-manager': { takes: ['name'], about: 'Accept them no more; sign-ins end.' },

  'api-key create': {
    options: {
      name: { value: 'NAME', about: 'Whose it is, for the audit: a program or a machine.' },
      role: { value: 'ROLE', about: 'read or write; default: read.' },
      days: { value: 'N', about: 'Good so long, 1 to 366; default: 90.' },
    },
    about: 'A key for administering over the network (REST). It is shown this once.',
  },
  'api-key list': { about: 'Keys, until when they are good and when they were used last.' },
  'api-key revoke': { takes: ['name'], about: 'Accept it no more, from now on.' },

  audit: {
    options: {
      last: { value: 'N', about: 'So many, 10000 at most; default: 50.' },
      event: { value: 'EVENT', about: 'Only of this kind, e.g. connection or change.' },
      refused: { about: 'Only what was refused.' },
      about: {
        value: 'WHAT',
        about: 'Only about this person, device, service, address or correlation id.',
      },
      follow: { about: 'Go on with what is added, until Ctrl-C.' },
    },
    about: 'Every decision and every change, the newest last.',
  },
} as const satisfies Record<string, CommandFacts>;

export type CommandName = keyof typeof COMMANDS;
