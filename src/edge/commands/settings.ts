// Commands about the edge itself: what it is, its settings, its audit.
import { readFile } from 'node:fs/promises';
import { OWNERSHIPS } from '../../shared/model/device.ts';
import { inGroups } from '../../shared/model/fingerprint.ts';
import type { CallOutput } from '../administration/control-client.ts';
import { AUDIT_EVENTS, type AuditLine } from '../audit/audit.ts';
import { moment, table } from '../print.ts';
import { choiceOf, numberOf, usage } from './arguments.ts';
import { type Command, positional } from './context.ts';

const status: Command = async ({ call, print }) => {
  const found = await call('status', {});
  const [host] = found.accessTier.split(/:(?=\d+$)/);
  const lines = table([
    ['organisation', `${found.name} at ${found.organisation}`],
    ['fingerprint', inGroups(found.rootFingerprint)],
    [
      'Access Tier',
      host ? found.accessTier : `port ${found.accessTier.slice(1)} of each service's domain`,
    ],
    ['process', String(found.pid)],
    ['services', String(found.services)],
    ['people', String(found.users)],
    ['devices', `${found.devices}, ${found.sessions} signed in`],
  ]);
  print.result(found, lines);
};

const sshAuthority: Command = async ({ call, print }) => {
  const { sshAuthority: publicKey } = await call('status', {});
  print.result({ publicKey }, [publicKey]);
};

const settingsLines = (settings: CallOutput<'settings.show'>): string[] =>
  table([
    ['token lifetime', `${settings.tokenLifetimeHours} hours`],
    ['unregistered devices', settings.unregisteredDevices],
    ...settings.deviceManagers.map(({ name, subject, ownership, until }) => [
      `Device Manager ${name}`,
      `${subject}; ${ownership}; until ${moment(until)}`,
    ]),
  ]);

const showSettings: Command = async ({ call, print }) => {
  const settings = await call('settings.show', {});
  print.result(settings, settingsLines(settings));
};

const setSettings: Command = async ({ call, print, by, arguments: given }) => {
  const hours = given.text('token-lifetime');
  const unregisteredDevices = choiceOf(given, 'unregistered-devices', ['dropped', 'allowed']);
  if (hours === undefined && unregisteredDevices === undefined) {
    throw usage('What is to be set? See banyan-edge settings set --help.');
  }
  if (hours !== undefined && !/^\d+(\.\d+)?$/.test(hours)) {
    throw usage(`--token-lifetime takes hours, not "${hours}".`);
  }
  const settings = await call('settings.set', {
    ...(hours !== undefined && { tokenLifetimeHours: Number(hours) }),
    ...(unregisteredDevices && { unregisteredDevices }),
    by,
  });
  print.result(settings, settingsLines(settings));
};

const trustManager: Command = async (context) => {
  const { call, print, by, arguments: given } = context;
  const file = positional(context, 1);
  const pem = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be read (${String(cause.code)}).`);
  });
  const ownership = choiceOf(given, 'ownership', OWNERSHIPS) ?? OWNERSHIPS[0];
  const settings = await call('settings.ca.add', { name: positional(context), pem, ownership, by });
  print.result(settings, settingsLines(settings));
};

const distrustManager: Command = async (context) => {
  const { call, print, by } = context;
  const settings = await call('settings.ca.remove', { name: positional(context), by });
  print.result(settings, settingsLines(settings));
};

const audit: Command = async ({ call, print, arguments: given }) => {
  const event = choiceOf(given, 'event', AUDIT_EVENTS);
  const about = given.text('about');
  const filter = {
    ...(event && { event }),
    ...(about !== undefined && { about }),
    refused: given.has('refused'),
  };
  const last = numberOf(given, 'last', { least: 1, most: 10_000 }) ?? 50;
  if (!given.has('follow')) {
    const { entries } = await call('audit.list', { last, ...filter });
    return print.result({ entries }, entries.map(auditText));
  }
  await call('audit.follow', { last, ...filter }, (event) => {
    const line = event as AuditLine;
    print.line(line, auditText(line));
  });
};

function auditText(line: AuditLine): string {
  const { at, event, allowed, correlation_id: _, ...rest } = line;
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`);
  return [at, allowed ? 'allowed' : 'REFUSED', event, ...facts].join('  ');
}

export const settingsCommands = {
  status,
  'ssh-authority': sshAuthority,
  'settings show': showSettings,
  'settings set': setSettings,
  'settings trust-manager': trustManager,
  'settings distrust-manager': distrustManager,
  audit,
};
