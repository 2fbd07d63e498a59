// Which local port a service gets: the person's own where allowed, else the administrator's, else one chosen once.
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import type { PortChoice, Service } from '../../../shared/model/service.ts';
import type { LocalAddress } from '../../../shared/model/tunnel.ts';
import type { PortsFile } from '../settings/files.ts';

export type SavedPorts = Omit<PortsFile, 'version'>;

export function choosePort(service: Service, saved: SavedPorts): PortChoice {
  const own = ownListen(service.id, saved);
  if (own && service.allowUserOverride) return { ...own, source: 'override' };
  // Kept for the day when the administrator allows it again.
  const aside = own ? { setAside: own } : {};
  if (service.assignedPort !== null) {
    return { host: USUAL_HOST, port: service.assignedPort, source: 'assigned', ...aside };
  }
  const port = saved.chosen[service.id] ?? null;
  return { host: USUAL_HOST, port, source: 'chosen', ...aside };
}

function ownListen(id: string, { overrides, hosts }: SavedPorts): LocalAddress | null {
  const port = overrides[id];
  return port === undefined ? null : { host: hosts[id] ?? USUAL_HOST, port };
}
