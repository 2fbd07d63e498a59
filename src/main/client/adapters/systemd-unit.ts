// A user unit of systemd that runs `banyan up` from the person's login on.
import { readFile, readlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import {
  asBytes,
  readPersonFile,
  removeOwnFile,
  writeOwnFile,
} from '../integrations/person-file.ts';
import { AppError } from '../../../shared/errors.ts';

const HEAD =
  '# Written by `banyan up --install-service`; `banyan up --remove-service` removes it.\n';

export const unitFile = (environment: NodeJS.ProcessEnv): string =>
  path.join(
    environment['XDG_CONFIG_HOME'] || path.join(environment['HOME'] || homedir(), '.config'),
    'systemd',
    'user',
    'banyan.service',
  );

/** systemd.service(5): within quotes as in C, and `%` means something. */
const inQuotes = (text: string): string =>
  text
    .replaceAll(/["\\]/g, (one) => `\\${one}`)
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%');

const word = (text: string): string => `"${inQuotes(text).replaceAll('$', '$$$$')}"`;

/** In an Environment line, `$` means nothing. */
const assignment = (name: string, value: string): string =>
  `Environment="${name}=${inQuotes(value)}"\n`;

/** As this process reads them; systemd starts it in another folder. */
const KEPT: Readonly<Record<string, (value: string) => string>> = {
  BANYAN_HOME: (folder) => path.resolve(folder),
  BANYAN_SECRETS: (kind) => kind,
  BANYAN_PASSPHRASE_FILE: (file) => path.resolve(file),
};

export function unitText(command: readonly string[], environment: NodeJS.ProcessEnv): string {
  const kept = Object.entries(KEPT).flatMap(([name, whole]) => {
    const value = environment[name];
    return value ? [assignment(name, whole(value))] : [];
  });
  return `${HEAD}[Unit]
Description=Banyan, access to the services of your organisation

[Service]
ExecStart=${[...command, 'up'].map(word).join(' ')}
${kept.join('')}Restart=on-failure
RestartSec=5

[Install]
WantedBy=default.target
`;
}

export async function installUnit(file: string, text: string): Promise<void> {
  await refuseForeign(file);
  await writeOwnFile(file, asBytes(text));
}

/** With the link by which systemd has enabled it: without the unit, systemd would keep that for good. */
export async function removeUnit(file: string): Promise<void> {
  await refuseForeign(file);
  const link = path.join(path.dirname(file), 'default.target.wants', path.basename(file));
  const leadsTo = await readlink(link).catch(() => null); // not enabled
  if (leadsTo !== null && path.resolve(path.dirname(link), leadsTo) === file) {
    await removeOwnFile(link);
  }
  await removeOwnFile(file);
}

/** Only where it runs the client of this folder. */
export async function removeUnitOf(home: string, isUsual: boolean, file: string): Promise<void> {
  const text = (await readPersonFile(file)) ?? '';
  if (!text.startsWith(HEAD)) return;
  const named = text.includes('Environment="BANYAN_HOME=');
  const isOfHome = named ? text.includes(asBytes(assignment('BANYAN_HOME', home))) : isUsual;
  if (isOfHome) await removeUnit(file);
}

async function refuseForeign(file: string): Promise<void> {
  const there = await readFile(file, 'utf8').catch(() => null); // none, or none to read: writing says why
  if (there === null || there.startsWith(HEAD)) return;
  throw new AppError('client/storage-failed', `${file} is not Banyan's, so it was left as it is.`, {
    details: { file },
  });
}
