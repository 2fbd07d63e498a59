// banyan override <service> <port|--reset>
import { parsePort } from '../banyan-arguments.ts';
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const override: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const port = values['reset'] ? null : parsePort(positionals[1] ?? '');
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const choice = await client.call('tunnel.override', { service: service.id, port });
    const words = choice.port === null ? 'a port chosen at Connect' : `port ${choice.port}`;
    print.result({ service: service.id, port: choice }, [
      `${service.friendlyName} uses ${words} (${choice.source}).`,
    ]);
  } finally {
    await client.close();
  }
};
