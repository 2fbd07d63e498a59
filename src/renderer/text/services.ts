// Words of the service list and its details.
import { exhaustive } from '../../shared/exhaustive.ts';
import { type AddressProblem, USUAL_HOST } from '../../shared/model/listen-address.ts';
import type {
  ConnectHindrance,
  PortChoice,
  Service,
  ServiceType,
} from '../../shared/model/service.ts';
import type { LocalAddress } from '../../shared/model/tunnel.ts';
import type { StateFilter } from '../stores/view.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';

export const typeNames: Record<ServiceType, string> = {
  WEB: 'Web',
  SSH: 'SSH',
  RDP: 'Remote desktop',
  K8S: 'Kubernetes',
  DATABASE: 'Database',
  GENERIC: 'TCP',
};

/** e.g. `Kubernetes`, `SSH collection`. */
export const kindOf = (service: Service): string =>
  service.mode === 'CHAIN' && service.type !== 'K8S'
    ? `${typeNames[service.type]} collection`
    : typeNames[service.type];

export const stateWords = {
  opening: 'Connecting…',
  open: 'Connected',
  /** The port listens, the Access Tier cannot be reached. */
  reconnecting: 'Reconnecting…',
  /** Connections wait for a new certificate. */
  waiting: 'Waiting for sign-in',
  closing: 'Disconnecting…',
  failed: 'Failed',
  denied: 'Not available',
  /** The client cannot be heard: what it said last is not shown as true. */
  unknown: 'Checking…',
};

export const servicesText = {
  title: 'Services',
  greeting: (name: string) => `Hello ${name}`,
  search: 'Find a service',
  clearSearch: 'Clear search',
  groups: {
    attention: 'Needs attention',
    connected: 'Connected',
    available: 'Available',
    denied: 'Not available',
  },
  connect: 'Connect',
  open: 'Open',
  link: {
    open: {
      title: (name: string) => `Open ${name}?`,
      help: (organisation: string) =>
        `A link has asked for it. It opens in your browser, where you are then signed in to ${organisation}. Go on only if you have just clicked that link.`,
      yes: 'Open',
    },
    connect: {
      title: (name: string) => `Connect ${name}?`,
      help: (organisation: string) =>
        `A link has asked for it. Programs on this computer then reach it through ${organisation}, in your name. Go on only if you have just clicked that link.`,
      yes: 'Connect',
    },
  },
  disconnect: 'Disconnect',
  cancel: 'Cancel',
  retry: 'Retry',
  signIn: 'Sign in',
  loading: 'Loading your services…',
  emptyTitle: 'Nothing allowed for you yet',
  empty: (organisation: string) =>
    `When your administrator gives you access to a service in ${organisation}, it appears here by itself.`,
  refresh: 'Check again',
  noMatch: (query: string) => `No service matches “${query}”`,
  noneLike: (filters: readonly string[]) => `Nothing is “${filters.join('” and “')}” now`,
  amongOnly: (filters: readonly string[]) =>
    `Only “${filters.join('” and “')}” is shown: what you look for may be among the others.`,
  followsByItself: 'What becomes so appears here by itself.',
  clearFilters: (on: number) => (on === 1 ? 'Clear the filter' : 'Clear both filters'),
  filterStates: 'Show only a state',
  filterTypes: 'Show only a type',
  allServices: 'All',
  noMatchHelp: 'Search looks at names, types and addresses.',
  staleTitle: 'This list may be out of date',
  copyAddress: (address: string) => `Copy ${address}`,
  carried: (received: string, sent: string) => `${received} received, ${sent} sent`,
  how: 'How to use it',
  /** In the row of a connected service: one of its connections did not come about. */
  failedAt: (time: string) => `Failed at ${time}`,
  failedOf: (name: string, time: string) => `A connection to ${name} failed at ${time}: details`,
  howOf: (name: string) => `How to use it: ${name}`,
  detailsOf: (name: string) => `Details of ${name}`,
  star: (name: string) => `Favourite: ${name}`,
  favourites: 'Favourites',
  why: 'Why?',
  whyNot: (name: string) => `Why is ${name} not available?`,
};

export const filterWords = {
  favourites: servicesText.favourites,
  connected: servicesText.groups.connected,
  failed: stateWords.failed,
  denied: stateWords.denied,
  ...typeNames,
} satisfies Record<StateFilter | ServiceType, string>;

/** Why there is no Connect, where "not allowed" is not the reason. */
export const hindranceText: Record<
  Exclude<ConnectHindrance, 'denied'>,
  { word: string; sentence: string }
> = {
  web: {
    word: 'In the browser',
    sentence:
      'This is a web service: there is nothing to connect. It opens in your browser, and this device vouches for you there.',
  },
  'rdp-gateway': {
    word: 'Not supported yet',
    sentence:
      'It is set to RDP gateway mode, which Banyan does not speak. Remote desktop works in TCP mode: ask your administrator to set it.',
  },
  'kubernetes-domains': {
    word: 'Not set up correctly',
    sentence:
      'Kubernetes works only without "Domains to Proxy". Ask your administrator to leave it blank.',
  },
  'daisy-chain-domains': {
    word: 'Not set up correctly',
    sentence:
      'A service in HTTP_CONNECT_DAISY_CHAIN mode takes no "Domains to Proxy". Ask your administrator to leave it blank, or to use CHAIN.',
  },
};

