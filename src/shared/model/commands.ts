// What a person types to use a connected service, by type and mode, with the real address filled in.
import type { Service } from './service.ts';
import type { LocalAddress } from './tunnel.ts';

export interface ClientCommand {
  /** Label of the tab it is shown under. */
  label: string;
  /** For a POSIX shell. Built only from values that need no quoting: checked names, numbers, addresses. */
  command: string;
}

const hostPort = ({ host, port }: LocalAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Commands for an open tunnel, the most usual first. */
export function clientCommands(service: Service, address: LocalAddress): ClientCommand[] {
  const at = hostPort(address);
  if (service.mode === 'CHAIN') {
    if (service.type === 'K8S') {
      return [{ label: 'kubectl', command: `https_proxy=http://${at} kubectl get pods` }];
    }
    const target = exampleTarget(service);
    return [
      { label: 'curl', command: `curl --proxytunnel --proxy http://${at} http://${target}/` },
      { label: 'environment', command: `export http_proxy=http://${at} https_proxy=http://${at}` },
    ];
  }
  switch (service.type) {
    case 'SSH':
      return [{ label: 'ssh', command: `ssh -p ${address.port} ${address.host}` }];
    case 'RDP':
      return [{ label: 'address', command: at }];
    case 'DATABASE':
      return [{ label: 'psql', command: `psql --host=${address.host} --port=${address.port}` }];
    default:
      return [
        { label: 'address', command: at },
        { label: 'curl', command: `curl http://${at}/` },
      ];
  }
}

/** A host of the collection to show in an example: the first one that is a whole name. */
function exampleTarget(service: Service): string {
  for (const { hostnames, ports } of service.allowedTargets) {
    const host = hostnames.find((name) => !name.includes('*'));
    if (!host) continue;
    const port = ports[0]?.split('-')[0];
    return port && port !== '80' ? `${host}:${port}` : host;
  }
  return 'host.example.com';
}
