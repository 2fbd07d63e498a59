// How a service is used: what to copy, ready to be pasted, and what can be set up for it on this computer.
import { waysToUse } from '../../../shared/model/commands.ts';
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import { shellOf } from '../../../shared/model/quoting.ts';
import { kubeconfigs } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { LocalAddress, Tunnel } from '../../../shared/model/tunnel.ts';
import { waysText } from '../../text/ways.ts';
import { useTruth } from '../../window-context.tsx';
import { Entries } from './use-it/Entries.tsx';
import { Launch } from './use-it/Launch.tsx';
import { RemoteDesktop } from './use-it/RemoteDesktop.tsx';
import { usePrograms } from './use-it/use-programs.ts';
import { WayTabs } from './use-it/WayTabs.tsx';

export function UseIt({ service, tunnel }: { service: Service; tunnel: Tunnel }) {
  const { platform, certificatesFolder } = useTruth(({ app }) => app);
  const shell = shellOf(platform);
  const address = useAddress(service, tunnel);
  const programs = usePrograms(service);
  const sshEntry = programs.ssh?.entries.find((each) => each.service === service.id)?.name;
  const isSshEntry = sshEntry !== undefined;
  const cluster = programs.kubernetes?.entries.find((each) => each.service === service.id);
  const ways = waysToUse(service, address, {
    shell,
    certificatesFolder,
    sshEntry: isSshEntry,
    ...(cluster && { cluster: { files: kubeconfigs(programs), context: cluster.name } }),
  });
  const forPowerShell = ways.length > 0 && shell === 'powershell';
  const isReady = tunnel.status === 'open' || isSshEntry;
  return (
    <>
      {!isReady && <p className="sub">{waysText.closed(ways.length > 0)}</p>}
      {ways.length > 0 && (
        // Other ways start with the first of them.
        <WayTabs key={ways.map(({ label }) => label).join()} ways={ways} isReady={isReady} />
      )}
      {forPowerShell && <p className="sub">{waysText.forPowerShell}</p>}
      {service.type === 'RDP' && address && <RemoteDesktop service={service} isReady={isReady} />}
      <Launch service={service} programs={programs} sshEntry={sshEntry} isReady={isReady} />
      <Entries service={service} programs={programs} />
    </>
  );
}

/** Where it is, or will be; null until a port has been chosen. */
function useAddress(service: Service, tunnel: Tunnel): LocalAddress | null {
  const choice = useTruth(({ slices }) => slices.tunnels.ports[service.id]);
  if (tunnel.status === 'open') return tunnel.address;
  const port = choice?.port ?? service.assignedPort;
  return port === null ? null : { host: choice?.host ?? USUAL_HOST, port };
}
