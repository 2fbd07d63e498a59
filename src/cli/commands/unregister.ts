// banyan unregister
import { type Command, confirm, snapshotOf } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const unregister: Command = async (context) => {
  const client = await reachClient(context.home);
  try {
    const { device } = (await snapshotOf(client)).slices;
    let name = 'its organisation';
    if (device.status === 'registered' || device.status === 'revoked') {
      name = device.organisation.name;
      await confirm(context, `Leave ${name} and remove its certificates from this computer?`);
    }
    const { left } = await client.call('device.unregister', {});
    const { organisations } = (await snapshotOf(client)).slices;
    const next = organisations.find(({ isActive }) => isActive);
    context.print.result({ organisations, left }, [
      `This device is no longer registered with ${name}.`,
      ...(next ? [`${next.name} is the active organisation now.`] : []),
      ...left,
    ]);
  } finally {
    await client.close();
  }
};
