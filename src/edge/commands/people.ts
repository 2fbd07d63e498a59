// Commands about people, devices, sign-ins and invites.
import { TRUST_LEVELS } from '../../shared/model/posture.ts';
import { MOST_USES } from '../enrolment/invites.ts';
import { listing, moment } from '../print.ts';
import type { CallOutput } from '../administration/control-client.ts';
import { numberOf, usage } from './arguments.ts';
import { type Command, positional } from './context.ts';
import { readPassword } from './password.ts';

const WITHOUT_REASON = 'Your administrator has decided so.';
const times = (count: number): string => `${count} ${count === 1 ? 'sign-in' : 'sign-ins'} ended`;

const listUsers: Command = async ({ call, print }) => {
  const { users } = await call('user.list', {});
  const rows = users.map((user) => [
    user.email,
    user.name,
    user.groups.join(', '),
    user.enabled ? 'on' : 'off',
    String(user.sessions),
  ]);
  const heading = ['E-MAIL', 'NAME', 'GROUPS', 'STATE', 'SIGN-INS'];
  print.result({ users }, listing(heading, rows, 'There is nobody; see banyan-edge user add.'));
};

const addUser: Command = async (context) => {
  const { call, print, by, arguments: given } = context;
  const email = positional(context);
  const user = await call('user.add', {
    email,
    name: given.text('name') ?? email,
    groups: given.list('group'),
    password: await readPassword(),
    by,
  });
  print.result(user, [`${user.email} may sign in.`]);
};

const setPassword: Command = async (context) => {
  const { call, print, by } = context;
  const email = positional(context);
  const changed = await call('user.password', { email, password: await readPassword(), by });
  print.result(changed, [`${changed.email} has a new password; ${times(changed.ended)}.`]);
};

const setGroups: Command = async (context) => {
  const { call, print, by, arguments: given } = context;
  const groups = given.list('group');
  const changed = await call('user.groups', { email: positional(context), groups, by });
  print.result(changed, [`${changed.email} is in: ${groups.join(', ') || 'no group'}.`]);
};

const enableUser =
  (enabled: boolean): Command =>
  async (context) => {
    const { call, print, by } = context;
    const changed = await call('user.enable', { email: positional(context), enabled, by });
    const sentence = enabled ? 'may sign in again' : `may not sign in; ${times(changed.ended)}`;
    print.result(changed, [`${changed.email} ${sentence}.`]);
  };

const deleteUser: Command = async (context) => {
  const { call, print, by } = context;
  const removed = await call('user.delete', { email: positional(context), by });
  print.result(removed, [`Removed ${removed.email}; ${times(removed.ended)}.`]);
};

const listDevices: Command = async ({ call, print }) => {
  const { devices } = await call('device.list', {});
  const rows = devices.map((device) => [
    device.id,
    device.name,
    device.owner,
    device.platform,
    device.ownership,
    managedBy(device),
    device.serialNumber,
    device.trustLevel,
    device.why ? `${device.state}: ${device.why}` : device.state,
  ]);
  const heading = [
    'DEVICE',
    'NAME',
    'OWNER',
    'PLATFORM',
    'OWNERSHIP',
    'MANAGED',
    'SERIAL',
    'TRUST',
    'STATE',
  ];
  print.result(
    { devices },
    listing(heading, rows, 'There is none; see banyan-edge invite create.'),
  );
};

/** A Device Manager is proved by the certificate; what a managed deployment file names is the device's own word. */
function managedBy({ manager, deployment }: CallOutput<'device.list'>['devices'][number]): string {
  if (manager !== null) return manager;
  if (deployment === null) return '';
  const { vendor = 'yes', user, email, isManaged = true } = deployment;
  const whose = email ?? user;
  return `says ${isManaged ? vendor : 'no'}${whose === undefined ? '' : `, for ${whose}`}`;
}

const ban =
  (banned: boolean): Command =>
  async (context) => {
    const { call, print, by, arguments: given } = context;
    const reason = given.text('reason') ?? WITHOUT_REASON;
    const changed = await call('device.ban', { device: positional(context), banned, reason, by });
    print.result(changed, [`${changed.device} is ${banned ? 'banned' : 'accepted again'}.`]);
  };

