// banyan register <invite or address>
import { AppError } from '../../shared/errors.ts';
import type { ClientApi } from '../../shared/ipc/contract.ts';
import { secretsWish } from '../../main/secrets-wish.ts';
import {
  type Device,
  OWNERSHIPS,
  SECRET_STORES,
  type SecretStoreKind,
} from '../../shared/model/device.ts';
import { inGroups } from '../../shared/model/fingerprint.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, confirm, type Context, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { askPassphrase } from '../passphrase.ts';
import { reachClient } from '../reach-client.ts';
import { becomesActive, type Newcomer, registerBySignIn } from './register-by-sign-in.ts';

export const SECRETS_IN: Record<SecretStoreKind, string> = {
  keychain: 'the keychain',
  file: 'a file under your passphrase',
  memory: 'memory, until Banyan stops',
};

export const register: Command = async (context) => {
  const { positionals, values } = context.arguments;
  const [given = ''] = positionals;
  if (given.trim() === '') throw usage('Give an invite, or the address of an organisation.');
  const client = await reachClient(context.home);
  try {
    const { app, slices } = await snapshotOf(client);
    const preset = secretsWish(process.env) ?? app.suggestedSecretStore;
    const secrets = oneOf(SECRET_STORES, values['secrets'] ?? preset, '--secrets');
    const ownership = oneOf(OWNERSHIPS, values['ownership'] ?? OWNERSHIPS[0], '--ownership');
    const name = typeof values['name'] === 'string' ? values['name'] : app.hostName;
    const before = slices.organisations.find(({ isActive }) => isActive);
    const newcomer: Newcomer = {
      name,
      ownership,
      secrets,
      before: before?.name,
      refuseMemory() {
        if (secrets !== 'memory' || !client.isOwn) return;
        throw new AppError(
          'client/not-running',
          'Secrets in memory would be gone when this command ends: a running client has to hold them.',
        );
      },
      passphrase: async () =>
        secrets === 'file' ? { passphrase: await askPassphrase({ twice: true }) } : {},
    };
    const by = /^\s*banyan:/i.test(given) ? registerByInvite : registerBySignIn;
    const device = await by(context, client, given, newcomer);
    context.print.result({ device }, [
      ...table([
        ['Registered with', device.status === 'registered' ? device.organisation.name : given],
        ['Device', name],
        ['Secrets in', SECRETS_IN[secrets]],
      ]),
      ...(before ? [`${before.name} is kept: banyan switch ${before.id}`] : []),
      'Next: banyan login',
    ]);
  } finally {
    await client.close();
  }
};

async function registerByInvite(
  context: Context,
  client: ClientApi,
  invite: string,
  { before, refuseMemory, passphrase, ...about }: Newcomer,
): Promise<Device> {
  const { values } = context.arguments;
  for (const option of ['fingerprint', 'no-browser']) {
    if (option in values) throw usage(`--${option} is for an address; an invite needs none.`);
  }
  const facts = await client.call('device.inspectInvite', { invite });
  refuseMemory();
  if (!values['yes']) {
    context.print.note(`Organisation  ${facts.organisationName} (${facts.host})`);
    context.print.note(`Fingerprint   ${inGroups(facts.rootFingerprint)}`);
    if (before !== undefined) context.print.note(becomesActive(before));
  }
  await confirm(context, `Register this device as "${about.name}"?`);
  return client.call('device.register', { invite, ...about, ...(await passphrase()) });
}

/** Case and dashes do not matter: `corporate-dedicated`. */
function oneOf<Value extends string>(
  known: readonly Value[],
  given: string | boolean,
  option: string,
): Value {
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', ' ');
  const found = known.find((value) => plain(value) === plain(String(given)));
  if (found) return found;
  throw usage(`${option} is one of: ${known.join(', ')}.`);
}
