// The keys by which devices and sessions in the store know this organisation: its authority, and its issuer. Others beside
// it (a second edge to which nobody copied them, a backup of which only the state came back) would be another organisation
// with the same people, or one whose edges accept no session of each other.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../shared/errors.ts';
import { inGroups } from '../shared/model/fingerprint.ts';
import { type Authority, hasAuthority, openAuthority } from './authority/authority.ts';
import type { SettingsRecord, Store } from './store/store.ts';
import { type IssuerSecrets, openIssuerSecrets } from './trust-provider/secrets.ts';

const KEY = 'organisation';

export interface OwnKeys {
  authority: Authority;
  secrets: IssuerSecrets;
  /** The store knew of no organisation. */
  isNew: boolean;
}

export async function openOwnKeys(
  store: Pick<Store, 'get' | 'change'>,
  data: string,
  organisation: string,
): Promise<OwnKeys> {
  const folder = join(data, 'authority');
  const file = join(data, 'issuer.json');
  const before = await store.get('settings', KEY);
  // Asked before they are made: keys that nobody wants would be in the way of those that are to be copied there.
  if (before) {
    if (!(await hasAuthority(folder))) throw differs(`${folder} has no authority`, before);
    if (!(await isThere(file))) throw differs(`There is no issuer.json in ${data}`, before);
  }
  const authority = await openAuthority(folder, organisation);
  const secrets = await openIssuerSecrets(file);
  const own = {
    rootFingerprint: authority.rootFingerprint,
    issuerFingerprint: secrets.fingerprint,
  };
  await store.change('settings', KEY, (record) => {
    if (!record) return own;
    // Of a store from before the issuer was noted, whoever has its authority.
    const isOlder = record.issuerFingerprint === undefined;
    return isOlder && record.rootFingerprint === own.rootFingerprint ? own : undefined;
  });
  const now = (await store.get('settings', KEY)) ?? own; // of two first starts at once, one was faster
  if (now.rootFingerprint !== own.rootFingerprint) {
    throw differs(`${folder} is another authority`, now);
  }
  if (now.issuerFingerprint !== own.issuerFingerprint) {
    throw differs(`${file} is another one`, now);
  }
  return { authority, secrets, isNew: before === undefined };
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

const differs = (what: string, { rootFingerprint = '' }: SettingsRecord): AppError =>
  new AppError(
    'edge/authority-differs',
    `${what}, and the store belongs to the organisation with the fingerprint ${inGroups(rootFingerprint)}.`,
  );
