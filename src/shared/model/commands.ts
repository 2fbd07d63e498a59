// What a person types or fills in to use a service, by type and mode, with the real address filled in.
import { formatHostPort } from '../protocol/host-port.ts';
import { commandLine, type Shell } from './quoting.ts';
import { type Service, sendsEverything } from './service.ts';
import type { LocalAddress } from './tunnel.ts';

/** Something to copy, as a whole. */
export interface CopyLine {
  /** What it is, where several stand together. */
  name?: string;
  text: string;
}

/** One way to use a service: the name of its tab, and what to copy. */
export interface Way {
  label: string;
  lines: readonly CopyLine[];
  /** What to know before. */
  about?: string;
}

export interface Surroundings {
  shell: Shell;
  /** Folder of the `login-*.pem` files. */
  certificatesFolder: string;
  /** The person's SSH configuration has an entry for the service. */
  sshEntry?: boolean;
  /** A kubeconfig of ours, the last of these beside the person's, has a context for the service. */
  cluster?: { files: readonly string[]; context: string };
}

/** Ways to use it at this local address, the most usual first. */
export function waysToUse(
  service: Service,
  /** null: not known before the first Connect. */
  address: LocalAddress | null,
  around: Surroundings,
): Way[] {
  const { shell } = around;
  if (service.type === 'SSH' && around.sshEntry) return sshByName(service, shell);
  if (!address) return [];
  if (service.type === 'SSH') return sshWays(service, address, around);
  if (service.mode === 'CHAIN') {
    return service.type === 'K8S'
      ? kubernetesWays(service, address, around)
      : collectionWays(service, address, shell);
  }
  switch (service.type) {
    case 'RDP':
      return desktopWays(address, shell);
    case 'DATABASE':
      return databaseWays(service, address, shell);
    default:
      return plainWays(service, address, around);
  }
}

const one = (label: string, text: string, about?: string): Way => ({
  label,
  lines: [{ text }],
  ...(about && { about }),
});

const proxyVariable = (address: LocalAddress) => ({
  https_proxy: `http://${formatHostPort(address)}`,
});

/** For programs that speak http, too. */
const proxyVariables = (address: LocalAddress) => ({
  http_proxy: `http://${formatHostPort(address)}`,
  ...proxyVariable(address),
});

function kubernetesWays(service: Service, address: LocalAddress, around: Surroundings): Way[] {
  const { shell, cluster } = around;
  const line = (...words: string[]): string => commandLine(shell, words);
  const variable = one(
    'kubectl',
    commandLine(shell, ['kubectl', 'get', 'pods'], proxyVariable(address)),
  );
  if (!cluster) {
    const context = line('banyan', 'kubeconfig', 'on', service.name, '--context', 'NAME');
    return [
      variable,
      one(
        'My context',
        context,
        'Puts proxy-url into the cluster of that context, and nothing else.',
      ),
    ];
  }
  const words = ['kubectl', '--context', cluster.context, 'get', 'pods'];
  const KUBECONFIG = cluster.files.join(shell === 'powershell' ? ';' : ':');
  return [one('Cluster', commandLine(shell, words, { KUBECONFIG })), variable];
}

/** The host key belongs to the service, not to whatever port of this computer leads to it. */
export const hostKeyAlias = ({ id }: Service): string => id;

/** What a person types after `ssh` where an entry is for these hosts; null: only she knows which one. */
export function theSshHost(hosts: string): string | null {
  const [first = ''] = hosts.split(' ');
  return first === '' || /[*?]/.test(first) ? null : first;
}

function sshByName(service: Service, shell: Shell): Way[] {
  const line = (...words: string[]): string => commandLine(shell, words);
  const target = theSshHost(service.sshHosts ?? service.name) ?? 'HOST';
  return [
    one('ssh', line('ssh', target)),
    one('scp', line('scp', 'FILE', `${target}:`)),
    one('rsync', line('rsync', '-a', 'FOLDER/', `${target}:FOLDER/`)),
    one('git', line('git', 'clone', `${target}:REPOSITORY`)),
  ];
}

