// Which local port a service gets: the person's own where allowed, else the administrator's, else one chosen once.
import type { PortChoice, Service } from '../../../shared/model/service.ts';
import type { PortsFile } from '../settings/files.ts';

export type SavedPorts = Pick<PortsFile, 'chosen' | 'overrides'>;

export function choosePort(service: Service, saved: SavedPorts): PortChoice {
  const own = saved.overrides[service.id];
  if (own !== undefined && service.allowUserOverride) return { port: own, source: 'override' };
  // Kept for the day when the administrator allows it again.
  const aside = own === undefined ? {} : { setAside: own };
  if (service.assignedPort !== null) {
    return { port: service.assignedPort, source: 'assigned', ...aside };
  }
  return { port: saved.chosen[service.id] ?? null, source: 'chosen', ...aside };
}
