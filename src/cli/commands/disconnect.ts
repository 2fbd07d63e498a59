// banyan disconnect <service>
import { type Command, findService } from '../context.ts';
import { reachRunningClient } from '../reach-client.ts';

export const disconnect: Command = async ({ home, arguments: { positionals }, print }) => {
  const client = await reachRunningClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    await client.call('tunnel.close', { service: service.id });
    print.result({ service: service.id }, [`${service.friendlyName} is disconnected.`]);
  } finally {
    await client.close();
  }
};
