// What a person types to use a connected service, by type and mode, with the real address filled in.
import { formatHostPort } from '../protocol/host-port.ts';
import type { Service } from './service.ts';
import type { LocalAddress } from './tunnel.ts';

export interface ClientCommand {
  /** Label of the tab it is shown under. */
  label: string;
  /** For a POSIX shell. Built only from values that need no quoting: checked names, numbers, addresses. */
  command: string;
}

/** Commands for an open tunnel, the most usual first. */
export function clientCommands(service: Service, address: LocalAddress): ClientCommand[] {
  const at = formatHostPort(address);
  if (service.mode === 'CHAIN') {
    if (service.type === 'K8S') {
      return [{ label: 'kubectl', command: `https_proxy=http://${at} kubectl get pods` }];
    }
    const target = webTarget(service);
    return [
      { label: 'HTTP proxy', command: at },
      ...(target
        ? [{ label: 'curl', command: `curl --proxytunnel --proxy http://${at} http://${target}/` }]
        : []),
      // For one program, not exported: everything else of the shell would go through the collection and be refused. Not
      // http_proxy: programs then send whole requests, and this port only tunnels.
      { label: 'Environment', command: `https_proxy=http://${at} PROGRAM` },
    ];
  }
  switch (service.type) {
    case 'SSH':
      return [{ label: 'ssh', command: `ssh -p ${address.port} ${address.host}` }];
    case 'RDP':
      return [
        { label: 'Windows', command: `mstsc /v:${at}` },
        { label: 'Linux', command: `xfreerdp /v:${at}` },
      ];
    case 'DATABASE':
      return [{ label: 'psql', command: `psql --host=${address.host} --port=${address.port}` }];
    default:
      return [{ label: 'If it is HTTP', command: `curl http://${at}/` }];
  }
}

/** Ports that no web server has: an example with curl would only confuse. */
const NOT_WEB = new Set([22, 23, 25, 3306, 3389, 5432, 5900, 5901, 6379]);

/** A host of the collection that curl could ask, the first one that is a whole name; null when none is. */
function webTarget(service: Service): string | null {
  if (service.allowedTargets.length === 0) return 'host.example.com';
  for (const { hostnames, ports } of service.allowedTargets) {
    const host = hostnames.find((name) => !name.includes('*'));
    const first = ports
      .map((range) => Number(range.split('-')[0]))
      .find((port) => !NOT_WEB.has(port));
    if (!host || (ports.length > 0 && first === undefined)) continue;
    return first === undefined || first === 80 ? host : `${host}:${first}`;
  }
  return null;
}
