// `BANYAN_SECRETS`: where the secrets of a device are kept unless somebody says otherwise.
import { AppError } from '../shared/errors.ts';
import { SECRET_STORES, type SecretStoreKind } from '../shared/model/device.ts';

/** undefined: nothing is said. Throws `usage/invalid-input`: a wish that is misspelt must not end in another place. */
export function secretsWish(environment: NodeJS.ProcessEnv): SecretStoreKind | undefined {
  const wish = environment['BANYAN_SECRETS'];
  if (!wish) return undefined;
  const found = SECRET_STORES.find((kind) => kind === wish);
  if (found) return found;
  throw new AppError(
    'usage/invalid-input',
    `BANYAN_SECRETS is "${wish.slice(0, 40)}"; it can be ${SECRET_STORES.join(', ')}.`,
  );
}
