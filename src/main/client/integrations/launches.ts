// What a program is given when a click starts it for a service: words, one by one, that no shell reads. What comes from an
// organisation stands behind "--" or within an option, and is refused where it is more than a name or a number.
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { exhaustive } from '../../../shared/exhaustive.ts';
import type { ClientProgram } from '../../../shared/model/client-program.ts';
import {
  databaseProgramsFor,
  databaseWords,
  hostKeyAlias,
  sshCertificateWords,
  pacUrl,
  theSshHost,
  webTarget,
} from '../../../shared/model/commands.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { LocalAddress } from '../../../shared/model/tunnel.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';
import type { Launch } from '../ports.ts';

export interface LaunchFacts {
  /** Hosts of its entry in the person's SSH configuration: those that she has said yes to. */
  sshEntry: string | undefined;
  /** Kubeconfigs of the person, with a cluster of this service in the last one; null: none has it. */
  kubeconfigs: readonly string[] | null;
  /** Folder of the `login-*` files. */
  certificates: string;
  /** Where a browser keeps what belongs to this service alone. */
  profile: string;
}

/** null address: not connected, which an entry for ssh does without. */
export function launchOf(
  program: ClientProgram,
  service: Service,
  address: LocalAddress | null,
  facts: LaunchFacts,
): Launch {
  if (program === 'ssh' && facts.sshEntry !== undefined) {
    return { program, words: ['--', name(theSshHost(facts.sshEntry) ?? '')] };
  }
  if (!address) throw notConnected(service);
  switch (program) {
    case 'ssh':
      return { program, words: sshWords(service, address, facts) };
    case 'psql':
    case 'redis-cli':
      return { program, words: databaseWords(program, address).slice(1) };
    case 'mysql':
      // Else it would try without one, and end.
      return { program, words: [...databaseWords(program, address).slice(1), '--password'] };
    case 'dbeaver':
      return { program, words: ['-con', dbeaverConnection(service, address)] };
    case 'chromium':
      return { program, words: chromiumWords(service, address, facts) };
    case 'firefox':
      return { program, words: ['--new-instance', '--profile', facts.profile, page(service)] };
    case 'kubectl':
      return { program, words: [], environment: kubernetesVariables(address, facts) };
    default:
      return exhaustive(program);
  }
}

/** Of what an organisation has named; decoded as such already, and nothing a program would take for an option. */
function name(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$/.test(text)) return text;
  throw new AppError(
    'program/not-started',
    'The name of this service cannot be given to programs.',
  );
}

const sshWords = (
  service: Service,
  { host, port }: LocalAddress,
  { certificates }: LaunchFacts,
): string[] => [
  '-p',
  `${port}`,
  '-o',
  `HostKeyAlias=${name(hostKeyAlias(service))}`,
  ...sshCertificateWords(service, certificates, path.sep),
  '--',
  host,
];

/** DBeaver's own list of `key=value`; it asks for user and password itself. */
function dbeaverConnection(service: Service, { host, port }: LocalAddress): string {
  const isMysql = databaseProgramsFor(service)[0] === 'mysql';
  const facts = {
    driver: isMysql ? 'mysql' : 'postgresql',
    host,
    port,
    name: name(service.name),
    create: true,
    save: false,
    connect: true,
  };
  return Object.entries(facts)
    .map(([key, value]) => `${key}=${value}`)
    .join('|');
}

/** The first host of the collection that has a port for the web, where it names one. */
function page(service: Service): string {
  const target = service.allowedTargets.length > 0 ? webTarget(service) : null;
  if (target === null) return 'about:blank';
  const url = target.endsWith(':443') ? `https://${target}/` : `http://${target}/`;
  return URL.canParse(url) ? new URL(url).href : 'about:blank';
}

const chromiumWords = (
  service: Service,
  address: LocalAddress,
  { profile }: LaunchFacts,
): string[] => [
  `--user-data-dir=${profile}`,
  `--proxy-pac-url=${pacUrl(address)}`,
  '--no-first-run',
  '--no-default-browser-check',
  page(service),
];

/** The only way to tell Firefox; read at each of its starts. */
export const firefoxPreferences = (address: LocalAddress): string =>
  [
    ['network.proxy.type', 2],
    ['network.proxy.autoconfig_url', pacUrl(address)],
    ['browser.shell.checkDefaultBrowser', false],
    ['browser.aboutwelcome.enabled', false],
  ]
    .map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`)
    .join('');

const kubernetesVariables = (
  address: LocalAddress,
  { kubeconfigs }: LaunchFacts,
): Record<string, string> =>
  kubeconfigs
    ? { KUBECONFIG: kubeconfigs.join(path.delimiter) }
    : { https_proxy: `http://${formatHostPort(address)}` };

export const notConnected = ({ friendlyName }: Service): AppError =>
  new AppError('program/not-connected', `${friendlyName} is not connected.`);
