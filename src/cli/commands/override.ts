// banyan override <service> <port> [--address ADDRESS], or --reset
import { USUAL_HOST } from '../../shared/model/listen-address.ts';
import type { PortChoice } from '../../shared/model/service.ts';
import { parseAddress, parsePort } from '../banyan-arguments.ts';
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const override: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const own = values['reset']
    ? { port: null }
    : { port: parsePort(positionals[1] ?? ''), ...parseAddress(values['address']) };
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const choice = await client.call('tunnel.override', { service: service.id, ...own });
    print.result({ service: service.id, port: choice }, [
      `${service.friendlyName} uses ${portWords(choice)}.`,
    ]);
  } finally {
    await client.close();
  }
};

export function portWords({ host, port, source }: PortChoice): string {
  if (port === null) return 'a free port, chosen at the first Connect';
  if (source === 'override') return `${portAt({ host, port })} from now on`;
  return source === 'assigned'
    ? `port ${port} again, which your administrator assigned`
    : `port ${port} again, which was chosen at the first Connect`;
}

/** Where it is the usual address, nobody needs to be told. */
export const portAt = ({ host, port }: Pick<PortChoice, 'host' | 'port'>): string =>
  host === USUAL_HOST ? `port ${port}` : `port ${port} at ${host}`;
