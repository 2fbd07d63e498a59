// banyan services
import type { Snapshot } from '../../shared/ipc/contract.ts';
import { USUAL_HOST } from '../../shared/model/listen-address.ts';
import type { PortChoice, Service } from '../../shared/model/service.ts';
import { trafficWords } from '../../shared/model/traffic-words.ts';
import { closed, type Tunnel } from '../../shared/model/tunnel.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { type Command, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const services: Command = async ({ home, print }) => {
  const client = await reachClient(home);
  try {
    await client.call('catalog.refresh', {});
    const listed = entries(await snapshotOf(client));
    const rows = listed.map(({ service, port, tunnel }) => [
      service.name,
      service.friendlyName,
      service.type,
      service.mode,
      port?.port ? `${portCell(port)} (${port.source})` : '-',
      service.access.status === 'denied' ? `denied: ${service.access.reason}` : tunnelWords(tunnel),
    ]);
    print.result(
      {
        services: listed.map(({ service, port, tunnel }) => ({ ...service, port, tunnel })),
      },
      rows.length > 0
        ? table([['NAME', 'TITLE', 'TYPE', 'MODE', 'PORT', 'STATE'], ...rows])
        : ['There are no services for you.'],
    );
  } finally {
    await client.close();
  }
};

const portCell = ({ host, port }: PortChoice): string =>
  host === USUAL_HOST || port === null ? String(port) : formatHostPort({ host, port });

interface Entry {
  service: Service;
  port: PortChoice | null;
  tunnel: Tunnel;
}

const entries = ({ slices: { catalog, tunnels } }: Snapshot): Entry[] =>
  catalog.services.map((service) => ({
    service,
    port: tunnels.ports[service.id] ?? null,
    tunnel: tunnels.states[service.id] ?? closed,
  }));

export function tunnelWords(tunnel: Tunnel): string {
  switch (tunnel.status) {
    case 'open': {
      const { trouble, waiting, traffic, lastRefusal } = tunnel;
      const state = trouble ? 'reconnecting' : waiting ? 'waiting for sign-in' : 'connected';
      return [
        `${state} at ${formatHostPort(tunnel.address)}${trouble ? ` (${trouble.message})` : ''}`,
        ...(traffic ? [trafficWords(traffic)] : []),
        ...(lastRefusal ? [`last refusal: ${lastRefusal.error.message}`] : []),
      ].join(', ');
    }
    case 'failed':
      return `failed: ${tunnel.error.message} [${tunnel.error.code}]`;
    case 'opening':
      return 'connecting';
    case 'closing':
      return 'disconnecting';
    default:
      return 'not connected';
  }
}
