// banyan env [service] [--shell NAME]
import path from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { databaseProgramsFor } from '../../shared/model/commands.ts';
import { kubeconfigs } from '../../shared/model/program.ts';
import type { Service } from '../../shared/model/service.ts';
import type { LocalAddress } from '../../shared/model/tunnel.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, findService, snapshotOf } from '../context.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';
import { ownShell, SHELL_NAMES, variableLines } from '../shell-variables.ts';

export const env: Command = async ({ home, print, arguments: { positionals, values } }) => {
  const wish = values['shell'] ?? ownShell(process.env, process.platform);
  const shell = SHELL_NAMES.find((name) => name === wish);
  if (!shell) throw usage(`"${String(wish)}" is none of ${SHELL_NAMES.join(', ')}.`);
  const client = await reachClient(home, { readsOnly: true });
  try {
    const [wanted] = positionals;
    const variables = {
      BANYAN_CERTS: home,
      ...(wanted !== undefined && (await variablesOf(client, await findService(client, wanted)))),
    };
    print.result({ shell, variables }, variableLines(shell, variables));
  } finally {
    await client.close();
  }
};

async function variablesOf(
  client: ReachedClient,
  service: Service,
): Promise<Record<string, string>> {
  if (service.type === 'WEB') {
    const why = `${service.friendlyName} is a web service: no variable leads programs to it.`;
    throw new AppError('web/opens-in-browser', why);
  }
  const tunnel = (await snapshotOf(client)).slices.tunnels.states[service.id];
  if (tunnel?.status !== 'open') {
    const why = `${service.friendlyName} is not connected: \`banyan connect ${service.name}\` does that.`;
    throw new AppError('program/not-connected', why);
  }
  const own = ownVariables(service, tunnel.address);
  if (!own) {
    const why = `No variable leads programs to ${service.friendlyName}: it is at ${formatHostPort(tunnel.address)}.`;
    throw new AppError('program/entry-not-allowed', why);
  }
  const programs = await client.call('program.look', {});
  const hasCluster = programs.kubernetes?.entries.some((each) => each.service === service.id);
  if (!hasCluster) return own;
  return { KUBECONFIG: kubeconfigs(programs).join(path.delimiter) };
}

/** What programs for such a service read themselves; null: none does. */
function ownVariables(service: Service, address: LocalAddress): Record<string, string> | null {
  const { host, port } = address;
  if (service.mode === 'CHAIN') return { https_proxy: `http://${formatHostPort(address)}` };
  if (service.type !== 'DATABASE') return null;
  const programs = databaseProgramsFor(service);
  const own = {
    ...(programs.includes('psql') && { PGHOST: host, PGPORT: `${port}` }),
    ...(programs.includes('mysql') && { MYSQL_HOST: host, MYSQL_TCP_PORT: `${port}` }),
  };
  return Object.keys(own).length > 0 ? own : null; // redis-cli reads none
}
