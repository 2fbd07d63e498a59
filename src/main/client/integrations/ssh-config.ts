// The text of OpenSSH's configuration, ssh_config(5): our entries, and the line that includes them. Reading and writing of
// text only; ssh-entries.ts has the files.
import path from 'node:path';
import { LOGIN_FILES } from '../settings/layout.ts';
import type { HostAndPort } from '../../../shared/protocol/host-port.ts';
import { hostKeyAlias, sshFile } from '../../../shared/model/commands.ts';
import type { Service } from '../../../shared/model/service.ts';

export interface ProxyFacts {
  /** How banyanproxy is started. */
  proxy: readonly string[];
  /** Folder of the `login-*.pem` files. */
  certificates: string;
}

export interface Entry {
  service: string;
  hosts: string;
  /** With its comment and final newline. */
  text: string;
}

/** What follows `Host` in an entry, and what a person types after `ssh`. */
export const hostsOf = ({ sshHosts, name }: Service): string => sshHosts ?? name;

const MARK = '# Banyan service ';

/** One `Host` stanza. Everything in it from an administrator has been through protocol/catalog.ts. */
export function entryFor(service: Service, facts: ProxyFacts): Entry {
  const hosts = hostsOf(service);
  const lines = [
    `${MARK}${service.id}`,
    `Host ${hosts}`,
    `  ProxyCommand ${proxyCommand(service, facts)}`,
    // One server, whatever it is called by; members of a collection each have a key of their own.
    ...(service.mode === 'CHAIN' ? [] : [`  HostKeyAlias ${hostKeyAlias(service)}`]),
    ...certificateLines(service, facts),
  ];
  return { service: service.id, hosts, text: `${lines.join('\n')}\n` };
}

function proxyCommand(service: Service, { proxy, certificates }: ProxyFacts): string {
  const { domain, accessTier, ca, mode } = service;
  const fixed = [
    ...proxy,
    '--certs',
    certificates,
    '--connect-to',
    written(accessTier),
    ...(ca === 'system' ? ['--system-ca'] : []),
  ].map(word);
  // In quotes, as what a person (or a repository's submodule) gives as host is put there before the shell reads it.
  const target = mode === 'CHAIN' ? ['--mode', 'CHAIN', '--target', inQuotes('%h:%p')] : [];
  return [...fixed, ...target, word(domain), `${accessTier.port}`].join(' ');
}

/** Where the administrator has set it up for SSH certificates: the key of this session. */
function certificateLines(service: Service, { certificates }: ProxyFacts): string[] {
  const { sshCertificates = 'TRUSTCERT' } = service;
  if (sshCertificates === 'TRUSTCERT') return [];
  return [
    // ssh finds the certificate by the name of the key.
    `  IdentityFile ${sshFile(path.join(certificates, LOGIN_FILES.key))}`,
    // Else an agent with many keys uses up the attempts that a server allows.
    ...(sshCertificates === 'SSHCERT' ? ['  IdentitiesOnly yes'] : []),
  ];
}

const written = ({ host, port }: HostAndPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** ssh gives the line to the person's shell, and takes `%` for a token of its own. */
const word = (text: string): string =>
  /^[A-Za-z0-9_@+=:,./-]+$/.test(text) ? text : inQuotes(text.replaceAll('%', '%%'));

/** Of a POSIX shell; of Windows' own command line, where no file name has a double quote. */
const inQuotes = (text: string): string =>
  process.platform === 'win32' ? `"${text}"` : `'${text.replaceAll("'", `'\\''`)}'`;

/** Of a file of ours. Lines that are none of an entry are nobody's. */
export function entriesIn(text: string): Entry[] {
  return text
    .split(/^(?=# Banyan service )/m)
    .filter((part) => part.startsWith(MARK))
    .map((part) => ({
      service: /^# Banyan service (.*)$/m.exec(part)?.[1] ?? '',
      hosts: /^Host (.*)$/m.exec(part)?.[1] ?? '',
      text: part,
    }));
}

export const fileOf = (entries: readonly Entry[]): string =>
  entries.map(({ text }) => text).join('');

const ADDED = '# Banyan put this line here; `banyan ssh-config off` takes it out again.';
const MADE = '# Banyan made this file; `banyan ssh-config off` takes the next line out again.';

/** One line: in quotes for ssh, within them for glob(3), which finds the file. */
export const includeLine = (file: string): string => {
  const name = process.platform === 'win32' ? file.replaceAll('\\', '/') : file;
  const forGlob = name.replaceAll(/[*?[\]{}\\]/g, (character) => `\\${character}`);
  return `Include "${forGlob.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
};

const hasLine = (content: string, line: string): boolean =>
  content.split(/\r?\n/).some((each) => each.trim() === line);

export const includes = (content: string | null, include: string): boolean =>
  content !== null && hasLine(content, include);

/** At the top, before any `Host`: there it is for every host. null: there was no file. */
export const withInclude = (content: string | null, include: string): string =>
  content === null ? `${MADE}\n${include}\n` : `${ADDED}\n${include}\n${content}`;

/** As it was before; null: then there was no file. Lines that somebody has added since stay. */
export function withoutInclude(content: string, include: string): string | null {
  let isOurs = false;
  let rest = '';
  let comment = '';
  for (const line of content.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const bare = line.trim();
    if (bare === include) {
      isOurs ||= comment.trim() === MADE;
      comment = '';
      continue;
    }
    rest += comment;
    comment = bare === ADDED || bare === MADE ? line : '';
    if (!comment) rest += line;
  }
  rest += comment;
  return isOurs && rest === '' ? null : rest;
}
