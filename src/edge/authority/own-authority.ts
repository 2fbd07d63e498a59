// The authority by which the devices in the store know this organisation. Another one beside it (a second edge to which
// nobody copied the keys, a backup of which only the state came back) would be another organisation with the same people.
import { AppError } from '../../shared/errors.ts';
import { inGroups } from '../../shared/model/fingerprint.ts';
import type { Store } from '../store/store.ts';
import { type Authority, hasAuthority, openAuthority } from './authority.ts';

const KEY = 'organisation';

export async function openOwnAuthority(
  store: Pick<Store, 'get' | 'change'>,
  folder: string,
  organisation: string,
): Promise<Authority> {
  const known = async () => (await store.get('settings', KEY))?.rootFingerprint;
  const before = await known();
  // Asked before one is made: keys that nobody wants would be in the way of those that are to be copied there.
  if (before !== undefined && !(await hasAuthority(folder))) {
    throw differs(`${folder} has no authority`, before);
  }
  const authority = await openAuthority(folder, organisation);
  const { rootFingerprint } = authority;
  await store.change('settings', KEY, (record) => (record ? undefined : { rootFingerprint }));
  const now = await known(); // of two first starts at once, one was faster
  if (now !== undefined && now !== rootFingerprint) {
    throw differs(`${folder} is another authority`, now);
  }
  return authority;
}

const differs = (what: string, fingerprint: string): AppError =>
  new AppError(
    'edge/authority-differs',
    `${what}, and the store belongs to the one with the fingerprint ${inGroups(fingerprint)}.`,
  );
