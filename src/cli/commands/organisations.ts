// banyan organisations
import { type Command, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const organisations: Command = async ({ home, print }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    const known = (await snapshotOf(client)).slices.organisations;
    const rows = known.map(({ name, host, id, isActive }) => [
      name,
      host,
      id,
      isActive ? 'active' : '',
    ]);
    print.result(
      { organisations: known },
      rows.length > 0
        ? table([['NAME', 'HOST', 'ID', ''], ...rows])
        : ['This device is not registered with any organisation.'],
    );
  } finally {
    await client.close();
  }
};