function sshWays(service: Service, address: LocalAddress, around: Surroundings): Way[] {
  const line = (...words: string[]): string => commandLine(around.shell, words);
  if (service.mode === 'CHAIN') {
    const proxy = `ProxyCommand=nc -X connect -x ${formatHostPort(address)} %h %p`;
    return [one('ssh', line('ssh', '-o', proxy, 'HOST')), proxyWay(address)];
  }
  const hostKey = `HostKeyAlias=${hostKeyAlias(service)}`;
  const alias = [
    '-o',
    hostKey,
    ...sshCertificateWords(service, around.certificatesFolder, fileSeparator(around.shell)),
  ];
  const { host, port } = address;
  return [
    one('ssh', line('ssh', '-p', `${port}`, ...alias, host)),
    one('scp', line('scp', '-P', `${port}`, ...alias, 'FILE', `${bracketed(host)}:`)),
    one(
      'git',
      line(
        'git',
        'clone',
        '--config',
        `core.sshCommand=ssh -o ${hostKey}`,
        `ssh://${formatHostPort(address)}/REPOSITORY`,
      ),
    ),
  ];
}

/** Where the administrator has set it up for SSH certificates. */
export const sshCertificateWords = (
  { sshCertificates = 'TRUSTCERT' }: Service,
  folder: string,
  separator: string,
): string[] =>
  sshCertificates === 'TRUSTCERT'
    ? []
    : ['-o', `IdentityFile=${sshFile(`${folder}${separator}login-key.pem`)}`];

/** As ssh_config(5) reads a file name: in quotes where it is odd, and `%` is a token. */
export const sshFile = (file: string): string =>
  /^[A-Za-z0-9_@+=:,./-]+$/.test(file)
    ? file
    : `"${file.replaceAll('%', '%%').replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;

const fileSeparator = (shell: Shell): string => (shell === 'powershell' ? '\\' : '/');

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** For a program's own settings. */
const proxyWay = ({ host, port }: LocalAddress): Way => ({
  label: 'Proxy',
  lines: [
    { name: 'Host', text: host },
    { name: 'Port', text: `${port}` },
  ],
  about: 'For the HTTP proxy box of a program: no user, no password.',
});

/** For browsers: what the collection has goes through it. */
export const pacUrl = (address: LocalAddress): string =>
  `http://${formatHostPort(address)}/proxy.pac`;

function collectionWays(service: Service, address: LocalAddress, shell: Shell): Way[] {
  const at = formatHostPort(address);
  const target = webTarget(service);
  const curl = ['--proxytunnel', '--proxy', `http://${at}`, `http://${target}/`];
  return [
    proxyWay(address),
    one(
      'Browser',
      pacUrl(address),
      sendsEverything(service)
        ? 'As the address of an automatic proxy configuration, in a browser or profile of its own: everything goes through it there, and what is not part of the collection is refused.'
        : 'As the address of an automatic proxy configuration. All else goes its usual way.',
    ),
    ...(target ? [one('curl', commandLine(shell, [curlOf(shell), ...curl]))] : []),
    // For one program, not exported: everything else of the shell would go through the collection and be refused.
    one('Terminal', commandLine(shell, ['PROGRAM'], proxyVariables(address))),
  ];
}

/** In Windows PowerShell `curl` is something else. */
const curlOf = (shell: Shell): string => (shell === 'powershell' ? 'curl.exe' : 'curl');

const DATABASES = {
  psql: { name: /postgres|psql|(?:^|[^a-z])pg(?:[^a-z]|$)/, port: 5432 },
  mysql: { name: /mysql|maria/, port: 3306 },
  'redis-cli': { name: /redis|valkey/, port: 6379 },
} as const;
export type DatabaseProgram = keyof typeof DATABASES;
const databasePrograms = Object.keys(DATABASES) as DatabaseProgram[];

/** Which it is, where its name or the port that was assigned tells; else any of them. */
export function databaseProgramsFor(service: Service): DatabaseProgram[] {
  const names = `${service.name} ${service.friendlyName}`.toLowerCase();
  const byName = databasePrograms.filter((program) => DATABASES[program].name.test(names));
  if (byName.length > 0) return byName;
  const byPort = databasePrograms.filter(
    (program) => DATABASES[program].port === service.assignedPort,
  );
  return byPort.length > 0 ? byPort : databasePrograms;
}

