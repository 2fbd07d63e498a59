// The services of the active organisation that the person has starred.
import { useMemo } from 'react';
import { useTruth } from '../../window-context.tsx';

export function useFavourites(): ReadonlySet<string> {
  const favourites = useTruth(({ slices: { device, settings } }) =>
    device.status === 'registered' ? settings.values.favourites[device.organisation.id] : undefined,
  );
  return useMemo(() => new Set(favourites), [favourites]);
}
