// May this service be opened at all? Asked before a port is touched, so that a "no" changes nothing.
import { AppError } from '../../../shared/errors.ts';
import { exhaustive } from '../../../shared/exhaustive.ts';
import { type PortChoice, type Service, whyNotConnectable } from '../../../shared/model/service.ts';
import type { TunnelSpec } from '../../../proxy/index.ts';

export function refuseToOpen(service: Service): AppError | null {
  const { friendlyName: name, access } = service;
  const hindrance = whyNotConnectable(service);
  switch (hindrance) {
    case null:
      return null;
    case 'denied': {
      const { code, reason } = access.status === 'denied' ? access : { code: 'role', reason: '' };
      return new AppError('tunnel/denied', reason || `${name} is closed for you.`, {
        details: { refusal: code },
      });
    }
    case 'web':
      return new AppError(
        'web/opens-in-browser',
        `${name} is a web service: it is opened in a browser, not connected.`,
      );
    case 'rdp-gateway':
      return new AppError(
        'tunnel/mode-unsupported',
        `${name} is set to RDP gateway mode, which Banyan does not speak. Remote desktop works in TCP mode, which your administrator can set.`,
      );
    case 'kubernetes-domains':
      return new AppError(
        'tunnel/domains-not-allowed',
        `${name} is a Kubernetes service with "Domains to Proxy" filled in.`,
      );
    case 'daisy-chain-domains':
      return new AppError(
        'tunnel/domains-not-allowed',
        `${name} is written as HTTP_CONNECT_DAISY_CHAIN with "Domains to Proxy" filled in, and that mode takes none.`,
      );
    default:
      return exhaustive(hindrance);
  }
}

/** What is not the service's own: it holds for every tunnel of this computer. */
export type LocalRules = Pick<TunnelSpec, 'upstreamProxy' | 'localUsers'>;

export const specFor = (
  service: Service,
  { host, port }: Pick<PortChoice, 'host' | 'port'>,
  rules: LocalRules,
): TunnelSpec => ({
  id: service.id,
  mode: service.mode === 'CHAIN' ? 'CHAIN' : 'TCP',
  listen: { host, port: port ?? 0 },
  accessTier: service.accessTier,
  serverName: service.domain,
  ca: service.ca,
  includeDomains: service.includeDomains,
  allowedTargets: service.allowedTargets,
  ...rules,
});
