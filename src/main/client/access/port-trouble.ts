// What is wrong with a local port, in words: who has it, and which one is free for those who may take another.
import { AppError } from '../../../shared/errors.ts';
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import { canOverride, type Service } from '../../../shared/model/service.ts';
import type { LocalAddress } from '../../../shared/model/tunnel.ts';
import { findFreePort, portHolder } from '../adapters/port-holder.ts';
import type { State } from '../state.ts';

export async function portInUse(
  slices: State['slices'],
  service: Service,
  listen: LocalAddress,
  cause?: unknown,
): Promise<AppError> {
  const mayChoose = canOverride(service);
  const { host, port } = listen;
  const [holder, suggestedPort] = await Promise.all([
    ownHolder(slices, listen) ?? portHolder(listen),
    mayChoose ? findFreePort(host) : null,
  ]);
  const assigned =
    mayChoose || service.assignedPort !== port ? '' : ', assigned by your administrator,';
  return new AppError(
    'tunnel/port-in-use',
    `Port ${port}${host === USUAL_HOST ? '' : ` at ${host}`}${assigned} is in use by ${holder ?? 'another program'}.`,
    {
      cause,
      details: {
        port,
        ...(host !== USUAL_HOST && { address: host }),
        mayChoose,
        ...(holder && { holder }),
        ...(suggestedPort !== null && { suggestedPort }),
      },
    },
  );
}

/** "node (4711)" would be true and of no help: it is one of ours. */
function ownHolder(
  { tunnels, catalog }: State['slices'],
  { host, port }: LocalAddress,
): string | null {
  const found = Object.entries(tunnels.states).find(
    ([, tunnel]) =>
      tunnel.status === 'open' && tunnel.address.port === port && tunnel.address.host === host,
  );
  if (!found) return null;
  const service = catalog.services.find(({ id }) => id === found[0]);
  return `Banyan, for ${service?.friendlyName ?? found[0]}`;
}

export function refuseAddress(host: string): AppError {
  return new AppError(
    'tunnel/address-not-loopback',
    `${host} is not an address of this computer alone: anybody in the network could use the service with your rights.`,
    { details: { address: host } },
  );
}

export const portNotAllowed = (port: number): AppError =>
  new AppError(
    'tunnel/listen-failed',
    `Port ${port} may only be opened by an administrator of this computer.`,
  );

export const addressMissing = (host: string, cause?: unknown): AppError =>
  new AppError('tunnel/address-not-available', `This computer has no address ${host}.`, {
    cause,
    details: { address: host },
  });
