// Entries in configurations of other programs, for the commands that change them.
import { AppError } from '../../shared/errors.ts';
import type { ConfigEntries } from '../../shared/model/program.ts';
import type { ReachedClient } from '../reach-client.ts';

/** By id: one that is gone from the catalogue has an entry all the same. */
export async function findEntry(
  client: ReachedClient,
  kind: 'ssh' | 'kubernetes',
  wanted: string,
): Promise<string | null> {
  const { entries } = entriesOf((await client.call('program.look', {}))[kind]);
  return entries.some(({ service }) => service === wanted) ? wanted : null;
}

export function entriesOf(entries: ConfigEntries | null): ConfigEntries {
  if (entries) return entries;
  throw new AppError('device/not-registered', 'Entries belong to an organisation.');
}
