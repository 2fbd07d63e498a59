// banyan services
import type { Snapshot } from '../../shared/ipc/contract.ts';
import { USUAL_HOST } from '../../shared/model/listen-address.ts';
import { connectsByItself, type PortChoice, type Service } from '../../shared/model/service.ts';
import { autoConnectChoicesOf } from '../../shared/model/settings.ts';
import { trafficWords } from '../../shared/model/traffic-words.ts';
import { closed, type Tunnel } from '../../shared/model/tunnel.ts';
import { formatHostPort } from '../../shared/protocol/host-port.ts';
import { type Command, snapshotOf } from '../context.ts';
import { type Print, type Tone, toned, tonedTable } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const services: Command = async ({ home, print, arguments: { values } }) => {
  const client = await reachClient(home, { readsOnly: true });
  try {
    if (values['names']) return printNames(await snapshotOf(client), print);
    await client.call('catalog.refresh', {});
    const snapshot = await snapshotOf(client);
    const listed = entries(snapshot).filter(({ service }) => isMeant(service, values['search']));
    const auto = autoConnectOf(snapshot);
    const rows = listed.map(({ service, port, tunnel }) => [
      service.name,
      service.friendlyName,
      service.type,
      service.mode,
      port?.port ? `${portCell(port)} (${port.source})` : '-',
      auto(service) ? 'auto' : '',
      service.access.status === 'denied'
        ? toned(`denied: ${service.access.reason}`, 'bad')
        : toned(tunnelWords(tunnel), TONES[tunnel.status]),
    ]);
    print.result(
      {
        services: listed.map(({ service, port, tunnel }) => ({
          ...service,
          port,
          tunnel,
          connectsByItself: auto(service),
        })),
      },
      rows.length > 0
        ? tonedTable([HEADINGS.map((text) => toned(text, 'faint')), ...rows])
        : [values['search'] ? 'No service is like that.' : 'There are no services for you.'],
    );
  } finally {
    await client.close();
  }
};

const HEADINGS = ['NAME', 'TITLE', 'TYPE', 'MODE', 'PORT', 'AUTO', 'STATE'];
const TONES: Record<Tunnel['status'], Tone> = {
  open: 'good',
  opening: 'good',
  closing: 'faint',
  closed: 'faint',
  failed: 'bad',
};

/** For completion, which must not wait. */
function printNames({ slices: { catalog } }: Snapshot, print: Print): void {
  const names = catalog.services.map(({ name }) => name);
  print.result({ names }, names);
}

function isMeant({ name, friendlyName, type }: Service, search: unknown): boolean {
  if (typeof search !== 'string') return true;
  const wanted = search.toLowerCase();
  return [name, friendlyName, type].some((text) => text.toLowerCase().includes(wanted));
}

/** Whether it connects after a sign-in, as things are now. */
function autoConnectOf({ slices: { device, settings } }: Snapshot): (service: Service) => boolean {
  const { autoConnect, ownAutoConnect } = settings.values;
  const own = autoConnectChoicesOf(device, ownAutoConnect);
  return (service) => autoConnect && connectsByItself(service, own);
}

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