const SCHEMES: Record<DatabaseProgram, string> = {
  psql: 'postgresql',
  mysql: 'mysql',
  'redis-cli': 'redis',
};

/** That of this computer first. */
function desktopWays(address: LocalAddress, shell: Shell): Way[] {
  const at = formatHostPort(address);
  const windows = one('Windows', `mstsc /v:${at}`);
  const linux = one('Linux', `xfreerdp /v:${at}`);
  const about = 'As the name of the computer in any remote desktop program.';
  return [
    ...(shell === 'powershell' ? [windows, linux] : [linux, windows]),
    one('Elsewhere', at, about),
  ];
}

/** Where a program takes the whole address as one. */
export const databaseUrl = (program: DatabaseProgram, address: LocalAddress): string =>
  `${SCHEMES[program]}://${formatHostPort(address)}/`;

export function databaseWords(program: DatabaseProgram, { host, port }: LocalAddress): string[] {
  return program === 'redis-cli'
    ? [program, '-h', host, '-p', `${port}`]
    : [program, `--host=${host}`, `--port=${port}`];
}

const databaseWays = (service: Service, address: LocalAddress, shell: Shell): Way[] =>
  databaseProgramsFor(service).map((program) => ({
    label: program,
    lines: [
      { name: 'Command', text: commandLine(shell, databaseWords(program, address)) },
      { name: 'URL', text: databaseUrl(program, address) },
    ],
    ...(ABOUT[program] && { about: ABOUT[program] }),
  }));

/** Nobody here knows who somebody is to the database. */
const ABOUT: Partial<Record<DatabaseProgram, string>> = {
  psql: 'Your user and database go with it, such as: -U USER -d DATABASE. In the URL: USER@ before the address, and the database at its end.',
  mysql: 'Your user goes with it, such as: -u USER -p. In the URL: USER@ before the address.',
};

/** Nobody knows what it speaks: HTTP is what most do. */
const plainWays = (service: Service, address: LocalAddress, around: Surroundings): Way[] => [
  one(
    'If it is HTTP',
    commandLine(around.shell, [curlOf(around.shell), `http://${formatHostPort(address)}/`]),
  ),
  one(
    'With certificates',
    curlWithCertificates(service, around),
    'Straight to the service, as long as you are signed in. It needs no Connect.',
  ),
];

/** The line of the seeds. `--connect-to` where the service's own name leads nowhere. */
export function curlWithCertificates(
  { domain, accessTier, ca }: Service,
  { shell, certificatesFolder }: Surroundings,
): string {
  const separator = fileSeparator(shell);
  const file = (name: string): string => `${certificatesFolder}${separator}${name}`;
  const { host, port } = accessTier;
  return commandLine(shell, [
    curlOf(shell),
    ...(ca === 'organisation' ? ['--cacert', file('login-cacert.pem')] : []),
    '--key',
    file('login-key.pem'),
    '--cert',
    file('login-cert.pem'),
    ...(host === domain ? [] : ['--connect-to', `${domain}:${port}:${bracketed(host)}:${port}`]),
    `https://${domain}${port === 443 ? '' : `:${port}`}/`,
  ]);
}

/** Ports that no web server has: an example with curl would only confuse. */
const NOT_WEB = new Set([22, 23, 25, 3306, 3389, 5432, 5900, 5901, 6379]);

/** A host of the collection that curl could ask, the first one that is a whole name; null when none is. */
export function webTarget(service: Service): string | null {
  if (service.allowedTargets.length === 0) return 'host.example.com';
  for (const { hostnames, ports } of service.allowedTargets) {
    const host = hostnames.find((name) => !name.includes('*'));
    const first = ports
      .map((range) => Number(range.split('-')[0]))
      .find((port) => !NOT_WEB.has(port));
    if (!host || (ports.length > 0 && first === undefined)) continue;
    return first === undefined || first === 80 ? host : `${host}:${first}`;
  }
  return null;
}
