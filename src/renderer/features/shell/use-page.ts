// Which page is shown: the one that was chosen, as long as the organisation lets it be.
import { showsServices } from '../../../shared/model/managed.ts';
import type { Page } from '../../stores/view.ts';
import { useTruth, useView } from '../../window-context.tsx';

export function usePage(): Page {
  const chosen = useView((view) => view.page);
  const hasServices = useTruth(({ slices }) => showsServices(slices.managed));
  return chosen === 'services' && !hasServices ? 'device' : chosen;
}
