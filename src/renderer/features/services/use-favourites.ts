// The services of the active organisation that the person has starred.
import { useMemo } from 'react';
import { favouritesOf } from '../../../shared/model/settings.ts';
import { useTruth } from '../../window-context.tsx';

export function useFavourites(): ReadonlySet<string> {
  const favourites = useTruth(({ slices: { device, settings } }) => favouritesOf(device, settings));
  return useMemo(() => new Set(favourites), [favourites]);
}
