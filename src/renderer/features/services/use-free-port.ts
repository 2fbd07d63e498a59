// The port that was found free where the service's own was taken: one press uses it, and connects.
import { remedy, type WireError } from '../../../shared/errors.ts';
import { type CallState, useCall } from '../../window-context.tsx';

export function freePortOf(error: WireError): number | null {
  const free = error.details?.['suggestedPort'];
  return remedy(error).action === 'choose-port' && typeof free === 'number' ? free : null;
}

export function useFreePort(
  service: string,
  connect: () => void,
): Pick<CallState<'tunnel.override'>, 'error'> & { take: (port: number) => void } {
  const override = useCall('tunnel.override');
  return {
    error: override.error,
    take: (port) => void override.run({ service, port }).then((taken) => taken && connect()),
  };
}
