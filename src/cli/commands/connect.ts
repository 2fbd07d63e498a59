// banyan connect <service>
import { AppError } from '../../shared/errors.ts';
import { clientCommands } from '../../shared/model/commands.ts';
import type { PortChoice, Service } from '../../shared/model/service.ts';
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
    const kept =
      wishedPort === null
        ? null
        : await client.call('tunnel.override', { service: service.id, port: wishedPort });
    const keptWords = kept ? [keeps(service, kept)] : [];
    const tunnel = await client.call('tunnel.open', { service: service.id }).catch((error) => {
      throw withWords(error, keptWords);
    });
    if (tunnel.status !== 'open') {
      throw new AppError('tunnel/cancelled', `${service.friendlyName} was closed while it opened.`);
    }
    const { address } = tunnel;
    const commands = clientCommands(service, address);
    const result = { service: service.id, name: service.name, address, commands };
    print.result({ ...result, ...(kept && { port: kept }) }, [
      `${service.friendlyName} is connected at ${formatHostPort(address)}`,
      ...keptWords,
      ...table(commands.map(({ label, command }) => [`  ${label}`, command])),
    ]);
    if (!client.isOwn) return;
    print.note('Press Ctrl-C to disconnect.');
    await Promise.race([untilInterrupted(), client.ended]);
  } finally {
    await client.close();
  }
};

/** The port outlives this connection, which nobody would expect who was not told. */
const keeps = ({ name, friendlyName }: Service, { port }: PortChoice): string =>
  `${friendlyName} keeps port ${port} from now on; banyan override ${name} --reset takes it back.`;

/** It is kept too where the service could not be connected. */
function withWords(error: unknown, words: readonly string[]): unknown {
  if (!(error instanceof AppError) || words.length === 0) return error;
  const { code, message, details } = error;
  return new AppError(code, [message, ...words].join(' '), {
    cause: error,
    ...(details && { details }),
  });
}
