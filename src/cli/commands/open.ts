// banyan open <service>
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const open: Command = async ({ home, arguments: { positionals }, print }) => {
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    await client.call('service.open', { service: service.id });
    print.result({ service: service.id, name: service.name }, [
      `${service.friendlyName} opens in your browser.`,
    ]);
  } finally {
    await client.close();
  }
};
