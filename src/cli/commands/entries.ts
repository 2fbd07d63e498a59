// Entries in configurations of other programs, for the commands that change them.
import { AppError } from '../../shared/errors.ts';
import type { ConfigEntries } from '../../shared/model/program.ts';
import { findService } from '../context.ts';
import type { ReachedClient } from '../reach-client.ts';

/** The service that is named; null: every one. */
export async function chosenService(
  client: ReachedClient,
  kind: 'ssh' | 'kubernetes',
  wanted: string | undefined,
  isOn: boolean,
): Promise<string | null> {
  // The catalogue has to be there, even where nobody is named.
  if (isOn && wanted === undefined) await client.call('catalog.refresh', {});
  if (wanted === undefined) return null;
  return (await findEntry(client, kind, wanted)) ?? (await findService(client, wanted)).id;
}

/** By id: one that is gone from the catalogue has an entry all the same. */
async function findEntry(
  client: ReachedClient,
  kind: 'ssh' | 'kubernetes',
  wanted: string,
): Promise<string | null> {
  const { entries } = entriesOf((await client.call('program.look', {}))[kind]);
  return entries.some(({ service }) => service === wanted) ? wanted : null;
}

export function entriesOf(entries: ConfigEntries | null): ConfigEntries {
  if (entries) return entries;
  throw new AppError(
    'device/not-registered',
    'This device is not registered, and entries belong to an organisation.',
  );
}
