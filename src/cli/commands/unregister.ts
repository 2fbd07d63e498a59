// banyan unregister
import { type Command, confirm, snapshotOf } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const unregister: Command = async (context) => {
  const client = await reachClient(context.home);
  try {
    const { device } = (await snapshotOf(client)).slices;
    if (device.status === 'registered' || device.status === 'revoked') {
      const name = device.organisation.name;
      await confirm(context, `Leave ${name} and remove its certificates from this computer?`);
    }
    await client.call('device.unregister', {});
    context.print.result({}, ['This device is no longer registered.']);
  } finally {
    await client.close();
  }
};
