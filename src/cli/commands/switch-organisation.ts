// banyan switch <name or id>
import { AppError } from '../../shared/errors.ts';
import type { KnownOrganisation } from '../../shared/model/device.ts';
import { isSignedIn } from '../../shared/model/session.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, snapshotOf } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const switchOrganisation: Command = async ({ home, arguments: { positionals }, print }) => {
  const client = await reachClient(home);
  try {
    const { slices } = await snapshotOf(client);
    const { id, name } = findOrganisation(slices.organisations, positionals[0] ?? '');
    await client.call('organisation.switch', { organisation: id });
    const { organisations, session } = (await snapshotOf(client)).slices;
    print.result({ organisation: organisations.find((each) => each.id === id), session }, [
      `${name} is the active organisation now.`,
      ...(isSignedIn(session)
        ? [`Signed in as ${session.person.email || session.person.name}.`]
        : []),
      ...(session.status === 'signed-out' ? ['Next: banyan login'] : []),
    ]);
  } finally {
    await client.close();
  }
};

/** By id, or by name or address in any case. */
export function findOrganisation(
  known: readonly KnownOrganisation[],
  wanted: string,
): KnownOrganisation {
  const plain = wanted.toLowerCase();
  const found = known.filter(
    ({ id, name, host }) => id === plain || name.toLowerCase() === plain || host === plain,
  );
  const [first, second] = found;
  if (first && second) {
    const ids = found.map(({ id, host }) => `${id} (${host})`).join(', ');
    throw usage(`More than one organisation is called "${wanted}"; use the id: ${ids}.`);
  }
  if (first) return first;
  const names = known.map(({ name }) => name).join(', ');
  const there = known.length > 0 ? `it is registered with ${names}` : 'it is registered with none';
  throw new AppError(
    'organisation/unknown',
    `This device is not registered with "${wanted}"; ${there}.`,
  );
}
