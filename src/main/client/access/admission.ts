// May this service be opened at all? Asked before a port is touched, so that a "no" changes nothing.
import { AppError } from '../../../shared/errors.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { TunnelSpec } from '../../../proxy/index.ts';

export function refuseToOpen(service: Service): AppError | null {
  const { friendlyName: name, access, type, mode, includeDomains } = service;
  if (access.status === 'denied') {
    return new AppError('tunnel/denied', access.reason || `${name} is closed for you.`, {
      details: { refusal: access.code },
    });
  }
  if (type === 'WEB') {
    return new AppError(
      'tunnel/mode-unsupported',
      `${name} is a web service: open it in a browser.`,
    );
  }
  if (mode === 'RDPGATEWAY') {
    return new AppError('tunnel/mode-unsupported', `${name} needs RDP gateway mode.`);
  }
  if (type === 'K8S' && includeDomains.length > 0) {
    return new AppError(
      'tunnel/domains-not-allowed',
      `${name} is a Kubernetes service with "Domains to Proxy" filled in.`,
    );
  }
  return null;
}

export const specFor = (service: Service, port: number | null): TunnelSpec => ({
  id: service.id,
  mode: service.mode === 'CHAIN' ? 'CHAIN' : 'TCP',
  listen: { host: '127.0.0.1', port: port ?? 0 },
  accessTier: service.accessTier,
  serverName: service.domain,
  ca: service.ca,
  includeDomains: service.includeDomains,
});
