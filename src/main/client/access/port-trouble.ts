// What is wrong with a local port, in words: who has it, and which one is free for those who may take another.
import { AppError } from '../../../shared/errors.ts';
import { canOverride, type Service } from '../../../shared/model/service.ts';
import { findFreePort, portHolder } from '../adapters/port-holder.ts';
import type { State } from '../state.ts';

export async function portInUse(
  slices: State['slices'],
  service: Service,
  port: number,
  cause?: unknown,
): Promise<AppError> {
  const mayChoose = canOverride(service);
  const [holder, suggestedPort] = await Promise.all([
    ownHolder(slices, port) ?? portHolder(port),
    mayChoose ? findFreePort() : null,
  ]);
  const assigned =
    mayChoose || service.assignedPort !== port ? '' : ', assigned by your administrator,';
  return new AppError(
    'tunnel/port-in-use',
    `Port ${port}${assigned} is in use by ${holder ?? 'another program'}.`,
    {
      cause,
      details: {
        port,
        mayChoose,
        ...(holder && { holder }),
        ...(suggestedPort !== null && { suggestedPort }),
      },
    },
  );
}

/** "node (4711)" would be true and of no help: it is one of ours. */
function ownHolder({ tunnels, catalog }: State['slices'], port: number): string | null {
  const found = Object.entries(tunnels.states).find(
    ([, { status, ...rest }]) =>
      status === 'open' && 'address' in rest && rest.address.port === port,
  );
  if (!found) return null;
  const service = catalog.services.find(({ id }) => id === found[0]);
  return `Banyan, for ${service?.friendlyName ?? found[0]}`;
}
