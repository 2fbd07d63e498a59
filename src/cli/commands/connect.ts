// banyan connect <service>
import { AppError } from '../../shared/errors.ts';
import { clientCommands } from '../../shared/model/commands.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { parsePort } from '../banyan-arguments.ts';
import { type Command, findService, untilInterrupted } from '../context.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const connect: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const wishedPort = typeof values['port'] === 'string' ? parsePort(values['port']) : null;
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    if (wishedPort !== null) {
      await client.call('tunnel.override', { service: service.id, port: wishedPort });
    }
    const tunnel = await client.call('tunnel.open', { service: service.id });
    if (tunnel.status !== 'open') {
      throw new AppError('tunnel/cancelled', `${service.friendlyName} was closed while it opened.`);
    }
    const { address } = tunnel;
    const commands = clientCommands(service, address);
    print.result({ service: service.id, name: service.name, address, commands }, [
      `${service.friendlyName} is connected at ${formatHostPort(address)}`,
      ...table(commands.map(({ label, command }) => [`  ${label}`, command])),
    ]);
    if (!client.isOwn) return;
    print.note('Press Ctrl-C to disconnect.');
    await Promise.race([untilInterrupted(), client.ended]);
  } finally {
    await client.close();
  }
};
