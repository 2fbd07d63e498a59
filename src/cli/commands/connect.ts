// banyan connect <service>
import { AppError } from '../../shared/errors.ts';
import type { ClientApi } from '../../shared/ipc/contract.ts';
import { type Way, waysToUse } from '../../shared/model/commands.ts';
import { kubeconfigs } from '../../shared/model/program.ts';
import { shellOf } from '../../shared/model/quoting.ts';
import type { PortChoice, Service } from '../../shared/model/service.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { parsePort } from '../banyan-arguments.ts';
import { type Command, findService, snapshotOf, untilInterrupted } from '../context.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const connect: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const wishedPort = typeof values['port'] === 'string' ? parsePort(values['port']) : null;
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const before = await ownPort(client, service);
    const kept =
      wishedPort === null
        ? null
        : await client.call('tunnel.override', { service: service.id, port: wishedPort });
    const keptWords = kept ? [keeps(service, kept)] : [];
    const tunnel = await client
      .call('tunnel.open', { service: service.id })
      .catch(async (error) => {
        if (!kept || !isAboutPort(error)) throw withWords(error, keptWords);
        await client.call('tunnel.override', { service: service.id, port: before });
        throw error;
      });
    if (tunnel.status !== 'open') {
      throw new AppError('tunnel/cancelled', `${service.friendlyName} was closed while it opened.`);
    }
    const { address } = tunnel;
    const { app } = await snapshotOf(client);
    const programs = await client.call('program.look', {});
    const { ssh, kubernetes } = programs;
    const cluster = kubernetes?.entries.find((entry) => entry.service === service.id);
    const commands = waysToUse(service, address, {
      shell: shellOf(app.platform),
      certificatesFolder: app.certificatesFolder,
      sshEntry: ssh?.entries.some((entry) => entry.service === service.id) ?? false,
      ...(cluster && { cluster: { files: kubeconfigs(programs), context: cluster.name } }),
    }).flatMap(asCommands);
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

const asCommands = ({ label, lines }: Way): { label: string; command: string }[] =>
  lines.map(({ name, text }) => ({ label: name ? `${label}, ${name}` : label, command: text }));

/** null: none of her own. */
async function ownPort(client: ClientApi, { id }: Service): Promise<number | null> {
  const choice = (await snapshotOf(client)).slices.tunnels.ports[id];
  return choice?.source === 'override' ? choice.port : null;
}

/** One that cannot be listened on is not kept: the next connect would only fail again. */
const isAboutPort = (error: unknown): boolean =>
  error instanceof AppError &&
  (error.code === 'tunnel/port-in-use' || error.code === 'tunnel/listen-failed');

/** The port outlives this connection, which nobody would expect who was not told. */
const keeps = ({ name, friendlyName }: Service, { port }: PortChoice): string =>
  `${friendlyName} keeps port ${port} from now on; banyan override ${name} --reset takes it back.`;

/** It is kept too where the service could not be connected for another reason. */
function withWords(error: unknown, words: readonly string[]): unknown {
  if (!(error instanceof AppError) || words.length === 0) return error;
  const { code, message, details } = error;
  return new AppError(code, [message, ...words].join(' '), {
    cause: error,
    ...(details && { details }),
  });
}