const revoke: Command = async (context) => {
  const { call, print, by, arguments: given } = context;
  const reason = given.text('reason') ?? WITHOUT_REASON;
  const revoked = await call('device.revoke', { device: positional(context), reason, by });
  print.result(revoked, [`${revoked.device} is not accepted any more.`]);
};

const cap: Command = async (context) => {
  const { call, print, by, arguments: given } = context;
  const wanted = positional(context, 1);
  const level = TRUST_LEVELS.find((each) => each.toLowerCase() === wanted.toLowerCase()) ?? null;
  if (level === null && wanted !== 'none') {
    throw usage(`A trust level is one of ${TRUST_LEVELS.join(', ')}, or none for no cap.`);
  }
  const reason = given.text('reason') ?? WITHOUT_REASON;
  const changed = await call('device.cap', { device: positional(context), level, reason, by });
  print.result(changed, [`${changed.device} is worth ${level ?? 'what it says of itself'}.`]);
};

const listSessions: Command = async ({ call, print }) => {
  const { sessions } = await call('session.list', {});
  const rows = sessions.map(({ id, person, deviceId, since, until }) => [
    id,
    person,
    deviceId,
    moment(since),
    moment(until),
  ]);
  const heading = ['SESSION', 'PERSON', 'DEVICE', 'SINCE', 'UNTIL'];
  print.result({ sessions }, listing(heading, rows, 'Nobody is signed in.'));
};

const endSessions: Command = async ({ call, print, by, arguments: given }) => {
  const [session, device, email] = [given.text('id'), given.text('device'), given.text('user')];
  if ([session, device, email].filter((part) => part !== undefined).length !== 1) {
    throw usage('One of --id, --device and --user is needed.');
  }
  const ended = await call('session.end', {
    ...(session !== undefined && { session }),
    ...(device !== undefined && { device }),
    ...(email !== undefined && { email }),
    reason: given.text('reason') ?? WITHOUT_REASON,
    by,
  });
  print.result(ended, [`${times(ended.ended)}.`]);
};

const createInvite: Command = async ({ call, print, by, arguments: given }) => {
  const hours = numberOf(given, 'hours', { least: 1, most: 168 }) ?? 24;
  const made = await call('invite.create', { hours, by });
  print.result(made, [made.invite]);
};

const createDeployment: Command = async (context) => {
  const { call, print, by, arguments: given } = context;
  const uses = numberOf(given, 'uses', { least: 1, most: MOST_USES });
  if (uses === undefined) throw usage('--uses is needed: for how many devices.');
  const days = numberOf(given, 'days', { least: 1, most: 366 }) ?? 30;
  const made = await call('invite.deployment', { name: positional(context), uses, days, by });
  print.result(made, [made.invite]);
};

const listInvites: Command = async ({ call, print }) => {
  const { invites } = await call('invite.list', {});
  const rows = invites.map(({ id, name, state, used, uses, expiresAt }) => [
    id,
    name ?? 'for one device',
    state,
    `${used} of ${uses}`,
    moment(expiresAt),
  ]);
  const heading = ['INVITE', 'NAME', 'STATE', 'USED', 'UNTIL'];
  print.result({ invites }, listing(heading, rows, 'There is no invite.'));
};

const revokeInvite: Command = async (context) => {
  const { call, print, by } = context;
  const revoked = await call('invite.revoke', { invite: positional(context), by });
  print.result(revoked, [`Invite ${revoked.id} registers no further device.`]);
};

export const peopleCommands = {
  'user list': listUsers,
  'user add': addUser,
  'user password': setPassword,
  'user groups': setGroups,
  'user enable': enableUser(true),
  'user disable': enableUser(false),
  'user delete': deleteUser,
  'device list': listDevices,
  'device ban': ban(true),
  'device unban': ban(false),
  'device revoke': revoke,
  'device cap': cap,
  'session list': listSessions,
  'session end': endSessions,
  'invite create': createInvite,
  'invite deployment': createDeployment,
  'invite list': listInvites,
  'invite revoke': revokeInvite,
};
