// banyan connect <service>
import { AppError, isAboutListening } from '../../shared/errors.ts';
import { type Way, waysToUse } from '../../shared/model/commands.ts';
import { kubeconfigs } from '../../shared/model/program.ts';
import { shellOf } from '../../shared/model/quoting.ts';
import type { PortChoice, Service } from '../../shared/model/service.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { parseAddress, parsePort, usage } from '../banyan-arguments.ts';
import { type Command, findService, snapshotOf, untilInterrupted } from '../context.ts';
import { table } from '../print.ts';
import { portAt } from './override.ts';
import { reachClient } from '../reach-client.ts';

export const connect: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const port = typeof values['port'] === 'string' ? parsePort(values['port']) : null;
  const wished = { port, ...parseAddress(values['address']) };
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const before = (await snapshotOf(client)).slices.tunnels.ports[service.id] ?? null;
    const own = ownListen(service, wished, before);
    const kept = own && (await client.call('tunnel.override', { service: service.id, ...own }));
    const keptWords = kept ? [keeps(service, kept)] : [];
    const tunnel = await client
      .call('tunnel.open', { service: service.id })
      .catch(async (error) => {
        if (!kept || !isAboutPort(error)) throw withWords(error, keptWords);
        const { port, host } = before ?? { port: null, host: undefined };
        const wasOwn = before?.source === 'override' && host !== undefined;
        await client.call('tunnel.override', {
          service: service.id,
          ...(wasOwn ? { port, host } : { port: null }),
        });
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
    const stays = client.isOwn || Boolean(values['foreground']);
    // Listened for before anybody can know that it is connected: a Ctrl-C at once has to disconnect too.
    const interrupted = stays && untilInterrupted();
    const result = { service: service.id, name: service.name, address, commands };
    print.result({ ...result, ...(kept && { port: kept }) }, [
      `${service.friendlyName} is connected at ${formatHostPort(address)}`,
      ...keptWords,
      ...table(commands.map(({ label, command }) => [`  ${label}`, command])),
    ]);
    if (!interrupted) return;
    print.note('Press Ctrl-C to disconnect.');
    await Promise.race([interrupted, client.ended]);
    if (!client.isOwn) await client.call('tunnel.close', { service: service.id });
  } finally {
    await client.close();
  }
};

/** null: nothing of her own was asked for. An address alone goes with the port that the service has. */
function ownListen(
  { friendlyName }: Service,
  { port, host }: { port: number | null; host?: string },
  before: PortChoice | null,
): { port: number; host?: string } | null {
  if (port === null && host === undefined) return null;
  const known = port ?? before?.port ?? null;
  if (known !== null) return { port: known, ...(host !== undefined && { host }) };
  throw usage(`${friendlyName} has no port yet: give one with --port too.`);
}

const asCommands = ({ label, lines }: Way): { label: string; command: string }[] =>
  lines.map(({ name, text }) => ({ label: name ? `${label}, ${name}` : label, command: text }));

/** What cannot be listened on is not kept: the next connect would only fail again. */
const isAboutPort = (error: unknown): boolean =>
  error instanceof AppError && isAboutListening(error.code);

/** The port outlives this connection, which nobody would expect who was not told. */
const keeps = ({ name, friendlyName }: Service, choice: PortChoice): string =>
  `${friendlyName} keeps ${portAt(choice)} from now on; banyan override ${name} --reset takes it back.`;

/** It is kept too where the service could not be connected for another reason. */
function withWords(error: unknown, words: readonly string[]): unknown {
  if (!(error instanceof AppError) || words.length === 0) return error;
  const { code, message, details } = error;
  return new AppError(code, [message, ...words].join(' '), {
    cause: error,
    ...(details && { details }),
  });
}
