// banyan register <invite>
import { AppError } from '../../shared/errors.ts';
import { secretsWish } from '../../main/secrets-wish.ts';
import { groupsOfFour } from '../../shared/model/fingerprint.ts';
import { OWNERSHIPS, SECRET_STORES, type SecretStoreKind } from '../../shared/model/device.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, confirm, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { askPassphrase } from '../passphrase.ts';
import { reachClient } from '../reach-client.ts';

const SECRETS_IN: Record<SecretStoreKind, string> = {
  keychain: 'the keychain',
  file: 'a file under your passphrase',
  memory: 'memory, until Banyan stops',
};

export const register: Command = async (context) => {
  const { positionals, values } = context.arguments;
  const [invite = ''] = positionals;
  const client = await reachClient(context.home);
  try {
    const { app, slices } = await snapshotOf(client);
    const preset = secretsWish(process.env) ?? app.suggestedSecretStore;
    const secrets = oneOf(SECRET_STORES, values['secrets'] ?? preset, '--secrets');
    const ownership = oneOf(OWNERSHIPS, values['ownership'] ?? OWNERSHIPS[0], '--ownership');
    const name = typeof values['name'] === 'string' ? values['name'] : app.hostName;
    const facts = await client.call('device.inspectInvite', { invite });
    if (secrets === 'memory' && client.isOwn) {
      throw new AppError(
        'client/not-running',
        'Secrets in memory would be gone when this command ends: a running client has to hold them.',
      );
    }
    const before = slices.organisations.find(({ isActive }) => isActive);
    if (!values['yes']) {
      context.print.note(`Organisation  ${facts.organisationName} (${facts.host})`);
      context.print.note(`Fingerprint   ${groupsOfFour(facts.rootFingerprint).join(' ')}`);
      if (before) context.print.note(`It becomes the active one; ${before.name} is kept.`);
    }
    await confirm(context, `Register this device as "${name}"?`);
    const device = await client.call('device.register', {
      invite,
      name,
      ownership,
      secrets,
      ...(secrets === 'file' && { passphrase: await askPassphrase({ twice: true }) }),
    });
    context.print.result({ device }, [
      ...table([
        ['Registered with', facts.organisationName],
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