export const detailsText = {
  how: servicesText.how,
  address: 'Local address',
  domain: 'Service',
  traffic: 'So far',
  reconnecting: 'Reconnecting by itself',
  port: 'Where it listens',
  targets: 'What you can reach through it',
  everything: 'Everything this service forwards',
  anyHost: 'Any host',
  anyPort: 'any port',
  ports: (ports: readonly string[]) =>
    ports.length === 1 && !ports[0]?.includes('-')
      ? `port ${ports[0]}`
      : `ports ${ports.join(', ').replaceAll('-', '–')}`,
  ended: (time: string) => `A connection was ended at ${time}`,
  refused: (time: string) => `A connection was refused at ${time}`,
  unanswered: (time: string) => `A connection got no answer at ${time}`,
  notAvailable: 'Not available to you',
  toFix: 'What to fix on this device',
  atLevel: (level: string) => `Its trust level is ${level} now.`,
  noneToFix: 'Every check of this device that Banyan knows of passes: ask your administrator.',
  thisDevice: 'Show this device',
  byAdministrator: 'Only your administrator can change that.',
  through: (kind: string, organisation: string) => `${kind} through ${organisation}`,
};

export const autoConnectText = {
  label: 'Connect automatically',
  of: (name: string) => `Connect automatically: ${name}`,
  /** `organisation`: where its administrator has marked the service for it. */
  means(isOn: boolean, organisation: string | null): string {
    if (isOn) {
      const whose = organisation === null ? '' : ` ${organisation} has asked for it.`;
      return `Connects by itself from your next sign-in on.${whose}`;
    }
    return organisation === null
      ? 'Connects only when you press Connect.'
      : `Connects only when you press Connect. ${organisation} would have it connect by itself.`;
  },
  stopped: 'Switched off for every service in the settings.',
  toSettings: 'Open settings',
  locked: (by: string) => `${by} has switched this off for every service.`,
};

/** `port 9000`, or with its address where that is not the usual one. */
export const listenWords = ({ host, port }: LocalAddress): string =>
  host === USUAL_HOST ? `port ${port}` : formatHostPort({ host, port });

export const portText = {
  label: 'Listen port',
  address: 'Listen address',
  assigned: (port: number) => `assigned ${port}`,
  addressProblems: {
    empty: 'Enter an address, e.g. 127.0.0.1.',
    form: 'Write the address itself: 127.0.0.1, another 127.*, or ::1.',
    'not-loopback':
      'Anybody in the network could use the service there. Use 127.0.0.1, another 127.*, or ::1.',
  } satisfies Record<AddressProblem, string>,
  save: 'Save',
  reset: (port: number | null) => (port === null ? 'Reset' : `Reset to ${port}`),
  empty: 'Enter a port.',
  notNumber: 'A port is a whole number.',
  outOfRange: 'A port is between 1 and 65535.',
  low: 'Ports below 1024 often need administrator rights.',
  moves: 'The open connection moves there.',
  kept: (address: LocalAddress) => `Still connected on ${listenWords(address)}`,
  notFree: (port: number, holder: string | undefined) =>
    `Port ${port} is in use by ${holder ?? 'another program'}. Quit that program, or choose another port.`,
  take: (port: number) => `Use ${port}`,
  notTaken: 'The new port could not be used. Choose another one.',
  locked: (organisation: string) =>
    `${organisation} does not allow another address or port for this service.`,
  setAside: (own: LocalAddress) =>
    `Your own ${listenWords(own)} is set aside. It comes back if this is allowed again.`,
  placeholder: 'Chosen on connect',
  source(choice: PortChoice, assigned: number | null, organisation: string): string {
    switch (choice.source) {
      case 'override':
        return assigned === null
          ? 'Your own; otherwise a free port at 127.0.0.1 is chosen.'
          : `Your own; ${organisation} assigned ${USUAL_HOST}:${assigned}.`;
      case 'assigned':
        return `Assigned by ${organisation}.`;
      case 'chosen':
        return choice.port === null
          ? 'A free port is chosen when you first connect, then kept.'
          : 'A free port, chosen once and kept.';
      default:
        return exhaustive(choice.source);
    }
  },
};

export const serviceActivityText = {
  throughput: 'In the last minute',
  idle: 'nothing was carried',
  now: (bytes: string) => `${bytes}/s now`,
  atMost: (bytes: string) => `at most ${bytes}/s`,
  none: 'No program has used it yet.',
  all: (count: number) =>
    count === 1 ? 'Show it in Activity' : `Show all ${count} connections in Activity`,
};

export const announceText = {
  signedIn: (name: string) => `Signed in as ${name}`,
  sessionEnded: 'Your session has ended',
  opening: (name: string) => `Connecting ${name}`,
  open: (name: string, address: string) => `${name} connected at ${address}`,
  closed: (name: string) => `${name} disconnected`,
  failed: (name: string, message: string) => `${name} failed. ${message}`,
  lost: (name: string, message: string) => `${name} is reconnecting. ${message}`,
  back: (name: string) => `${name} is connected again`,
};
