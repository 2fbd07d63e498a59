// Commands about the keys of programs that administer over the network.
import { API_KEY_ROLES } from '../administration/api-keys.ts';
import { listing, moment } from '../print.ts';
import { choiceOf, numberOf, usage } from './arguments.ts';
import { type Command, positional } from './context.ts';

const create: Command = async ({ call, print, by, arguments: given }) => {
  const name = given.text('name');
  if (name === undefined) throw usage('--name is needed: the audit names the key by it.');
  const role = choiceOf(given, 'role', API_KEY_ROLES) ?? 'read';
  const days = numberOf(given, 'days', { least: 1, most: 366 }) ?? 90;
  const made = await call('api-key.create', { name, role, days, by });
  print.note(`It is shown this once, may ${role} and is good until ${moment(made.expiresAt)}.`);
  print.result(made, [made.key]);
};

const list: Command = async ({ call, print }) => {
  const { keys } = await call('api-key.list', {});
  const rows = keys.map(({ name, role, createdAt, createdBy, expiresAt, lastUsedAt }) => [
    name,
    role,
    `${moment(createdAt)} ${createdBy}`,
    moment(expiresAt),
    moment(lastUsedAt) || 'never',
    expiresAt * 1000 > Date.now() ? 'good' : 'expired',
  ]);
  const heading = ['KEY', 'ROLE', 'MADE', 'UNTIL', 'LAST USED', 'STATE'];
  print.result({ keys }, listing(heading, rows, 'There is no key.'));
};

const revoke: Command = async (context) => {
  const { call, print, by } = context;
  const revoked = await call('api-key.revoke', { name: positional(context), by });
  print.result(revoked, [`The key ${revoked.name} is not accepted any more.`]);
};

export const apiKeyCommands = {
  'api-key create': create,
  'api-key list': list,
  'api-key revoke': revoke,
};
