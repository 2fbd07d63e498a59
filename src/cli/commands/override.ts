// banyan override <service> <port|--reset>
import type { PortChoice } from '../../shared/model/service.ts';
import { parsePort } from '../banyan-arguments.ts';
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const override: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const port = values['reset'] ? null : parsePort(positionals[1] ?? '');
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const choice = await client.call('tunnel.override', { service: service.id, port });
    print.result({ service: service.id, port: choice }, [
      `${service.friendlyName} uses ${portWords(choice)}.`,
    ]);
  } finally {
    await client.close();
  }
};

export function portWords({ port, source }: PortChoice): string {
  if (port === null) return 'a free port, chosen at the first Connect';
  if (source === 'override') return `port ${port} from now on`;
  return source === 'assigned'
    ? `port ${port} again, which your administrator assigned`
    : `port ${port} again, which was chosen at the first Connect`;
}
